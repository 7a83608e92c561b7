import type { Payloads } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { extensionCost, type OnChain, type StepContext, stepTerms } from "./step-terms.ts";

/** 1.2345 MOVE an hour, 60 s funded with 2,057,500; 7 s billed: floor(123450000 * 7 / 3600) = 240,041. */
const stream: OnChain["stream"] = {
  startedAt: 1_000n,
  ratePerHour: 123_450_000n,
  deposited: 2_057_500n,
  maxDurationSecs: 60n,
  secondsBilled: 7n,
  acc: 864_150_000n,
  earned: 240_041n,
  paid: 0n,
  feeBps: 100n,
  keeperShareBps: 1_000n,
  balance: 2_057_500n,
};
const rules = {
  startWindowSecs: 600n,
  stallAfterSecs: 60n,
  stallGraceSecs: 60n,
  claimWindowSecs: 15n,
  challengeWindowSecs: 3_600n,
  answerWindowSecs: 3_600n,
  arbitrationWindowSecs: 86_400n,
  minStake: 100_000_000n,
  bondBps: 100n,
  slashBps: 5_000n,
  reporterRewardBps: 1_000n,
  arbiter: "0xarb",
  feeBps: 100n,
  keeperShareBps: 1_000n,
  treasury: "0x7ea",
  reclaimAfterSecs: 86_400n,
};
const context: StepContext = {
  onChain: { job: { job: "0x1", rules, outputSize: 16_385n }, stream, defaultAward: null },
  input: { addedSecs: "30", chunkIndex: "1", reason: "It is empty.", award: "" },
  asset: { symbol: "MOVE", decimals: 8 },
  now: 1_010,
  isRunning: false,
  caseKind: null,
  caseBond: 0n,
  maxDurationSecs: 3_600,
  balance: 100_000_000n,
  feeReserve: 0n,
};
const withStream = (change: Partial<OnChain["stream"]>): StepContext => ({
  ...context,
  onChain: { ...context.onChain, stream: { ...stream, ...change } },
});
const lines = (terms: { lines: Array<{ label: string; value: string }> }) =>
  Object.fromEntries(terms.lines.map((l) => [l.label, l.value]));
/** Which payload a step builds, with which arguments. */
const called = (terms: ReturnType<typeof stepTerms>): unknown =>
  terms.call(
    new Proxy({} as Payloads, {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          [name, ...args] as never,
    }),
  );

describe("extensionCost", () => {
  it("is what the added seconds cost, whatever has run", () => {
    // 123450000 * 90 / 3600 = 3086250; 3086250 - 2057500 = 1028750.
    expect(extensionCost(stream, 30n)).toBe(1_028_750n);
    expect(extensionCost({ ...stream, secondsBilled: 40n, acc: 4_938_000_000n }, 30n)).toBe(1_028_750n);
  });

  it("rounds up to the base unit", () => {
    // 123450000 * 61 / 3600 = 2091791.67 -> 2091792; - 2057500 = 34292.
    expect(extensionCost(stream, 1n)).toBe(34_292n);
  });

  it("uses what the deposit has over, as after a cheaper machine took an open job", () => {
    expect(extensionCost({ ...stream, deposited: 3_000_000n }, 30n)).toBe(86_250n);
    expect(extensionCost({ ...stream, deposited: 4_000_000n }, 30n)).toBe(0n);
  });

  it("covers the rest at the new rate once it has changed, to the base unit", () => {
    // 10 s at 100 a second, then 200 a second: 1000 + 50 * 200 = 11000 for 60 s, 6000 are there.
    const raised = {
      ...stream,
      ratePerHour: 720_000n,
      deposited: 6_000n,
      secondsBilled: 10n,
      acc: 3_600_000n,
    };
    expect(extensionCost(raised, 0n)).toBe(5_000n);
    // 3 s at 1,000 an hour and 57 at 500: 31,500 / 3,600 = 8.75, so 9; 30 s more make 46,500 / 3,600 = 12.92, so 13.
    const lowered = { ...stream, ratePerHour: 500n, deposited: 9n, secondsBilled: 3n, acc: 3_000n };
    expect(extensionCost(lowered, 0n)).toBe(0n);
    expect(extensionCost(lowered, 30n)).toBe(4n);
  });
});

