/** What a job can do beside running to its end, through the client against a real devnet with the real modules. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countersign, signUsage } from "../src/attestation.ts";
import type { OutputArgs } from "../src/client/index.ts";
import { deviceCommitment } from "../src/devices.ts";
import { caseKindName, faultName } from "../src/dispute.ts";
import { OUTPUT_CHUNK_BYTES, outputProof, outputRoot, outputSha256 } from "../src/output.ts";
import { NO_ADDRESS, toHex } from "../src/primitives.ts";
import { termsHash } from "../src/terms.ts";
import {
  addressOf,
  event,
  NO_OUTPUT,
  RATE_PER_HOUR,
  RATE_PER_SEC,
  refusal,
  startWorld,
  type World,
} from "./world.ts";

let world: World;
let client: World["client"];
let provider: string;
let owner: World["owner"];
let operator: World["operator"];
let buyer: World["buyer"];

const BUYER_SEED = new Uint8Array(32).fill(7);
const BUYER_KEY = toHex(ed25519.getPublicKey(BUYER_SEED));

beforeAll(async () => {
  world = await startWorld();
  ({ client, provider, owner, operator, buyer } = world);
});

afterAll(() => world?.close());

/** The provider's word that `secs` seconds have run, once they have passed. */
async function proofOf(job: string, startedAt: bigint, secs: bigint, seq = secs) {
  await world.chainReaches(startedAt + secs);
  return world.usageOf({ job, seq, secondsCum: secs, tLast: startedAt + secs });
}

async function registerMachine(): Promise<string> {
  const devices = ["GPU-a", "GPU-b"].map((uuid) => deviceCommitment(addressOf(owner), uuid, "salt"));
  return world.register({ devices });
}

describe("a job with GPUs", () => {
  it("takes those of its mask, at their price, and gives them back", async () => {
    const machine = await registerMachine();
    // 1_000_000 a second and as much again for the GPU.
    const gpuRate = 2n * RATE_PER_HOUR;
    const { job } = await world.startedJob({
      provider: machine,
      gpus: 1n,
      maxRatePerHour: gpuRate,
      deposit: 120_000_000n,
    });
    const [first] = (await client.getProvider(machine))?.devices ?? [];
    expect(await client.getJob(job)).toMatchObject({
      gpus: 1n,
      gpuMask: 0b01n,
      devices: [first],
      ratePerHour: 7_200_000_000n,
    });
    expect(await client.getProvider(machine)).toMatchObject({ slotsBusy: 1n, gpusBusyMask: 0b01n });
    expect(await client.activeJobs(machine)).toEqual([job]);

    const second = await world.createJob({
      provider: machine,
      gpus: 1n,
      maxRatePerHour: gpuRate,
      deposit: 120_000_000n,
    });
    const taken = client.payloads.accept(machine, second.job, 0b01n);
    expect(await refusal(client.execute(operator, taken))).toMatchObject({ code: "E_GPU_BUSY" });

    await client.execute(operator, client.payloads.fail(job, "no", NO_OUTPUT, null));
    expect(await client.getProvider(machine)).toMatchObject({ slotsBusy: 0n, gpusBusyMask: 0n });
    expect(await client.activeJobs(machine)).toEqual([]);
  });
});

