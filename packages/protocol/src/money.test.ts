import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { earned, feeOf, finalSplit, formatUnits, fundedSecs, maxCost, parseUnits } from "./money.ts";

const U64_MAX = 0xffff_ffff_ffff_ffffn;
const rates = fc.bigInt({ min: 0n, max: 10n ** 15n });
const durations = fc.bigInt({ min: 0n, max: 604_800n });
const bps = fc.bigInt({ min: 0n, max: 1_000n });

describe("prices by the hour, paid by the second", () => {
  it("costs exactly the rate for one hour", () => {
    expect(maxCost(150_000_000n, 3_600n)).toBe(150_000_000n);
    expect(earned(150_000_000n, 3_600n)).toBe(150_000_000n);
  });

  it("rounds a deposit up and earnings down", () => {
    // 1000 * 7 / 3600 = 1.94
    expect(maxCost(1_000n, 7n)).toBe(2n);
    expect(earned(1_000n, 7n)).toBe(1n);
    // 1 * 1 / 3600 = 0.0003
    expect(maxCost(1n, 1n)).toBe(1n);
    expect(earned(1n, 1n)).toBe(0n);
  });

  it("doesn't lose precision where a double would", () => {
    // 18_446_744_073_709_551_615 * 3599 / 3600 = 18_441_619_978_133_521_183.99…
    expect(earned(U64_MAX, 3_599n)).toBe(18_441_619_978_133_521_183n);
  });

  it("funds whole seconds only, never above the cap", () => {
    // 1000 * 3600 / 700 = 5142.86
    expect(fundedSecs(1_000n, 700n, 10_000n)).toBe(5_142n);
    expect(fundedSecs(1_000n, 700n, 60n)).toBe(60n);
    expect(fundedSecs(0n, 700n, 60n)).toBe(0n);
    expect(fundedSecs(0n, 0n, 60n)).toBe(60n);
  });

  it("takes the fee rounded down", () => {
    // 1% of 199 = 1.99; 2.5% of 1000 = 25
    expect(feeOf(199n, 100n)).toBe(1n);
    expect(feeOf(1_000n, 250n)).toBe(25n);
    expect(feeOf(1_000n, 0n)).toBe(0n);
  });
});

describe("finalSplit", () => {
  it("splits 90 seconds of 1.5 MOVE an hour at 1%", () => {
    // 150_000_000 * 90 / 3600 = 3_750_000 gross; 1% = 37_500
    expect(
      finalSplit({ deposit: 5_000_000n, ratePerHour: 150_000_000n, billedSecs: 90n, feeBps: 100n }),
    ).toEqual({ paid: 3_712_500n, fees: 37_500n, refunded: 1_250_000n });
  });

  it("refunds everything when nothing was billed", () => {
    expect(finalSplit({ deposit: 77n, ratePerHour: 1_000n, billedSecs: 0n, feeBps: 100n })).toEqual({
      paid: 0n,
      fees: 0n,
      refunded: 77n,
    });
  });

  it("creates and loses nothing, and no part is negative, for any funded run", () => {
    fc.assert(
      fc.property(
        rates,
        durations,
        durations,
        bps,
        fc.bigInt({ min: 0n, max: 1_000n }),
        (rate, max, ran, fee, extra) => {
          const deposit = maxCost(rate, max) + extra;
          const billedSecs = ran < max ? ran : max;
          const split = finalSplit({ deposit, ratePerHour: rate, billedSecs, feeBps: fee });
          expect(split.paid + split.fees + split.refunded).toBe(deposit);
          expect([split.paid, split.fees, split.refunded].every((part) => part >= 0n)).toBe(true);
        },
      ),
    );
  });
});

describe("streams in any number of settlements", () => {
  it("pay and charge what one settlement pays and charges", () => {
    fc.assert(
      fc.property(
        rates,
        fc.array(fc.bigInt({ min: 0n, max: 500n }), { maxLength: 40 }),
        bps,
        (rate, steps, fee) => {
          let [secs, paid, fees] = [0n, 0n, 0n];
          for (const step of steps) {
            secs += step;
            const gross = earned(rate, secs);
            const dueFee = feeOf(gross, fee) - fees;
            expect(gross - paid).toBeGreaterThanOrEqual(dueFee);
            fees += dueFee;
            paid = gross;
          }
          const once = finalSplit({
            deposit: earned(rate, secs),
            ratePerHour: rate,
            billedSecs: secs,
            feeBps: fee,
          });
          expect({ net: paid - fees, fees }).toEqual({ net: once.paid, fees: once.fees });
        },
      ),
    );
  });

  it("are funded for the whole maximum duration by maxCost, and for no unpaid second", () => {
    fc.assert(
      fc.property(rates, durations, (rate, max) => {
        const deposit = maxCost(rate, max);
        expect(fundedSecs(deposit, rate, max)).toBe(max);
        expect(earned(rate, fundedSecs(deposit, rate, U64_MAX)) <= deposit || rate === 0n).toBe(true);
      }),
    );
  });
});

describe("amounts as text", () => {
  it.each([
    [150_000_000n, 8, "1.5"],
    [1n, 8, "0.00000001"],
    [0n, 8, "0"],
    [-250n, 2, "-2.5"],
    [42n, 0, "42"],
    [1_000_000_000_000_000_000_000n, 8, "10000000000000"],
  ])("%s with %s decimals is %s", (amount, decimals, text) => {
    expect(formatUnits(amount, decimals)).toBe(text);
  });

  it("reads what it writes", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: U64_MAX }),
        fc.integer({ min: 0, max: 18 }),
        (amount, decimals) => {
          expect(parseUnits(formatUnits(amount, decimals), decimals)).toBe(amount);
        },
      ),
    );
  });

  it.each(["", "1.", ".5", "-1", "1e3", "1,5", "0x10", "1.123456789"])("refuses %j", (text) => {
    expect(() => parseUnits(text, 8)).toThrow(RangeError);
  });
});