describe("extend", () => {
  it("shows what is added, how long it may run then and what it can cost in all", () => {
    const terms = stepTerms("extend", context);
    expect(terms.problem).toBeNull();
    expect(terms.cost).toBe(1_028_750n);
    expect(lines(terms)).toEqual({
      "Added to the deposit, at most spent": "0.0102875 MOVE",
      "Longest run then": "1 min 30 s",
      "Most the whole job can cost then": "0.0308625 MOVE",
    });
    expect(terms.sign).toBe("Sign and add 0.0102875 MOVE");
    expect(called(terms)).toEqual(["extend", "0x1", 30n, 1_028_750n]);
  });

  it("says that seconds beyond a longest run that is over are paid first", () => {
    const at = (now: number) => stepTerms("extend", { ...context, now }).sentence;
    expect(at(1_059)).not.toMatch(/paid first/);
    expect(at(1_060)).toMatch(/over already: seconds that ran beyond it and are proven are paid first/);
  });

  it("refuses what the market or the wallet doesn't bear", () => {
    const problem = (change: Partial<StepContext>, addedSecs = "30") =>
      stepTerms("extend", { ...context, ...change, input: { ...context.input, addedSecs } }).problem;
    expect(problem({}, "1.5")).toMatch(/whole seconds/);
    expect(problem({}, "0")).toMatch(/seconds to add/);
    expect(problem({ balance: null }, "3540")).toBeNull();
    expect(problem({ balance: null }, "3541")).toMatch(/1 h 00 min 00 s at most/);
    expect(problem({ balance: 1_028_749n })).toMatch(/0\.00000001 MOVE short/);
    expect(problem({ balance: 1_028_750n })).toBeNull();
    expect(problem({ balance: 1_028_750n, feeReserve: 5n })).toMatch(/0\.00000005 MOVE short/);
  });
});

describe("confirm", () => {
  it("splits what is released as the chain will", () => {
    // Paid 99, so its fee is 0; 240041 - 99 = 239942 more: fee floor(240041 / 100) = 2400.
    const terms = stepTerms("confirm", withStream({ paid: 99n }));
    expect(lines(terms)).toMatchObject({
      "Released from the escrow": "0.00239942 MOVE",
      "Of it to the machine": "0.00237542 MOVE",
      "Market fee": "0.000024 MOVE",
      "Costs you beyond the deposit": "nothing",
    });
    expect(terms).toMatchObject({ cost: 0n, problem: null });
    expect(called(terms)).toEqual(["confirm", "0x1"]);
  });

  it("has nothing to sign while nothing is held", () => {
    expect(stepTerms("confirm", withStream({ paid: 240_041n })).problem).toMatch(/Nothing is held/);
  });

  it("doesn't promise the rest while the job runs on", () => {
    expect(stepTerms("confirm", { ...context, isRunning: true }).sentence).not.toMatch(/comes back/);
    expect(stepTerms("confirm", context).sentence).toMatch(/comes back/);
  });
});

