/** Each call that the site builds, in words: every argument under its own label, from the bytes. */
import {
  AccountAddress,
  ChainId,
  generateTransactionPayloadWithABI,
  type InputEntryFunctionData,
  RawTransaction,
} from "@aptos-labs/ts-sdk";
import { createPayloads } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { describeTransaction } from "./describe-transaction.ts";

const PACKAGE = `0x${"c0".repeat(32)}`;
const JOB = `0x${"51".repeat(32)}`;
const asset = { symbol: "MOVE", decimals: 8 };
const payloads = createPayloads(PACKAGE);

function told(payload: InputEntryFunctionData) {
  if (!payload.abi) throw new Error("built without its ABI");
  const built = generateTransactionPayloadWithABI({ ...payload, abi: payload.abi });
  const raw = new RawTransaction(AccountAddress.from("0x2"), 0n, built, 1n, 1n, 1n, new ChainId(77));
  return describeTransaction(raw, { packageAddress: PACKAGE, asset });
}
const values = (payload: InputEntryFunctionData) =>
  Object.fromEntries(told(payload).lines.map((l) => [l.label, l.value]));

const order = {
  image: "img",
  spec: "{}",
  gpus: 2n,
  maxDurationSecs: 60n,
  maxRatePerHour: 150_000_000n,
  deposit: 2_500_000n,
  holdbackSecs: 30n,
};
const usage = {
  job: JOB,
  seq: 3n,
  secondsCum: 4n,
  tLast: 5n,
  logRoot: `0x${"11".repeat(32)}`,
  signature: `0x${"22".repeat(64)}`,
};
const openJob = payloads.createOpenJob({
  ...order,
  asset: "0xa",
  requirements: { gpuModel: "H200", vramGb: 80n, cpuCores: 8n, ramGb: 16n, minStake: 300_000_000n },
});
const machine = payloads.registerProvider({
  operator: "0x3",
  attestKey: `0x${"ab".repeat(32)}`,
  name: "rack",
  gpuModel: "H200",
  gpuCount: 2n,
  vramGb: 141n,
  cpuCores: 16n,
  ramGb: 128n,
  diskGb: 500n,
  region: "eu",
  sandbox: "docker",
  devices: [`0x${"01".repeat(32)}`, `0x${"02".repeat(32)}`],
  slots: 4n,
  pricePerHour: 100_000_000n,
  gpuPricePerHour: 900_000_000n,
  asset: "0xa",
  stake: 200_000_000n,
});

describe("describeTransaction", () => {
  it.each([
    ["create_job", payloads.createJob({ ...order, provider: "0x9" })],
    ["create_open_job", openJob],
    ["cancel", payloads.cancel(JOB)],
    ["terminate", payloads.terminate(JOB, usage)],
    ["terminate without a proof", payloads.terminate(JOB, null)],
    ["extend", payloads.extend(JOB, 30n, 1_250_000n)],
    ["confirm", payloads.confirm(JOB)],
    ["finalize", payloads.finalize(JOB)],
    ["challenge_output", payloads.challengeOutput(JOB, 7n)],
    ["open_arbitration", payloads.openArbitration(JOB, "It is empty.")],
    ["resolve", payloads.resolve(JOB)],
    ["register", machine],
  ])("names every argument of %s once", (_, payload) => {
    const { title, lines } = told(payload);
    expect(title).not.toMatch(/^Call /);
    const labels = lines.map((l) => l.label);
    expect(labels.filter((l) => l.startsWith("Argument"))).toEqual([]);
    expect(new Set(labels).size).toBe(labels.length);
  });

  it("tells an open order's requirements and what it locks", () => {
    expect(values(openJob)).toMatchObject({
      "GPU model": "H200",
      GPUs: "2",
      "GPU memory (GB), at least": "80",
      "Cores, at least": "8",
      "Memory (GB), at least": "16",
      "Disk (GB), at least": "0",
      Region: "—",
      "Machine's stake, at least": "3 MOVE",
      "Longest run": "1 min 00 s",
      "Highest price per hour": "1.5 MOVE",
      "Locked in escrow": "0.025 MOVE",
      "Held back until you confirm": "30 s",
    });
    expect(told(openJob).lines[0]).toMatchObject({ label: "Locked in escrow", strong: true });
  });

  it("tells an extension's time and money apart", () => {
    expect(values(payloads.extend(JOB, 30n, 1_250_000n))).toMatchObject({
      "Longer by": "30 s",
      "Added to the escrow": "0.0125 MOVE",
    });
  });

  it("tells a machine's two prices, its stake and how many of its GPUs it commits to", () => {
    expect(values(machine)).toMatchObject({
      "GPU commitments": "2",
      Slots: "4",
      "Price per hour": "1 MOVE",
      "Added for each GPU": "9 MOVE",
      Stake: "2 MOVE",
    });
  });

  it("says what follows where no argument tells", () => {
    expect(values(payloads.confirm(JOB))["What happens"]).toMatch(/can't be taken back/);
    expect(values(payloads.challengeOutput(JOB, 7n))).toMatchObject({ "Piece of the output": "7" });
    expect(values(payloads.openArbitration(JOB, "It is empty."))).toMatchObject({
      "Your reason, public": "It is empty.",
    });
  });
});
