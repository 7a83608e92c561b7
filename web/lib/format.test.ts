import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatAmount,
  formatBytes,
  formatDuration,
  formatPerSecond,
  formatScore,
  formatStopwatch,
  shortAddress,
  shortImage,
} from "./format.ts";

describe("formatAmount", () => {
  it("shows every digit that counts when no places are asked for", () => {
    expect(formatAmount(123_450_001n, 8)).toBe("1.23450001");
    expect(formatAmount(100_000_000n, 8)).toBe("1");
  });

  it("cuts instead of rounding up, so a balance is never shown larger than it is", () => {
    expect(formatAmount(199_999_999n, 8, 2)).toBe("1.99");
  });

  it("groups thousands and keeps the sign", () => {
    expect(formatAmount(-1_234_567_00000000n, 8, 2)).toBe("−1,234,567.00");
  });

  it("never shows money as zero", () => {
    expect(formatAmount(1n, 8, 3)).toBe("<0.001");
    expect(formatAmount(0n, 8, 3)).toBe("0");
  });
});

describe("formatPerSecond", () => {
  it("keeps six digits of a rate that doesn't divide by 3600", () => {
    // 1.2345 / 3600 = 0.000342916666…
    expect(formatPerSecond(123_450_000n, 8)).toBe("0.000342916");
  });

  it("drops trailing zeros and shows whole rates", () => {
    expect(formatPerSecond(360_000_000n, 8)).toBe("0.001");
    expect(formatPerSecond(7_200_00000000n, 8)).toBe("2");
    expect(formatPerSecond(0n, 8)).toBe("0");
  });

  it("keeps the digits of a rate below one base unit a second", () => {
    expect(formatPerSecond(1n, 0)).toBe("0.000277777");
  });
});

it("formats durations by their largest parts", () => {
  expect(formatDuration(59.9)).toBe("59 s");
  expect(formatDuration(61)).toBe("1 min 01 s");
  expect(formatDuration(3_723)).toBe("1 h 02 min 03 s");
  expect(formatDuration(90_061)).toBe("1 d 01 h 01 min");
  expect(formatDuration(-5)).toBe("0 s");
});

it("formats a stopwatch", () => {
  expect(formatStopwatch(95.9)).toBe("1:35");
  expect(formatStopwatch(3_723)).toBe("1:02:03");
});

it("tells ages in the coarsest unit that is honest", () => {
  expect(formatAgo(10_000, 11_000)).toBe("just now");
  expect(formatAgo(10_000, 22_900)).toBe("12 s ago");
  expect(formatAgo(0, 3_600_000)).toBe("1 h ago");
  expect(formatAgo(20_000, 10_000)).toBe("just now");
});

it("shortens addresses and digests but not names", () => {
  expect(shortAddress(`0x${"ab".repeat(32)}`)).toBe("0xabab…abab");
  expect(shortAddress("0xa")).toBe("0xa");
  expect(shortImage(`registry/app@sha256:${"0123456789abcdef".repeat(4)}`)).toBe(
    "registry/app@sha256:01234567…",
  );
});

it("formats sizes in decimal units", () => {
  expect(formatBytes(999)).toBe("999 B");
  expect(formatBytes(1_500)).toBe("1.5 kB");
  expect(formatBytes(64_000_000)).toBe("64 MB");
});

it("shows a score of a hundred, never rounded up", () => {
  expect(formatScore(5_000)).toBe("50.0");
  // 7 done, 1 failed: floor(10000 * 17 / 20) = 8500; 9999 isn't 100.
  expect(formatScore(8_500)).toBe("85.0");
  expect(formatScore(9_999)).toBe("99.9");
  expect(formatScore(238)).toBe("2.3");
});
