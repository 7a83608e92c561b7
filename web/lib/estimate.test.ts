import { describe, expect, it } from "vitest";
import { estimateStream, isConserved, MAX_AHEAD_MS, quietMs, type StreamNumbers } from "./estimate.ts";

/** 3.6 MOVE an hour = 100,000 base units a second; 60 s funded; 10 s settled. */
const running: StreamNumbers = {
  state: "Running",
  ratePerHour: "360000000",
  maxDurationSecs: 60,
  fundedSecs: 60,
  holdbackSecs: 0,
  deposited: "6000000",
  paidToProvider: "990000",
  fees: "10000",
  refunded: "0",
  balance: "5000000",
  held: "0",
  acc: "3600000000",
  secondsBilled: 10,
  secondsConfirmed: 0,
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
      acc: "19800000000",
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
      acc: "0",
    };
    expect(estimateStream(free, 1_000).leftSecs).toBe(49);
  });
});

describe("estimateStream with money held back", () => {
  /** 10 s of 30 are billed and held: 1,000,000 of the 6,000,000 in escrow wait, none of it is paid. */
  const holding: StreamNumbers = {
    ...running,
    holdbackSecs: 30,
    paidToProvider: "0",
    fees: "0",
    balance: "6000000",
    held: "1000000",
  };

  it("counts what is held as earned and not as refundable", () => {
    expect(estimateStream(holding, 0)).toMatchObject({ gross: 1_000_000n, refundable: 5_000_000n });
    expect(estimateStream(holding, 2_000)).toMatchObject({ gross: 1_200_000n, refundable: 4_800_000n });
  });

  it("doesn't miss a settlement that isn't due: the first 30 s pay nothing", () => {
    // 30 - 10 = 20 s until one is due, then 15 s of patience.
    expect(quietMs(holding)).toBe(20_000);
    expect(estimateStream(holding, 19_999).accrual).toBe("holding");
    expect(estimateStream(holding, 20_000).accrual).toBe("accruing");
    expect(estimateStream(holding, 35_000)).toMatchObject({ accrual: "waiting", billedMs: 45_000 });
  });

  it("is quiet again after a confirmation", () => {
    expect(quietMs({ holdbackSecs: 30, secondsBilled: 40, secondsConfirmed: 40 })).toBe(30_000);
    expect(quietMs({ holdbackSecs: 30, secondsBilled: 40, secondsConfirmed: 0 })).toBe(0);
    expect(quietMs({ holdbackSecs: 0, secondsBilled: 40, secondsConfirmed: 0 })).toBe(0);
  });
});

it("loses no fraction between the settled seconds and the estimate", () => {
  // 1,000 an hour: 5 s are 1.39, 8 s are 2.22; then 2,000 an hour: 1 s more makes 10,000 / 3,600 = 2.78, 2 s 3.33.
  const slow = { ...running, ratePerHour: "2000", paidToProvider: "2", fees: "0", acc: "8000" };
  const after = (ms: number) => estimateStream({ ...slow, balance: "98", deposited: "100" }, ms);
  expect(after(1_000).gross).toBe(2n);
  expect(after(2_000)).toMatchObject({ gross: 3n, refundable: 97n });
});

it("goes on from what was earned at another rate before", () => {
  // 10 s at 100,000 a second are settled; the rate is now half: 2 s add 100,000.
  const slower = { ...running, ratePerHour: "180000000" };
  expect(estimateStream(slower, 2_000).gross).toBe(1_100_000n);
});

it("recognises money that doesn't add up", () => {
  expect(isConserved(running)).toBe(true);
  expect(isConserved({ ...running, fees: "10001" })).toBe(false);
});
