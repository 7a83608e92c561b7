import { expect, it } from "vitest";
import { createBatchSizer, isOverflow } from "./batch-size.ts";

it("fills a transaction by what it was allowed, what a node takes, and gas", () => {
  expect(createBatchSizer({ entriesMax: 300, gasMax: 1_000_000 }).size()).toBe(300);
  // (65,536 - 600) / 154 bytes an entry = 421.6
  expect(createBatchSizer({ entriesMax: 1_000, gasMax: 1_000_000 }).size()).toBe(421);
  // ((10,000 - 1,000) / 1.5 - 80) / 45 = 131.5
  expect(createBatchSizer({ entriesMax: 300, gasMax: 10_000 }).size()).toBe(131);
});

it("learns what an entry costs: at once when it is more, slowly when it is less", () => {
  const sizer = createBatchSizer({ entriesMax: 300, gasMax: 10_000 });
  // (8,080 - 80) / 100 = 80 an entry: (6,000 - 80) / 80 = 74.
  sizer.fitted(100, 8_080);
  expect(sizer.size()).toBe(74);
  // (2,080 - 80) / 100 = 20: a fifth of the way from 80 is 68, and (6,000 - 80) / 68 = 87.06.
  sizer.fitted(100, 2_080);
  expect(sizer.size()).toBe(87);
  // (80 + 68 * 10) * 1.5 + 1,000 = 2,140
  expect(sizer.gasFor(10)).toBe(2_140);
});

it("halves after an overflow and grows back by a tenth with each batch that fits", () => {
  const sizer = createBatchSizer({ entriesMax: 300, gasMax: 1_000_000 });
  sizer.overflowed(200);
  expect(sizer.size()).toBe(100);
  sizer.fitted(100, 4_580);
  expect(sizer.size()).toBe(110);
});

it("never gives more gas than it may, and always room for one", () => {
  const sizer = createBatchSizer({ entriesMax: 300, gasMax: 2_000 });
  sizer.fitted(1, 100_000);
  expect(sizer.size()).toBe(1);
  expect(sizer.gasFor(1)).toBe(2_000);
});

it.each([
  ["OUT_OF_GAS", true],
  ["EXECUTION_LIMIT_REACHED", true],
  ["EXCEEDED_MAX_TRANSACTION_SIZE", true],
  ["E_BATCH_LENGTHS", false],
])("%s is cured by a smaller batch: %s", (code, is) => {
  expect(isOverflow(code)).toBe(is);
});
