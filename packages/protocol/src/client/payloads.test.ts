/** Every payload against the modules' signatures; that each argument lands where it should is told by distinct values. */
import { generateTransactionPayloadWithABI, type InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { describe, expect, it } from "vitest";
import type { SignedUsage } from "../attestation.ts";
import { ENTRY_FUNCTIONS } from "../generated/abi.ts";
import { fromHex, normalizeAddress } from "../primitives.ts";
import { createPayloads, type Payloads } from "./payloads.ts";

const PACKAGE = normalizeAddress("0xcafe");
const payloads = createPayloads(PACKAGE);
const [J, P, ASSET, WHO, OTHER] = ["51", "52", "53", "54", "55"].map((n) => normalizeAddress(n)) as [
  string,
  string,
  string,
  string,
  string,
];
const KEY = `0x${"77".repeat(32)}`;
const NONE = new Uint8Array();

const usage: SignedUsage = {
  job: J,
  seq: 3n,
  secondsCum: 4n,
  tLast: 5n,
  logRoot: `0x${"11".repeat(32)}`,
  signature: `0x${"22".repeat(64)}`,
};
const newer: SignedUsage = { ...usage, seq: 6n, signature: `0x${"33".repeat(64)}` };
const COUNTER = `0x${"44".repeat(64)}`;
const usageArgs = [3n, 4n, 5n, fromHex(usage.logRoot), fromHex(usage.signature)];
const nothingNew = [0n, 0n, 0n, NONE, NONE];

const machine = {
  name: "n",
  gpuModel: "g",
  gpuCount: 11n,
  vramGb: 12n,
  cpuCores: 13n,
  ramGb: 14n,
  diskGb: 15n,
  region: "r",
  sandbox: "s",
  slots: 16n,
};
const machineArgs = ["n", "g", 11n, 12n, 13n, 14n, 15n, "r", "s"];
const order = { image: "i", maxDurationSecs: 21n, maxRatePerHour: 22n, deposit: 23n };
const plainOrder = [21n, 22n, 23n, 0n, 5, NONE];
const chosen = { gpus: 24n, holdbackSecs: 25n, priority: 6, buyerKey: KEY };
const chosenOrder = [21n, 22n, 23n, 25n, 6, fromHex(KEY)];
const requirements = {
  gpuModel: "h",
  vramGb: 31n,
  cpuCores: 32n,
  ramGb: 33n,
  diskGb: 34n,
  region: "q",
  sandbox: "t",
  minStake: 35n,
};
const output = {
  exitCode: 41n,
  outputUris: ["u"],
  outputSha256: KEY,
  outputRoot: "0x",
  outputSize: 42n,
};
const outputArgs = [["u"], fromHex(KEY), NONE, 42n];

type Call = [keyof Payloads, InputEntryFunctionData, string, unknown[]];
const calls: Call[] = [
  [
    "registerProvider",
    payloads.registerProvider({
      ...machine,
      operator: WHO,
      attestKey: KEY,
      pricePerHour: 17n,
      asset: ASSET,
      stake: 19n,
    }),
    "provider_registry::register",
    [WHO, fromHex(KEY), ...machineArgs, [], 16n, 17n, 0n, ASSET, 19n],
  ],
  [
    "registerProvider",
    payloads.registerProvider({
      ...machine,
      devices: [KEY],
      operator: WHO,
      attestKey: KEY,
      pricePerHour: 17n,
      gpuPricePerHour: 18n,
      asset: ASSET,
      stake: 19n,
    }),
    "provider_registry::register",
    [WHO, fromHex(KEY), ...machineArgs, [fromHex(KEY)], 16n, 17n, 18n, ASSET, 19n],
  ],
  ["heartbeat", payloads.heartbeat(P), "provider_registry::heartbeat", [P]],
  ["setStatus", payloads.setStatus(P, "Maintenance"), "provider_registry::set_status", [P, 2]],
  ["updatePrice", payloads.updatePrice(P, 1n, 2n), "provider_registry::update_price", [P, 1n, 2n]],
  [
    "updateMachine",
    payloads.updateMachine(P, machine),
    "provider_registry::update_machine",
    [P, ...machineArgs, [], 16n],
  ],
  [
    "updateOperator",
    payloads.updateOperator(P, WHO, KEY),
    "provider_registry::update_operator",
    [P, WHO, fromHex(KEY)],
  ],
  ["addStake", payloads.addStake(P, 1n), "provider_registry::add_stake", [P, 1n]],
  ["requestUnstake", payloads.requestUnstake(P, 1n), "provider_registry::request_unstake", [P, 1n]],
  ["withdrawStake", payloads.withdrawStake(P), "provider_registry::withdraw_stake", [P]],

  [
    "createJob",
    payloads.createJob({ ...order, provider: P, spec: "{}" }),
    "job_orders::create_job",
    [P, "i", "{}", 0n, ...plainOrder],
  ],
  [
    "createJob",
    payloads.createJob({ ...order, ...chosen, provider: P, spec: "{}" }),
    "job_orders::create_job",
    [P, "i", "{}", 24n, ...chosenOrder],
  ],
  [
    "createJobs",
    payloads.createJobs({ ...order, ...chosen, provider: P, specs: ["1", "2"] }),
    "job_orders::create_jobs",
    [P, "i", ["1", "2"], 24n, ...chosenOrder],
  ],
  [
    "createOpenJob",
    payloads.createOpenJob({ ...order, ...chosen, asset: ASSET, spec: "{}", requirements }),
    "job_orders::create_open_job",
    [ASSET, "i", "{}", "h", 24n, 31n, 32n, 33n, 34n, "q", "t", 35n, ...chosenOrder],
  ],
  [
    "createOpenJobs",
    payloads.createOpenJobs({ ...order, asset: ASSET, specs: ["1"], requirements: { ramGb: 33n } }),
    "job_orders::create_open_jobs",
    [ASSET, "i", ["1"], "", 0n, 0n, 0n, 33n, 0n, "", "", 0n, ...plainOrder],
  ],

  ["accept", payloads.accept(P, J, 5n), "job_registry::accept", [P, J, 5n]],
  ["start", payloads.start(J), "job_registry::start", [J]],
  ["extend", payloads.extend(J, 1n, 2n), "job_registry::extend", [J, 1n, 2n]],
  ["changeRate", payloads.changeRate(J, 1n), "job_registry::change_rate", [J, 1n]],
  [
    "complete",
    payloads.complete(J, output, usage),
    "job_registry::complete",
    [J, 41n, ...outputArgs, ...usageArgs],
  ],
  [
    "fail",
    payloads.fail(J, "why", output, null),
    "job_registry::fail",
    [J, 41n, "why", ...outputArgs, ...nothingNew],
  ],
  ["cancel", payloads.cancel(J), "job_registry::cancel", [J]],
  ["terminate", payloads.terminate(J, null), "job_registry::terminate", [J, ...nothingNew]],
  ["confirm", payloads.confirm(J), "job_registry::confirm", [J]],
  [
    "confirmSigned",
    payloads.confirmSigned({ ...usage, countersignature: COUNTER }),
    "job_registry::confirm_signed",
    [J, 3n, 4n, 5n, fromHex(usage.logRoot), fromHex(COUNTER)],
  ],
  ["flagStalled", payloads.flagStalled(J), "job_registry::flag_stalled", [J]],
  ["expire", payloads.expire(J), "job_registry::expire", [J]],
  ["finalize", payloads.finalize(J), "job_registry::finalize", [J]],
  ["reclaim", payloads.reclaim(J), "job_registry::reclaim", [J]],

  [
    "processPayment",
    payloads.processPayment(usage),
    "payment_stream::process_payment",
    [J, ...usageArgs, NONE],
  ],
  [
    "processPayment",
    payloads.processPayment({ ...usage, countersignature: COUNTER }),
    "payment_stream::process_payment",
    [J, ...usageArgs, fromHex(COUNTER)],
  ],
  [
    "processPayments",
    payloads.processPayments([usage]),
    "payment_stream::process_payments",
    [[J], [3n], [4n], [5n], [fromHex(usage.logRoot)], [fromHex(usage.signature)], []],
  ],
  [
    "processPayments",
    payloads.processPayments([usage, { ...newer, job: OTHER, countersignature: COUNTER }]),
    "payment_stream::process_payments",
    [
      [J, OTHER],
      [3n, 6n],
      [4n, 4n],
      [5n, 5n],
      [fromHex(usage.logRoot), fromHex(usage.logRoot)],
      [fromHex(usage.signature), fromHex(newer.signature)],
      [NONE, fromHex(COUNTER)],
    ],
  ],

  [
    "reportContradiction",
    payloads.reportContradiction(usage, newer),
    "dispute::report_contradiction",
    [J, ...usageArgs, 6n, 4n, 5n, fromHex(newer.logRoot), fromHex(newer.signature)],
  ],
  [
    "reportImpossibleTime",
    payloads.reportImpossibleTime(usage),
    "dispute::report_impossible_time",
    [J, ...usageArgs],
  ],
  [
    "reportDeviceOverlap",
    payloads.reportDeviceOverlap(J, OTHER),
    "dispute::report_device_overlap",
    [J, OTHER],
  ],
  ["challengeOutput", payloads.challengeOutput(J, 2n), "dispute::challenge_output", [J, 2n]],
  [
    "answerChallenge",
    payloads.answerChallenge(J, Uint8Array.of(1), [Uint8Array.of(2), Uint8Array.of(3)]),
    "dispute::answer_challenge",
    [J, Uint8Array.of(1), [Uint8Array.of(2), Uint8Array.of(3)]],
  ],
  ["openArbitration", payloads.openArbitration(J, "why"), "dispute::open_arbitration", [J, "why"]],
  ["rule", payloads.rule(J, 9n), "dispute::rule", [J, 9n]],
  ["resolve", payloads.resolve(J), "dispute::resolve", [J]],

  [
    "redeemQuote",
    payloads.redeemQuote(
      { payer: WHO, clerk: OTHER, redeemBy: 1n, nonce: "0x0102" },
      {
        provider: P,
        image: "i",
        spec: "{}",
        gpus: 2n,
        maxDurationSecs: 3n,
        maxRatePerHour: 4n,
        deposit: 5n,
        holdbackSecs: 6n,
        priority: 7,
        buyerKey: KEY,
      },
    ),
    "job_quotes::redeem",
    [WHO, OTHER, 1n, Uint8Array.of(1, 2), P, "i", "{}", 2n, 3n, 4n, 5n, 6n, 7, fromHex(KEY)],
  ],
  [
    "refundQuote",
    payloads.refundQuote(ASSET, { payer: WHO, clerk: OTHER, redeemBy: 1n, nonce: "0x0102", orderHash: KEY }),
    "job_quotes::refund",
    [ASSET, WHO, OTHER, 1n, Uint8Array.of(1, 2), fromHex(KEY)],
  ],

  ["initializeMarket", payloads.initializeMarket(ASSET), "market::initialize", [ASSET]],
  ["setAssetAllowed", payloads.setAssetAllowed(ASSET, true), "market::set_asset_allowed", [ASSET, true]],
  [
    "setFees",
    payloads.setFees({ feeBps: 1n, keeperShareBps: 2n, treasury: WHO }),
    "market::set_fees",
    [1n, 2n, WHO],
  ],
  [
    "setStakeTerms",
    payloads.setStakeTerms({ minStake: 1n, unbondingSecs: 2n, slashBps: 3n, reporterRewardBps: 4n }),
    "market::set_stake_terms",
    [1n, 2n, 3n, 4n],
  ],
  [
    "setWindows",
    payloads.setWindows({
      acceptWindowSecs: 1n,
      startWindowSecs: 2n,
      stallAfterSecs: 3n,
      stallGraceSecs: 4n,
      claimWindowSecs: 5n,
    }),
    "market::set_windows",
    [1n, 2n, 3n, 4n, 5n],
  ],
  [
    "setJobBounds",
    payloads.setJobBounds({ minDurationSecs: 1n, maxDurationSecs: 2n, maxHoldbackSecs: 3n }),
    "market::set_job_bounds",
    [1n, 2n, 3n],
  ],
  [
    "setDisputeTerms",
    payloads.setDisputeTerms({
      arbiter: WHO,
      challengeWindowSecs: 1n,
      answerWindowSecs: 2n,
      arbitrationWindowSecs: 3n,
      bondBps: 4n,
    }),
    "market::set_dispute_terms",
    [WHO, 1n, 2n, 3n, 4n],
  ],
  ["setPaused", payloads.setPaused(true), "market::set_paused", [true]],
  ["proposeAdmin", payloads.proposeAdmin(WHO), "market::propose_admin", [WHO]],
  ["acceptAdmin", payloads.acceptAdmin(), "market::accept_admin", []],
];

describe("payloads", () => {
  it.each(calls)("%s puts each argument in its place", (_, payload, name, args) => {
    expect(payload.function).toBe(`${PACKAGE}::${name}`);
    expect(payload.functionArguments).toEqual(args);
    // Refuses a wrong number or type of arguments.
    if (!payload.abi) throw new Error("no ABI");
    generateTransactionPayloadWithABI({ ...payload, abi: payload.abi });
  });

  it("are made for every entry function, and each is shown above", () => {
    const onChain = Object.entries(ENTRY_FUNCTIONS).flatMap(([module, functions]) =>
      Object.keys(functions).map((name) => `${module}::${name}`),
    );
    expect([...new Set(calls.map(([, , name]) => name))].sort()).toEqual(onChain.sort());
    expect([...new Set(calls.map(([name]) => name))].sort()).toEqual(Object.keys(payloads).sort());
  });

  it("don't report attestations of two jobs as a contradiction", () => {
    expect(() => payloads.reportContradiction(usage, { ...newer, job: OTHER })).toThrow(RangeError);
  });
});
