import { describe, expect, it } from "vitest";
import { NEW_PROVIDER_SCORE, scoreOf } from "./score.ts";

const nothing = { jobsCompleted: 0n, jobsFailed: 0n, jobsExpired: 0n, faults: 0n };

describe("a provider's score", () => {
  it("starts in the middle", () => {
    // 10_000 * 2 / 4
    expect(scoreOf(nothing)).toBe(5_000n);
    expect(scoreOf(nothing)).toBe(BigInt(NEW_PROVIDER_SCORE));
  });

  it.each([
    // 10_000 * (2 + 2) / (2 + 4) = 6666.67
    [{ ...nothing, jobsCompleted: 1n }, 6_666n],
    // 10_000 * (200 + 2) / (200 + 4) = 9901.96
    [{ ...nothing, jobsCompleted: 100n }, 9_901n],
    // 10_000 * (1 + 2) / (2 + 4) = 5000: a failed job may be the buyer's
    [{ ...nothing, jobsFailed: 1n }, 5_000n],
    // 10_000 * 2 / (8 + 4) = 1666.67
    [{ ...nothing, jobsExpired: 1n }, 1_666n],
    // 10_000 * (200 + 2) / (200 + 80 + 4) = 7112.68
    [{ ...nothing, jobsCompleted: 100n, faults: 1n }, 7_112n],
    // 10_000 * (2*7 + 2 + 2) / (14 + 4 + 24 + 80 + 4) = 180_000 / 126 = 1428.57
    [{ jobsCompleted: 7n, jobsFailed: 2n, jobsExpired: 3n, faults: 1n }, 1_428n],
  ])("of %o is %s", (record, score) => {
    expect(scoreOf(record)).toBe(score);
  });
});
