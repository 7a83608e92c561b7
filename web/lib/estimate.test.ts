import { describe, expect, it } from "vitest";
import { estimateStream, expectedGross, isConserved, MAX_AHEAD_MS, type StreamNumbers } from "./estimate.ts";

/** 3.6 MOVE an hour = 100,000 base units a second; 60 s funded; 10 s settled. */
const running: StreamNumbers = {
  state: "Running",
  ratePerHour: "360000000",
  maxDurationSecs: 60,
  deposited: "6000000",
  paidToProvider: "990000",
  fees: "10000",
  refunded: "0",
  balance: "5000000",
  secondsBilled: 10,
};

describe("estimateStream", () => {
  it("shows exactly the settled numbers at the moment of a settlement", () => {
    expect(estimateStream(running, 0)).toEqual({
      accrual: "accruing",
      billedMs: 10_000,
      gross: 1_000_000n,
      refundable: 5_000_000n,
      leftSecs: 50,
    });
  });

  it("grows with time in between, taking from what is refundable", () => {
    const at = estimateStream(running, 2_500);
    expect(at.gross).toBe(1_250_000n);
    expect(at.refundable).toBe(4_750_000n);
    expect(at.leftSecs).toBe(47.5);
  });

  it("stops when no settlement comes, and says that it waits", () => {
    const at = estimateStream(running, 10 * 60_000);
    expect(at.accrual).toBe("waiting");
    expect(at.billedMs).toBe(10_000 + MAX_AHEAD_MS);
  });

  it("never shows more than the escrow holds", () => {
    const late = {
      ...running,
      secondsBilled: 55,
      paidToProvider: "5445000",
      fees: "55000",
      balance: "500000",
    };
    const at = estimateStream(late, 14_000);
    expect(at).toEqual({
      accrual: "exhausted",
      billedMs: 60_000,
      gross: 6_000_000n,
      refundable: 0n,
      leftSecs: 0,
    });
  });

  it("stands still before the start and after the end", () => {
    const settled = { ...running, state: "Settled" as const, refunded: "5000000", balance: "0" };
    const at = estimateStream(settled, 30_000);
    expect(at.accrual).toBe("still");
    expect(at.gross).toBe(1_000_000n);
    expect(at.refundable).toBe(0n);
  });

  it("ignores a clock that runs backwards", () => {
    expect(estimateStream(running, -5_000).billedMs).toBe(10_000);
  });

  it("leaves a free job funded to its maximum duration", () => {
    const free = {
      ...running,
      ratePerHour: "0",
      deposited: "0",
      balance: "0",
      paidToProvider: "0",
      fees: "0",
    };
    expect(estimateStream(free, 1_000).leftSecs).toBe(49);
  });
});

it("recognises money that doesn't add up", () => {
  expect(isConserved(running)).toBe(true);
  expect(isConserved({ ...running, fees: "10001" })).toBe(false);
});

it("works out what the settled seconds are worth", () => {
  // 1.2345 * 7 / 3600 = 0.002400416…
  expect(expectedGross({ ratePerHour: "123450000", secondsBilled: 7 })).toBe(240_041n);
});
