import type { TickDto } from "@computestream/protocol/api";
import { EVENT_SCHEMAS } from "@computestream/protocol/events";
import { describe, expect, it } from "vitest";
import { eventWords, tickWords } from "./receipt.ts";

const money = (value: unknown) => `${value} units`;
const tick = (change: Partial<TickDto>) =>
  ({ secondsBilled: 12, secondsConfirmed: 0, amount: "500", keeperFee: "0", ...change }) as TickDto;

describe("tickWords", () => {
  it("tells what was confirmed and what the keeper got only where there is something", () => {
    expect(tickWords(tick({}), money)).toEqual({
      text: "Paid up to second 12",
      detail: null,
      amount: "500 units",
    });
    expect(tickWords(tick({ secondsConfirmed: 8, keeperFee: "3" }), money).detail).toBe(
      "8 confirmed · keeper's part 3 units",
    );
  });

  it("doesn't call it a payment when nothing was paid", () => {
    expect(tickWords(tick({ amount: "0" }), money)).toMatchObject({
      text: "Counted up to second 12",
      amount: null,
    });
  });
});

describe("eventWords", () => {
  it("has words for every event of a job, its stream, its escrow and its cases", () => {
    const { job, job_registry, stream, escrow, dispute } = EVENT_SCHEMAS;
    const modules = [job, job_registry, stream, escrow, dispute];
    const names = modules.flatMap((module) => Object.keys(module));
    const unknown = names
      // A settlement is a tick.
      .filter((name) => name !== "StreamSettled")
      .filter((name) => eventWords({ name, data: {} }, money).text === spaced(name));
    expect(unknown).toEqual([]);
  });

  it("shows the name of an event it doesn't know", () => {
    expect(eventWords({ name: "JobTeleported", data: {} }, money)).toEqual({
      text: "Job Teleported",
      detail: null,
      amount: null,
    });
  });

  it("tells the bond of a case and where it goes", () => {
    const opened = eventWords({ name: "OutputChallenged", data: { chunk_index: "7", bond: "9" } }, money);
    expect(opened).toMatchObject({ text: "Output challenged: piece 7", amount: "9 units" });
    const data = { award: "4", unreleased: "10", bond_to: "0x5", by_default: false };
    expect(eventWords({ name: "ArbitrationDecided", data }, money)).toEqual({
      text: "The arbiter decided",
      detail: "awarded to the machine, of 10 units held; the bond goes to 0x5",
      amount: "4 units",
    });
  });

  it("leaves out what a job doesn't hold back", () => {
    expect(eventWords({ name: "JobCompleted", data: { challenge_until: "0" } }, money).detail).toBeNull();
    expect(
      eventWords({ name: "JobCompleted", data: { challenge_until: "1767268800" } }, money).detail,
    ).toMatch(/held money waits until 1 Jan 2026/);
    expect(eventWords({ name: "JobExpired", data: { challenge_until: "0" } }, money).detail).toBeNull();
    expect(eventWords({ name: "JobExpired", data: { challenge_until: "1767268800" } }, money).detail).toMatch(
      /held money waits until 1 Jan 2026/,
    );
    expect(eventWords({ name: "StreamStalled", data: { answer_by: "1767268800" } }, money).detail).toMatch(
      /until 1 Jan 2026/,
    );
    expect(eventWords({ name: "StreamSealed", data: { unreleased: "0" } }, money).amount).toBeNull();
    expect(eventWords({ name: "StreamSealed", data: { unreleased: "7" } }, money).amount).toBe("7 units");
  });
});

function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1 $2");
}