describe("cases", () => {
  it("asks for the bond of all that was deposited, rounded up", () => {
    // Extended meanwhile: ceil(3086250 / 100) = 30863
    expect(stepTerms("arbitrate", withStream({ deposited: 3_086_250n })).cost).toBe(30_863n);
    // Never more than there is to win.
    expect(stepTerms("arbitrate", withStream({ paid: 230_041n })).cost).toBe(10_000n);
    // ceil(2057500 / 100) = 20575
    const terms = stepTerms("challenge", context);
    expect(terms.cost).toBe(20_575n);
    expect(lines(terms)).toMatchObject({
      "Bond, at most lost": "0.00020575 MOVE",
      "Held money it is about": "0.00240041 MOVE",
      "Time to answer": "1 h 00 min 00 s",
    });
    expect(called(terms)).toEqual(["challengeOutput", "0x1", 1n]);
    expect(stepTerms("challenge", { ...context, balance: 20_574n }).problem).toMatch(/short/);
  });

  it("takes only pieces that the output has", () => {
    // 16,385 bytes are one whole piece of 16,384 and one of a single byte.
    const problem = (chunkIndex: string) =>
      stepTerms("challenge", { ...context, input: { ...context.input, chunkIndex } }).problem;
    expect(problem("0")).toBeNull();
    expect(problem("2")).toBe("Give a number from 0 to 1.");
    expect(problem("")).toBeTruthy();
  });

  it("asks the arbiter with a reason of 1 to 1024 bytes", () => {
    const ask = (reason: string) =>
      stepTerms("arbitrate", { ...context, input: { ...context.input, reason } });
    expect(called(ask(" It is empty. "))).toEqual(["openArbitration", "0x1", "It is empty."]);
    expect(ask(" ").problem).toMatch(/what is wrong/);
    expect(ask("é".repeat(512)).problem).toBeNull();
    expect(ask("é".repeat(513)).problem).toMatch(/2 bytes too long/);
    expect(lines(ask("x"))["Time to decide"]).toBe("1 d 00 h 00 min");
  });

  it("has nothing to dispute once nothing is held", () => {
    for (const step of ["challenge", "arbitrate"] as const) {
      expect(stepTerms(step, withStream({ paid: 240_041n })).problem).toMatch(/Nothing is held/);
    }
  });

  it("says where money and bond go when a case's time is over", () => {
    const over = { ...withStream({ balance: 240_041n }), caseBond: 20_576n };
    const lost = stepTerms("resolve", { ...over, caseKind: "OutputChallenge" });
    expect(lines(lost)).toEqual({
      "Back to the buyer": "0.00240041 MOVE",
      "Bond, back to the buyer": "0.00020576 MOVE",
    });
    const undecided = stepTerms("resolve", { ...over, caseKind: "Arbitration" });
    // Fee floor(240041 / 100) = 2400.
    expect(lines(undecided)).toMatchObject({
      "To the machine": "0.00237641 MOVE",
      "Market fee": "0.000024 MOVE",
    });
    expect(called(undecided)).toEqual(["resolve", "0x1"]);
  });
});

it("finishes with the machine's part and what comes back", () => {
  // 2057500 are in escrow, 240041 of them earned.
  const terms = stepTerms("finalize", context);
  expect(lines(terms)).toEqual({
    "To the machine": "0.00237641 MOVE",
    "Market fee": "0.000024 MOVE",
    "Back to the buyer": "0.01817459 MOVE",
  });
  expect(called(terms)).toEqual(["finalize", "0x1"]);
});

describe("the arbiter's decision", () => {
  // 240,041 are held, of 300,000 at the opening: the buyer has agreed to 59,959 since, which are paid.
  const rule = (award: string) =>
    stepTerms("rule", {
      ...context,
      caseKind: "Arbitration",
      caseBond: 6_000n,
      onChain: { ...context.onChain, defaultAward: 300_000n },
      input: { ...context.input, award },
    });

  it("splits what is held now, counted from what was held at the opening", () => {
    const half = rule("0.001");
    expect(half.problem).toBeNull();
    // 100,000 less the fee of 1 %.
    expect(lines(half)).toEqual({
      "To the machine": "0.00099 MOVE",
      "Market fee": "0.00001 MOVE",
      "Back to the buyer": "0.00140041 MOVE",
      "Bond, back to the buyer": "0.00006 MOVE",
    });
    expect(called(half)).toEqual(["rule", "0x1", 159_959n]);
  });

  it("costs the buyer the bond only when the machine gets all", () => {
    expect(lines(rule("0.00240041"))["Bond, to the machine's owner"]).toBe("0.00006 MOVE");
    expect(called(rule("0.00240041"))).toEqual(["rule", "0x1", 300_000n]);
    expect(lines(rule("0.0024004"))["Bond, back to the buyer"]).toBe("0.00006 MOVE");
    expect(called(rule("0"))).toEqual(["rule", "0x1", 59_959n]);
  });

  it("can't give more than is held, or nothing at all", () => {
    expect(rule("0.00240042").problem).toBe("Only 0.00240041 MOVE is held.");
    expect(rule("").problem).toMatch(/or 0/);
  });
});
