import type { JobDto, TickDto } from "@computestream/protocol/api";
import { expect, it } from "vitest";
import { applyTick, mergeTicks } from "./apply-tick.ts";

const job = {
  job: "0x1",
  feeBps: 100,
  ratePerHour: "360000",
  holdbackSecs: 0,
  secondsAttested: 2,
  secondsConfirmed: 0,
  secondsBilled: 2,
  paidToProvider: "198",
  fees: "2",
  balance: "800",
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

it("holds the seconds that nobody confirmed, at most the holdback", () => {
  // 100 a second; 8 of 10 wait: 800. With 5 confirmed only the 5 since then: 500.
  const held = { ...job, holdbackSecs: 8 };
  expect(applyTick(held, tick({ secondsBilled: 10 })).held).toBe("800");
  const confirmed = applyTick(held, tick({ secondsBilled: 10, secondsConfirmed: 5 }));
  expect(confirmed).toMatchObject({ held: "500", secondsConfirmed: 5 });
});

it("ignores older ticks and other jobs", () => {
  expect(applyTick(job, tick({ paid: "199" }))).toBe(job);
  expect(applyTick(job, tick({ job: "0x2" }))).toBe(job);
});

it("keeps ticks once and in chain order", () => {
  const merged = mergeTicks(
    [tick({ version: "9" }), tick({ version: "10" })],
    [tick({ version: "10" }), tick({ version: "10", index: 1 }), tick({ version: "2" })],
  );
  expect(merged.map((t) => `${t.version}:${t.index}`)).toEqual(["2:0", "9:0", "10:0", "10:1"]);
  expect(mergeTicks(merged, [tick({ version: "11" })])).toHaveLength(5);
});