describe("an open job", () => {
  const order = () => ({
    asset: world.chain.deployment.asset.address,
    image: "busybox@sha256:0",
    maxDurationSecs: 60n,
    maxRatePerHour: RATE_PER_HOUR + 360_000n,
    deposit: 60_006_000n,
    holdbackSecs: 5n,
    priority: 9,
    buyerKey: BUYER_KEY,
  });

  it("is taken by a provider that fits, at its price", async () => {
    const created = await client.execute(
      buyer,
      client.payloads.createOpenJob({
        ...order(),
        spec: "{}",
        requirements: { gpuModel: "RTX 4090", ramGb: 32n, minStake: 1n },
      }),
    );
    const { job, ...data } = event(created, "JobCreated").data;
    expect(data).toMatchObject({
      provider: NO_ADDRESS,
      is_open: true,
      terms_hash: "0x",
      ram_gb: 32n,
      rate_per_hour: 3_600_360_000n,
      priority: 9,
      spec: "{}",
    });
    expect(await client.getJob(job)).toMatchObject({
      isOpen: true,
      provider: NO_ADDRESS,
      termsHash: "0x",
      buyerKey: BUYER_KEY,
      requirements: { gpuModel: "RTX 4090", ramGb: 32n, minStake: 1n, region: "" },
    });

    const accepted = await client.execute(operator, client.payloads.accept(provider, job, 0n));
    const view = await client.getJob(job);
    if (!view) throw new Error("no job");
    expect(view).toMatchObject({ isOpen: true, provider, ratePerHour: 3_600_000_000n });
    expect(termsHash(job, view)).toBe(view.termsHash);
    expect(event(accepted, "JobAccepted").data).toMatchObject({
      provider,
      rate_per_hour: 3_600_000_000n,
      terms_hash: view.termsHash,
      gpu_mask: 0n,
    });
  });

  it("isn't taken by one that doesn't", async () => {
    const created = await client.execute(
      buyer,
      client.payloads.createOpenJobs({ ...order(), specs: ["1", "2"], requirements: { ramGb: 65n } }),
    );
    const jobs = created.events.flatMap((e) => (e.name === "JobCreated" ? [e.data.job] : []));
    expect(jobs).toHaveLength(2);
    expect((await client.getJobs(jobs)).map((job) => job.spec)).toEqual(["1", "2"]);
    const misfit = client.payloads.accept(provider, jobs[0] as string, 0n);
    expect(await refusal(client.execute(operator, misfit))).toMatchObject({ code: "E_REQUIREMENTS_NOT_MET" });
  });
});

describe("a batch", () => {
  it("makes a job for each spec", async () => {
    const created = await client.execute(
      buyer,
      client.payloads.createJobs({
        provider,
        image: "busybox@sha256:0",
        specs: ["a", "b", "c"],
        maxDurationSecs: 10n,
        maxRatePerHour: RATE_PER_HOUR,
        deposit: 10_000_000n,
      }),
    );
    const jobs = created.events.flatMap((e) => (e.name === "JobCreated" ? [e.data] : []));
    expect(jobs.map(({ spec, deposit, priority }) => ({ spec, deposit, priority }))).toEqual(
      ["a", "b", "c"].map((spec) => ({ spec, deposit: 10_000_000n, priority: 5 })),
    );
  });
});

describe("a running job", () => {
  it("is extended by its buyer", async () => {
    const { job } = await world.startedJob({ deposit: 60_000_000n });
    const extended = await client.execute(buyer, client.payloads.extend(job, 30n, 30_000_000n));
    expect(event(extended, "StreamExtended").data).toMatchObject({
      max_duration_secs: 90n,
      deposited: 90_000_000n,
      funded_secs: 90n,
      balance: 90_000_000n,
    });
    expect(await client.getStream(job)).toMatchObject({ maxDurationSecs: 90n, fundedSecs: 90n });
    expect(await refusal(client.execute(buyer, client.payloads.extend(job, 30n, 0n)))).toMatchObject({
      code: "E_DEPOSIT_TOO_LOW",
      module: "job_terms",
    });
  });

  it("changes its rate in the other side's favour", async () => {
    const { job } = await world.startedJob({ deposit: 60_000_000n });
    const raise = client.payloads.changeRate(job, 2n * RATE_PER_HOUR);
    expect(await refusal(client.execute(buyer, raise))).toMatchObject({
      code: "E_RATE_NOT_FUNDED",
      module: "payment_stream",
    });
    // 60 s at 2_000_000 a second.
    await client.execute(buyer, client.payloads.extend(job, 0n, 60_000_000n));
    const raised = await client.execute(buyer, raise);
    expect(event(raised, "StreamRateChanged").data).toMatchObject({
      rate_per_hour: 7_200_000_000n,
      changed_by: addressOf(buyer),
      seconds_billed: 0n,
      funded_secs: 60n,
    });
    const lowered = await client.execute(owner, client.payloads.changeRate(job, RATE_PER_HOUR));
    expect(event(lowered, "StreamRateChanged").data.funded_secs).toBe(60n);
    expect(
      await refusal(client.execute(owner, client.payloads.changeRate(job, RATE_PER_HOUR))),
    ).toMatchObject({ code: "E_RATE_DIRECTION" });
  });
});

