import { describe, expect, it } from "vitest";
import { createBatchSizer } from "./batch-size.ts";

describe("createBatchSizer", () => {
  it("doubles at most, up to the limit, while batches are quick", () => {
    const sizer = createBatchSizer({ targetMs: 400, maxEvents: 10_000 });
    expect(sizer.limit.events).toBe(2_000);
    const sizes = Array.from({ length: 4 }, () => {
      sizer.wrote({ events: sizer.limit.events, ms: 10 });
      return sizer.limit.events;
    });
    expect(sizes).toEqual([4_000, 8_000, 10_000, 10_000]);
  });

  it("takes what fits into the time, but never less than half of before", () => {
    const sizer = createBatchSizer({ targetMs: 400 });
    sizer.wrote({ events: 2_000, ms: 500 });
    expect(sizer.limit.events).toBe(1_600); // 4 a millisecond
    sizer.wrote({ events: 1_600, ms: 100_000 });
    expect(sizer.limit.events).toBe(800);
    for (let i = 0; i < 10; i += 1) sizer.wrote({ events: 1, ms: 100_000 });
    expect(sizer.limit.events).toBe(250);
  });

  it("learns nothing from a small batch that was quick", () => {
    const sizer = createBatchSizer({ targetMs: 400 });
    sizer.wrote({ events: 3, ms: 30 });
    sizer.wrote({ events: 0, ms: 0 });
    expect(sizer.limit.events).toBe(2_000);
  });
});
