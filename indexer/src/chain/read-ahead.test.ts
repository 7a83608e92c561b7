import { describe, expect, it } from "vitest";
import { pollDelayMs } from "./read-ahead.ts";

describe("pollDelayMs", () => {
  it("asks a chain that was busy within three seconds four times as often, and a quiet one as configured", () => {
    expect([0, 2_999, 3_000, Number.POSITIVE_INFINITY].map((quietMs) => pollDelayMs(200, quietMs))).toEqual([
      50, 50, 200, 200,
    ]);
    expect(pollDelayMs(10, 0)).toBe(3);
  });
});