describe("money held back", () => {
  it("waits for the buyer's countersignature, and then for its word", async () => {
    const { job, startedAt } = await world.startedJob({ holdbackSecs: 60n, buyerKey: BUYER_KEY });
    const two = await proofOf(job, startedAt, 2n);
    expect(await client.quoteSettlement(job, 2n, startedAt + 2n)).toEqual({ amount: 0n, fee: 0n });
    const settled = await client.execute(
      buyer,
      client.payloads.processPayment({ ...world.sign(two), countersignature: countersign(two, BUYER_SEED) }),
    );
    expect(event(settled, "StreamSettled").data).toMatchObject({
      seconds_confirmed: 2n,
      amount: 2_000_000n,
      keeper_fee: 2_000n,
    });

    const three = await proofOf(job, startedAt, 3n);
    const completed = await client.execute(
      operator,
      client.payloads.complete(job, NO_OUTPUT, world.sign(three)),
    );
    const { claim_until, challenge_until, timestamp } = event(completed, "JobCompleted").data;
    expect({ claim_until, challenge_until }).toEqual({
      claim_until: timestamp,
      challenge_until: timestamp + 3_600n,
    });
    expect(event(completed, "StreamSealed").data).toMatchObject({
      seconds_billed: 3n,
      unreleased: 1_000_000n,
    });
    expect(await client.getJob(job)).toMatchObject({ state: "Completed", outcome: null });
    expect(await client.getStream(job)).toMatchObject({
      earned: 3_000_000n,
      paid: 2_000_000n,
      secondsConfirmed: 2n,
      balance: 1_000_000n,
      sealed: true,
      closed: false,
    });
    expect(await refusal(client.execute(buyer, client.payloads.finalize(job)))).toMatchObject({
      code: "E_CHALLENGE_WINDOW_OPEN",
      module: "job",
    });

    const confirmed = await client.execute(buyer, client.payloads.confirm(job));
    // 3_000_000 gross, 30_000 fee, the rest of 60_000_005 came back.
    expect(event(confirmed, "JobSettled").data).toMatchObject({
      outcome: 3,
      paid: 2_970_000n,
      fees: 30_000n,
      refunded: 57_000_005n,
    });
  });

  it("is valued by the stream's own numbers, also after its rate has changed", async () => {
    const { job, startedAt } = await world.startedJob({ holdbackSecs: 2n, deposit: 60_000_000n });
    await client.execute(
      buyer,
      client.payloads.processPayment(world.sign(await proofOf(job, startedAt, 3n))),
    );
    await client.execute(owner, client.payloads.changeRate(job, RATE_PER_HOUR / 2n));
    const stream = await client.getStream(job);
    // 3 s at 3_600_000_000; the last two are held at that rate still, though the next ones cost half.
    expect(stream).toMatchObject({
      acc: 10_800_000_000n,
      earned: 3_000_000n,
      paid: 1_000_000n,
      ratePerHour: 1_800_000_000n,
      heldRatePerHour: 3_600_000_000n,
      proveUntil: 0n,
    });
  });

  it("of a job that expired waits for the buyer too", async () => {
    const { job, startedAt } = await world.startedJob({ holdbackSecs: 60n });
    const counted = await client.execute(
      buyer,
      client.payloads.processPayment(world.sign(await proofOf(job, startedAt, 2n))),
    );
    // Progress that pays nothing yet is told all the same.
    expect(event(counted, "StreamSettled").data).toMatchObject({ amount: 0n, seconds_billed: 2n });
    await world.chain.passSecs(60);
    const flagged = await client.execute(buyer, client.payloads.flagStalled(job));
    expect(event(flagged, "StreamStalled").data).toMatchObject({ job, flagged_by: addressOf(buyer) });
    await world.chain.passSecs(60);
    const expired = await client.execute(buyer, client.payloads.expire(job));
    const { claim_until, challenge_until, timestamp } = event(expired, "JobExpired").data;
    expect({ claim_until, challenge_until }).toEqual({
      claim_until: timestamp,
      challenge_until: timestamp + 3_600n,
    });
    expect(await client.getJob(job)).toMatchObject({ state: "Expired", outcome: null });
    expect(await client.getStream(job)).toMatchObject({
      proveUntil: timestamp,
      sealed: true,
      balance: 2_000_000n,
    });
    expect(await refusal(client.execute(operator, client.payloads.finalize(job)))).toMatchObject({
      code: "E_CHALLENGE_WINDOW_OPEN",
    });
    await world.chain.passSecs(3_600);
    const settled = await client.execute(operator, client.payloads.finalize(job));
    expect(event(settled, "JobSettled").data).toMatchObject({
      outcome: 7,
      paid: 1_980_000n,
      fees: 20_000n,
      refunded: 58_000_005n,
    });
  });

  it("isn't confirmed by a stranger's countersignature, which spoils its payment", async () => {
    const { job, startedAt } = await world.startedJob({ holdbackSecs: 60n, buyerKey: BUYER_KEY });
    const one = await proofOf(job, startedAt, 1n);
    const forged = { ...world.sign(one), countersignature: countersign(one, new Uint8Array(32).fill(8)) };
    expect(await refusal(client.execute(buyer, client.payloads.processPayment(forged)))).toMatchObject({
      code: "E_BAD_COUNTERSIGNATURE",
      module: "attestation",
    });
    const skipped = await client.execute(buyer, client.payloads.processPayments([forged]));
    expect(event(skipped, "SettlementSkipped").data).toMatchObject({ job, code: 109n });
  });
});

