/** The table of writes against the modules: every function a user calls has one, and each builds the one it names. */
import { generateTransactionPayloadWithABI } from "@aptos-labs/ts-sdk";
import { describe, expect, it } from "vitest";
import { createPayloads } from "../client/payloads.ts";
import { ENTRY_FUNCTIONS } from "../generated/abi.ts";
import { normalizeAddress } from "../primitives.ts";
import { payloadToJson, WRITE_NAMES, WRITES, type WriteName, writeOf } from "./index.ts";

const PACKAGE = normalizeAddress("0xcafe");
const payloads = createPayloads(PACKAGE);
const ADDRESS = normalizeAddress("0x51");
const HASH = `0x${"11".repeat(32)}`;
const SIGNATURE = `0x${"22".repeat(64)}`;
const usage = { job: ADDRESS, seq: "1", secondsCum: "2", tLast: "3", logRoot: HASH, signature: SIGNATURE };
const { job: _, ...jobless } = usage;

/** Bodies that have all that some write asks for; what a write doesn't know is left out by name. */
const EVERYTHING: Record<string, unknown> = {
  provider: ADDRESS,
  job: ADDRESS,
  otherJob: ADDRESS,
  operator: ADDRESS,
  attestKey: HASH,
  name: "n",
  cpuCores: "1",
  ramGb: "1",
  diskGb: "1",
  region: "r",
  sandbox: "s",
  slots: "1",
  pricePerHour: "7",
  asset: ADDRESS,
  stake: "1",
  status: "Draining",
  available: false,
  amount: "1",
  image: "i",
  spec: "{}",
  specs: ["{}"],
  maxDurationSecs: "1",
  maxRatePerHour: "1",
  deposit: "1",
  ratePerHour: "1",
  exitCode: "0",
  reason: "x",
  a: usage,
  b: { ...usage, seq: "2" },
  usages: [usage],
  terms: { payer: ADDRESS, clerk: ADDRESS, redeemBy: "1", nonce: "0x01" },
  order: {
    provider: ADDRESS,
    image: "i",
    spec: "{}",
    gpus: "0",
    maxDurationSecs: "1",
    maxRatePerHour: "1",
    deposit: "1",
    holdbackSecs: "0",
    priority: 5,
    buyerKey: "0x",
  },
  payer: ADDRESS,
  clerk: ADDRESS,
  redeemBy: "1",
  nonce: "0x01",
  orderHash: HASH,
  chunkIndex: "0",
  chunk: "0x0102",
  proof: [HASH],
  award: "1",
  seq: "1",
  secondsCum: "2",
  tLast: "3",
  logRoot: HASH,
  countersignature: SIGNATURE,
};

function bodyOf(name: WriteName): Record<string, unknown> {
  const shape = Object.keys(writeOf(name).body.shape);
  const given = Object.fromEntries(Object.entries(EVERYTHING).filter(([field]) => shape.includes(field)));
  if (!shape.includes("usage")) return given;
  return { ...given, usage: shape.includes("job") ? jobless : usage };
}

function built(name: WriteName, body: unknown) {
  const { body: schema, build } = writeOf(name);
  return build(payloads, schema.parse(body) as never);
}

describe("the table of writes", () => {
  it("has one write for each function of the package that isn't the admin's, and two old names for a status", () => {
    const functions = Object.entries(ENTRY_FUNCTIONS)
      .filter(([module]) => module !== "market")
      .flatMap(([module, names]) => Object.keys(names).map((name) => `${module}::${name}`));
    const called = WRITE_NAMES.map((name) => writeOf(name).calls);
    expect(called.filter((path, i) => called.indexOf(path) !== i)).toEqual([
      "provider_registry::set_status",
      "provider_registry::set_status",
    ]);
    expect([...new Set<string>(called)].sort()).toEqual(functions.sort());
  });

  it.each(WRITE_NAMES)("%s builds the call that it names, in a form that a wallet can encode", (name) => {
    const payload = built(name, bodyOf(name));
    expect(payload.function).toBe(`${PACKAGE}::${writeOf(name).calls}`);
    if (!payload.abi) throw new Error("no ABI");
    const json = JSON.parse(JSON.stringify(payloadToJson(payload))) as ReturnType<typeof payloadToJson>;
    const [here, there] = [payload.functionArguments, json.functionArguments].map((functionArguments) =>
      generateTransactionPayloadWithABI({
        function: payload.function,
        functionArguments: functionArguments as never,
        abi: payload.abi as never,
      })
        .bcsToHex()
        .toString(),
    );
    expect(there).toBe(here);
  });

  it("refuses fields it doesn't know and amounts that aren't decimal strings", () => {
    const { body } = WRITES["providers/price"];
    const given = { provider: ADDRESS, pricePerHour: "7" };
    expect(body.safeParse(given).success).toBe(true);
    expect(body.safeParse({ ...given, price: "7" }).success).toBe(false);
    expect(body.safeParse({ ...given, pricePerHour: 7 }).success).toBe(false);
    expect(body.safeParse({ ...given, pricePerHour: "-7" }).success).toBe(false);
  });

  it("takes no malformed countersignature for none", () => {
    const { body } = WRITES["payments/process"];
    expect(body.safeParse({ usage }).success).toBe(true);
    expect(body.safeParse({ usage: { ...usage, countersignature: "0x12" } }).success).toBe(false);
  });

  it("has no path twice among its old names", () => {
    const paths = WRITE_NAMES.flatMap((name) =>
      (writeOf(name).aliases ?? []).map(({ method, path }) => `${method} ${path}`),
    );
    expect(new Set(paths).size).toBe(paths.length);
  });
});
