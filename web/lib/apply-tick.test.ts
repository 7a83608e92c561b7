import type { JobDto, TickDto } from "@computestream/protocol/api";
import { expect, it } from "vitest";
import { applyTick, mergeTicks } from "./apply-tick.ts";

const job = {
  job: "0x1",
  state: "Running",
  feeBps: 100,
  secondsAttested: 2,
  secondsConfirmed: 0,
  secondsBilled: 2,
  paidToProvider: "198",
  fees: "2",
  balance: "800",
  acc: "720000",
  held: "0",
} as JobDto;
const tick = (change: Partial<TickDto>): TickDto =>
  ({
    job: "0x1",
    version: "10",
    index: 0,
    secondsAttested: 5,
    secondsConfirmed: 0,
    secondsBilled: 5,
    paid: "550",
    balance: "450",
    acc: "1980000",
    ...change,
  }) as TickDto;

it("takes the cumulative amounts, splitting off the fee as the chain does", () => {
  // floor(550 * 100 / 10000) = 5
  expect(applyTick(job, tick({}))).toMatchObject({
    fees: "5",
    paidToProvider: "545",
    balance: "450",
    secondsBilled: 5,
    held: "0",
  });
});

it("holds what is earned and not paid, whatever the rates were", () => {
  // 2,520,000 / 3,600 = 700, of which 550 are paid.
  const later = applyTick(job, tick({ secondsBilled: 8, acc: "2520000" }));
  expect(later).toMatchObject({ held: "150", acc: "2520000", secondsBilled: 8 });
  // Confirmed: paid without a second more.
  const paid = tick({ secondsBilled: 8, secondsConfirmed: 8, acc: "2520000", paid: "700", balance: "300" });
  expect(applyTick(later, paid)).toMatchObject({ held: "0", secondsConfirmed: 8, balance: "300" });
});

it("takes progress that pays nothing yet", () => {
  const progress = tick({ paid: "200", balance: "800" });
  expect(applyTick(job, progress)).toMatchObject({ secondsBilled: 5, held: "350", paidToProvider: "198" });
});

it("ignores older ticks and other jobs, and leaves a settled one alone", () => {
  expect(applyTick(job, tick({ paid: "199" }))).toBe(job);
  expect(applyTick(job, tick({ acc: "719999" }))).toBe(job);
  expect(applyTick(job, tick({ job: "0x2" }))).toBe(job);
  const settled = { ...job, state: "Settled" } as JobDto;
  expect(applyTick(settled, tick({}))).toBe(settled);
});

it("keeps ticks once and in chain order", () => {
  const merged = mergeTicks(
    [tick({ version: "9" }), tick({ version: "10" })],
    [tick({ version: "10" }), tick({ version: "10", index: 1 }), tick({ version: "2" })],
  );
  expect(merged.map((t) => `${t.version}:${t.index}`)).toEqual(["2:0", "9:0", "10:0", "10:1"]);
  expect(mergeTicks(merged, [tick({ version: "11" })])).toHaveLength(5);
});
