import { describe, expect, it } from "vitest";
import { createWindow, freedInMs } from "./window.ts";

describe("a window", () => {
  it("forgets a request when a whole minute has passed since the second it came in, not before", () => {
    const window = createWindow();
    window.add(1, 500);
    window.add(2, 1_999);
    // Second 0 ends at 1,000 and is gone 60 seconds later, at 61,000; second 1 at 62,000.
    expect([60_999, 61_000, 61_999, 62_000].map((nowMs) => window.used(nowMs))).toEqual([3, 2, 2, 0]);
  });

  it("never lets more than its quota through in any 60 seconds", () => {
    const [quota, window, taken] = [5, createWindow(), [] as number[]];
    // One try every 700 ms for ten minutes.
    for (let nowMs = 0; nowMs < 600_000; nowMs += 700) {
      if (window.used(nowMs) >= quota) continue;
      window.add(1, nowMs);
      taken.push(nowMs);
    }
    const most = Math.max(...taken.map((from) => taken.filter((t) => t >= from && t < from + 60_000).length));
    expect(most).toBe(5);
    // Five, and five again each 61 seconds at the latest.
    expect(taken.length).toBeGreaterThanOrEqual(5 * Math.floor(600 / 61));
  });

  it("tells the oldest second that counts, and when that is free", () => {
    const window = createWindow();
    expect(window.oldestSlice(0)).toBeNull();
    window.add(1, 10_250);
    window.add(1, 40_000);
    expect([window.oldestSlice(40_000), freedInMs(10, 40_000)]).toEqual([10, 31_000]);
    expect(window.oldestSlice(71_000)).toBe(40);
  });

  it("keeps what it has when the clock is put back, and forgets all after a long silence", () => {
    const window = createWindow();
    window.add(3, 100_000);
    window.add(1, 40_000);
    expect([window.used(40_000), window.used(160_999), window.used(161_000)]).toEqual([4, 4, 0]);
    window.add(1, 161_000);
    expect(window.used(10_000_000)).toBe(0);
  });
});