describe("an attestation that comes at the wrong time", () => {
  it("is refused by name while its time is more than half a minute ahead of the chain's", async () => {
    const { job, startedAt } = await world.startedJob();
    const soon = world.sign(await world.usageOf({ job, seq: 1n, secondsCum: 1n, tLast: startedAt + 100n }));
    await world.chainReaches(startedAt + 1n);
    expect(await refusal(client.execute(buyer, client.payloads.processPayment(soon)))).toMatchObject({
      code: "E_AHEAD_OF_TIME",
      module: "attestation",
    });
    await world.chain.passSecs(70);
    const paid = await client.execute(buyer, client.payloads.processPayment(soon));
    expect(event(paid, "StreamSettled").data).toMatchObject({ seconds_billed: 1n, amount: 1_000_000n });
  });

  it("doesn't count any more once the claim window is over", async () => {
    const { job, startedAt } = await world.startedJob();
    const two = world.sign(await proofOf(job, startedAt, 2n));
    await client.execute(buyer, client.payloads.terminate(job, null));
    const { proveUntil, endedAt } = (await client.getStream(job)) ?? {};
    expect(proveUntil).toBe((endedAt ?? 0n) + 15n);
    await world.chain.passSecs(15);
    expect(await refusal(client.execute(buyer, client.payloads.processPayment(two)))).toMatchObject({
      code: "E_STREAM_CLOSED",
      module: "payment_stream",
    });
  });
});

describe("an output", () => {
  /** Two chunks, the second of three bytes. */
  const pack = new Uint8Array(OUTPUT_CHUNK_BYTES + 3).map((_, i) => i % 251);
  const output: OutputArgs = {
    exitCode: 0n,
    outputUris: ["ipfs://x"],
    outputSha256: toHex(outputSha256(pack)),
    outputRoot: toHex(outputRoot(pack)),
    outputSize: BigInt(pack.length),
  };

  async function completedJob(): Promise<string> {
    const { job, startedAt } = await world.startedJob({ holdbackSecs: 60n });
    const usage = world.sign(await proofOf(job, startedAt, 1n));
    await client.execute(operator, client.payloads.complete(job, output, usage));
    return job;
  }

  it("that is challenged is answered with the chunk, for the buyer's bond", async () => {
    const job = await completedJob();
    const challenged = await client.execute(buyer, client.payloads.challengeOutput(job, 1n));
    const { answer_by, bond } = event(challenged, "OutputChallenged").data;
    // 1% of 60_000_005, rounded up.
    expect(bond).toBe(600_001n);
    expect(await client.getCase(job)).toEqual({
      job,
      kind: "OutputChallenge",
      buyer: addressOf(buyer),
      bond: 600_001n,
      deadline: answer_by,
      chunkIndex: 1n,
      reason: "",
      defaultAward: 0n,
      openedAt: answer_by - 3_600n,
    });
    expect((await client.getJob(job))?.caseUntil).toBe(answer_by);

    const chunk = (index: number) =>
      pack.subarray(index * OUTPUT_CHUNK_BYTES, (index + 1) * OUTPUT_CHUNK_BYTES);
    const wrong = client.payloads.answerChallenge(job, chunk(0), outputProof(pack, 0));
    expect(await refusal(client.execute(operator, wrong))).toMatchObject({
      code: "E_WRONG_CHUNK",
      module: "dispute",
    });
    const before = await client.balance(addressOf(owner));
    const right = client.payloads.answerChallenge(job, chunk(1), outputProof(pack, 1));
    const answered = await client.execute(operator, right);
    expect(event(answered, "ChallengeAnswered").data).toMatchObject({ chunk_index: 1n, bond: 600_001n });
    expect(await client.balance(addressOf(owner))).toBe(before + 600_001n);
    expect(await client.getCase(job)).toBeNull();
  });

  it("that is disputed goes to the arbiter", async () => {
    const job = await completedJob();
    const opened = await client.execute(buyer, client.payloads.openArbitration(job, "It is empty."));
    expect(event(opened, "ArbitrationOpened").data).toMatchObject({
      arbiter: world.chain.deployment.packageAddress,
      reason: "It is empty.",
      unreleased: 1_000_000n,
    });
    expect(await client.getCase(job)).toMatchObject({
      kind: caseKindName(2),
      reason: "It is empty.",
      defaultAward: 1_000_000n,
    });
    expect(await refusal(client.execute(buyer, client.payloads.resolve(job)))).toMatchObject({
      code: "E_DEADLINE_NOT_REACHED",
    });
    const ruled = await client.execute(world.chain.admin, client.payloads.rule(job, 400_000n));
    expect(event(ruled, "ArbitrationDecided").data).toMatchObject({
      award: 400_000n,
      unreleased: 1_000_000n,
      bond_to: addressOf(buyer),
      by_default: false,
    });
    // 400_000 gross, 4_000 fee.
    expect(event(ruled, "JobSettled").data).toMatchObject({
      paid: 396_000n,
      fees: 4_000n,
      refunded: 59_600_005n,
    });
  });
});

