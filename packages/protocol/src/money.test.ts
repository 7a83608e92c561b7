import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bill,
  bondOf,
  earned,
  earnedOf,
  feeOf,
  feeSplit,
  finalSplit,
  formatUnits,
  fundedSecs,
  fundedSecsOf,
  heldSecs,
  maxCost,
  parseUnits,
  priceOf,
  releasable,
  slashOf,
} from "./money.ts";

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

describe("a machine with GPUs", () => {
  const provider = { pricePerHour: 3_600n, gpuPricePerHour: 7_200n };

  it("costs more for each of them", () => {
    expect(priceOf(provider, 0n)).toBe(3_600n);
    // 3600 + 4 * 7200
    expect(priceOf(provider, 4n)).toBe(32_400n);
  });

  it("costs at most the price of all the seconds, rounded up once", () => {
    // 32_400 / 3600 = 9 a second
    expect(maxCost(priceOf(provider, 4n), 61n)).toBe(549n);
    // (1000 + 2 * 300) * 7 / 3600 = 3.11
    expect(maxCost(priceOf({ pricePerHour: 1_000n, gpuPricePerHour: 300n }, 2n), 7n)).toBe(4n);
  });
});

describe("a stream whose rate changes", () => {
  const opened = { ratePerHour: 1_000n, secondsBilled: 0n, acc: 0n };

  it("keeps what each second was billed at, and no fraction is lost between", () => {
    const first = bill(opened, 5n);
    // 1000 * 5 = 5000; / 3600 = 1.39
    expect(first).toEqual({ ratePerHour: 1_000n, secondsBilled: 5n, acc: 5_000n });
    expect(earnedOf(first.acc)).toBe(1n);
    const second = bill({ ...first, ratePerHour: 2_000n }, 8n);
    // 5000 + 2000 * 3 = 11_000; / 3600 = 3.06, though 1.39 and 1.67 rounded apart make 2
    expect(second.acc).toBe(11_000n);
    expect(earnedOf(second.acc)).toBe(3n);
  });

  it("never bills fewer seconds than it has", () => {
    const billed = bill(opened, 5n);
    expect(bill(billed, 5n)).toBe(billed);
    expect(bill(billed, 4n)).toBe(billed);
  });

  it("is funded for what the rest of the deposit pays at today's rate", () => {
    const p = {
      ratePerHour: 3_600n,
      secondsBilled: 10n,
      acc: 36_000n,
      deposited: 100n,
      maxDurationSecs: 100n,
    };
    expect(fundedSecsOf(p)).toBe(100n);
    // 90 units left at 2 a second = 45 more
    expect(fundedSecsOf({ ...p, ratePerHour: 7_200n })).toBe(55n);
    // 90 * 3600 / 7000 = 46.29
    expect(fundedSecsOf({ ...p, ratePerHour: 7_000n })).toBe(56n);
    expect(fundedSecsOf({ ...p, ratePerHour: 0n })).toBe(100n);
    // Everything spent: not a second more.
    expect(fundedSecsOf({ ...p, acc: 360_000n })).toBe(10n);
  });
});

describe("money that waits for the buyer", () => {
  it("is that of the last seconds, at most the holdback, without those confirmed", () => {
    const p = { holdbackSecs: 10n, secondsBilled: 30n, secondsConfirmed: 0n };
    expect(heldSecs(p)).toBe(10n);
    expect(heldSecs({ ...p, secondsConfirmed: 24n })).toBe(6n);
    expect(heldSecs({ ...p, secondsConfirmed: 30n })).toBe(0n);
    // The buyer confirmed seconds that aren't funded yet.
    expect(heldSecs({ ...p, secondsConfirmed: 40n })).toBe(0n);
    expect(heldSecs({ ...p, secondsBilled: 4n })).toBe(4n);
    expect(heldSecs({ ...p, holdbackSecs: 0n })).toBe(0n);
  });

  it("leaves the rest to be paid", () => {
    // 30 s at 1000 = 30_000; without the last 10: 20_000 / 3600 = 5.56
    expect(releasable({ acc: 30_000n, heldRatePerHour: 1_000n, heldSecs: 10n })).toBe(5n);
    // Nothing held: 30_000 / 3600 = 8.33
    expect(releasable({ acc: 30_000n, heldRatePerHour: 1_000n, heldSecs: 0n })).toBe(8n);
    expect(releasable({ acc: 30_000n, heldRatePerHour: 3_000n, heldSecs: 10n })).toBe(0n);
    // After a raise the held seconds may be worth more than all that was earned.
    expect(releasable({ acc: 30_000n, heldRatePerHour: 9_000n, heldSecs: 10n })).toBe(0n);
  });
});

describe("feeSplit", () => {
  it("splits a step into provider, keeper and treasury", () => {
    // 5% of 10_000 = 500; a tenth of it = 50
    expect(feeSplit({ paidBefore: 0n, paid: 10_000n, feeBps: 500n, keeperShareBps: 1_000n })).toEqual({
      provider: 9_500n,
      keeper: 50n,
      treasury: 450n,
    });
  });

  it("rounds the sums, not the step", () => {
    // Fees: 1% of 199 = 1, of 400 = 4, so 3. Keeper: half of 1 = 0, of 4 = 2, so 2. 201 - 3 = 198.
    expect(feeSplit({ paidBefore: 199n, paid: 400n, feeBps: 100n, keeperShareBps: 5_000n })).toEqual({
      provider: 198n,
      keeper: 2n,
      treasury: 1n,
    });
  });

  it("pays in any number of steps what it pays in one, and never takes anything back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: 0n, max: 10n ** 12n }), { maxLength: 20 }),
        bps,
        fc.bigInt({ min: 0n, max: 10_000n }),
        (steps, feeBps, keeperShareBps) => {
          const sum = { provider: 0n, keeper: 0n, treasury: 0n };
          let paid = 0n;
          for (const step of steps) {
            const split = feeSplit({ paidBefore: paid, paid: paid + step, feeBps, keeperShareBps });
            expect(split.provider + split.keeper + split.treasury).toBe(step);
            expect([split.provider, split.keeper, split.treasury].every((part) => part >= 0n)).toBe(true);
            sum.provider += split.provider;
            sum.keeper += split.keeper;
            sum.treasury += split.treasury;
            paid += step;
          }
          expect(sum).toEqual(feeSplit({ paidBefore: 0n, paid, feeBps, keeperShareBps }));
        },
      ),
    );
  });
});

describe("disputes", () => {
  it("cost a bond that is rounded up, so none is free", () => {
    // 1% of 10_001 = 100.01
    expect(bondOf({ deposited: 10_001n, held: 500n }, 100n)).toBe(101n);
    expect(bondOf({ deposited: 10_000n, held: 500n }, 100n)).toBe(100n);
    expect(bondOf({ deposited: 1n, held: 1n }, 1n)).toBe(1n);
    expect(bondOf({ deposited: 1n, held: 1n }, 0n)).toBe(0n);
  });

  it("never cost more than there is to win", () => {
    expect(bondOf({ deposited: 10_000n, held: 99n }, 100n)).toBe(99n);
  });

  it("cost a part of the stake, that on its way out too", () => {
    // Half of 75 + 26 = 50.5
    expect(slashOf({ staked: 75n, unbonding: 26n }, 5_000n)).toBe(50n);
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
