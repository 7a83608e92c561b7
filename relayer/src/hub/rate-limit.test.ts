import { expect, it } from "vitest";
import { createTokenBucket } from "./rate-limit.ts";

it("lets a burst pass, then asks to wait until the debt is refilled", () => {
  const bucket = createTokenBucket(10, 20, 0);
  expect(bucket.spend(20, 0)).toBe(0);
  expect(bucket.spend(5, 0)).toBe(500);
  expect(bucket.spend(0, 500)).toBe(0);
});

it("never holds more than the burst", () => {
  const bucket = createTokenBucket(10, 20, 0);
  expect(bucket.spend(20, 3_600_000)).toBe(0);
  expect(bucket.spend(1, 3_600_000)).toBe(100);
});