describe("a fault", () => {
  it("that proves itself costs the provider stake and the job's money", async () => {
    const cheat = await world.register();
    const { job, startedAt } = await world.startedJob({ provider: cheat });
    const one = await proofOf(job, startedAt, 1n);
    const key = operator.privateKey.toUint8Array();
    const twin = signUsage({ ...one, logRoot: `0x${"33".repeat(32)}` }, key);
    expect(
      await refusal(
        client.execute(buyer, client.payloads.reportContradiction(world.sign(one), world.sign(one))),
      ),
    ).toMatchObject({ code: "E_NO_CONTRADICTION" });

    const reported = await client.execute(buyer, client.payloads.reportContradiction(world.sign(one), twin));
    const proven = event(reported, "FaultProven").data;
    // Half of the stake, a tenth of that to the reporter.
    expect(proven).toMatchObject({
      provider: cheat,
      reporter: addressOf(buyer),
      slashed: 50_000_000n,
      reward: 5_000_000n,
    });
    expect(faultName(proven.fault)).toBe("Equivocation");
    expect(event(reported, "StakeSlashed").data).toMatchObject({ amount: 50_000_000n, staked: 50_000_000n });
    expect(event(reported, "JobSettled").data).toMatchObject({ outcome: 4, paid: 0n, refunded: 60_000_005n });
    expect(await client.getJob(job)).toMatchObject({ faulted: true, state: "Settled", outcome: "Failed" });
    expect(await client.getProvider(cheat)).toMatchObject({ status: "Offline", faults: 1n });
    // One failed job and a fault: 10_000 * 3 / 86 = 348.8
    expect(await client.getRecord(cheat)).toMatchObject({ jobsFailed: 1n, faults: 1n, score: 348n });
  });

  it("is a second that can't have passed", async () => {
    const cheat = await world.register();
    const { job, startedAt } = await world.startedJob({ provider: cheat });
    const impossible = world.sign(
      await world.usageOf({ job, seq: 1n, secondsCum: 100n, tLast: startedAt + 99n }),
    );
    const reported = await client.execute(buyer, client.payloads.reportImpossibleTime(impossible));
    expect(faultName(event(reported, "FaultProven").data.fault)).toBe("ImpossibleTime");
  });

  it("is one device that serves two machines", async () => {
    const [first, second] = [await registerMachine(), await registerMachine()];
    const withGpu = { gpus: 1n, maxRatePerHour: 2n * RATE_PER_HOUR, deposit: 2n * RATE_PER_SEC * 60n };
    const earlier = await world.startedJob({ ...withGpu, provider: first });
    // Of two that start in one second the address decides which is the later.
    await world.chainReaches(earlier.startedAt + 1n);
    const later = await world.startedJob({ ...withGpu, provider: second });
    await world.chainReaches(later.startedAt + 1n);
    const reported = await client.execute(buyer, client.payloads.reportDeviceOverlap(later.job, earlier.job));
    expect(event(reported, "FaultProven").data).toMatchObject({ job: later.job, provider: second });
    expect(faultName(event(reported, "FaultProven").data.fault)).toBe("DeviceOverlap");
  });
});
