/**
 * One job each way a job can end, on the whole stack: every base unit is accounted for by hand-written arithmetic.
 * It shares no formula with the code under test.
 */
import { bootStack, fetchTicks, runScenario, type Stack } from "@computestream/dev-env";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let stack: Stack;
beforeAll(async () => {
  stack = await bootStack();
});
afterAll(async () => {
  await stack?.close();
});

/** 1.2345 MOVE an hour = 123,450,000 base units in 3,600 s = 34,291 + 2/3 a second. */
const grossOf = (seconds: number) => (123_450_000n * BigInt(seconds)) / 3_600n;
const quiet = () => {};

describe("a job that completes", () => {
  it("is paid for each proven second, refunds the rest and leaves a verified output", async () => {
    const result = await runScenario(stack, "complete", quiet);
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({
      ok: true,
      state: "Settled",
      outcome: "Completed",
      conserved: true,
      exitCode: 0,
    });
    // Six passes that sleep a second each.
    expect(result.seconds).toBeGreaterThanOrEqual(6);
    // ceil(123,450,000 * 60 / 3,600) = 2,057,500 exactly.
    expect(result.deposited).toBe("2057500");
    expectSplit(result);
    expect(result.container?.imageDigest).toBe(stack.demoImage);
    expect(Object.values(result.output?.fetched ?? {})).toEqual([true, true]);
    expect(result.ticks).toBeGreaterThanOrEqual(2);
  });
});

describe("a job that the buyer ends half-way", () => {
  it("pays the proven seconds and refunds everything else", async () => {
    const result = await runScenario(stack, "terminate", quiet);
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({ ok: true, state: "Settled", outcome: "Terminated", conserved: true });
    // 123,450,000 * 16 / 3,600 = 548,666.67, rounded up.
    expect(result.deposited).toBe("548667");
    expect(result.seconds).toBeGreaterThanOrEqual(8);
    expect(result.seconds).toBeLessThan(16);
    expectSplit(result);
  });
});

describe("a job whose program fails", () => {
  it("ends as failed with its exit code; the seconds it ran are paid, the rest comes back", async () => {
    const result = await runScenario(stack, "fail", quiet);
    expect(result.problems).toEqual([]);
    expect(result).toMatchObject({
      ok: true,
      state: "Settled",
      outcome: "Failed",
      exitCode: 7,
      reason: "EXIT_CODE_7",
    });
    // 123,450,000 * 30 / 3,600 = 1,028,750 exactly.
    expect(result.deposited).toBe("1028750");
    expect(result.seconds).toBeGreaterThanOrEqual(3);
    expectSplit(result);
  });

  it("has ticks that never fall and whose parts add up to what was paid", async () => {
    const result = await runScenario(stack, "fail", quiet);
    const ticks = await fetchTicks(stack, result.job);
    let before = { paid: 0n, seconds: 0 };
    for (const tick of ticks) {
      expect(BigInt(tick.paid)).toBe(before.paid + BigInt(tick.amount));
      // The ending brings a new number with the same seconds: a tick that pays nothing.
      expect(tick.secondsBilled).toBeGreaterThanOrEqual(before.seconds);
      expect(BigInt(tick.paid)).toBe(grossOf(tick.secondsBilled));
      before = { paid: BigInt(tick.paid), seconds: tick.secondsBilled };
    }
    expect(before.paid).toBe(BigInt(result.paid) + BigInt(result.fees));
  });
});

function expectSplit(result: {
  seconds: number;
  deposited: string;
  paid: string;
  fees: string;
  refunded: string;
}) {
  const gross = grossOf(result.seconds);
  // The market's fee is 1 %, rounded down, out of the gross.
  const fees = gross / 100n;
  expect(result.fees).toBe(fees.toString());
  expect(result.paid).toBe((gross - fees).toString());
  expect(result.refunded).toBe((BigInt(result.deposited) - gross).toString());
}
