import type { JobState, SignedUsage } from "@computestream/protocol";
import type { StreamView } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { behindSecs, type Clocks, chunk, dueOf, isDue, keeperWindow, sendBisecting } from "./plan.ts";

const JOB = `0x${"11".repeat(32)}`;

/** Started at 1000 with 7_200 units/h (2 a second) and funds for 100 seconds. */
function stream(over: Partial<StreamView> = {}): StreamView {
  return {
    job: JOB,
    payer: "0x1",
    payee: "0x2",
    asset: "0xa",
    attestKey: "0x",
    ratePerHour: 7_200n,
    deposited: 200n,
    maxDurationSecs: 100n,
    fundedSecs: 100n,
    holdbackSecs: 0n,
    heldRatePerHour: over.ratePerHour ?? 7_200n,
    startedAt: 1000n,
    endedAt: 0n,
    proveUntil: 0n,
    seq: 0n,
    secondsAttested: 0n,
    secondsConfirmed: 0n,
    secondsBilled: 0n,
    acc: 0n,
    earned: 0n,
    paid: 0n,
    feePaid: 0n,
    keeperPaid: 0n,
    feeBps: 100n,
    keeperShareBps: 1000n,
    balance: 200n,
    lastProgressAt: 1000n,
    stalledAt: 0n,
    sealed: false,
    closed: false,
    ...over,
  };
}

function usage(seq: bigint, secondsCum: bigint): SignedUsage {
  return {
    job: JOB,
    seq,
    secondsCum,
    tLast: 1000n + secondsCum,
    logRoot: `0x${"00".repeat(32)}`,
    signature: "0x",
  };
}

/** The chain's clock is this machine's, unless told apart. */
const at = (nowSecs: bigint, chainSecs = nowSecs): Clocks => ({ nowSecs, chainSecs });

describe("dueOf", () => {
  it("is the seconds since the last settlement at the rate, gross", () => {
    expect(dueOf(stream(), usage(5n, 5n), at(1005n))).toBe(10n);
    const five = { seq: 5n, secondsAttested: 5n, secondsBilled: 5n, acc: 36_000n, earned: 10n, paid: 10n };
    expect(dueOf(stream(five), usage(8n, 8n), at(1010n))).toBe(6n);
  });
  it("counts seconds at the rate they were billed at, and new ones at today's", () => {
    // Five seconds at 2 a second are 10; three more at 4 a second are 12.
    const raised = { seq: 5n, secondsAttested: 5n, secondsBilled: 5n, acc: 36_000n, earned: 10n, paid: 10n };
    expect(dueOf(stream({ ...raised, ratePerHour: 14_400n }), usage(8n, 8n), at(1010n))).toBe(12n);
  });
  it("loses no part of a unit where the rate has changed", () => {
    // 5 s at 1,000 an hour are 5,000 / 3,600 = 1.39; 3 s at 2,000 make it 11,000 / 3,600 = 3.06, so 2 more are due.
    const one = { seq: 5n, secondsAttested: 5n, secondsBilled: 5n, acc: 5_000n, earned: 1n, paid: 1n };
    expect(dueOf(stream({ ...one, ratePerHour: 2_000n }), usage(8n, 8n), at(1010n))).toBe(2n);
  });
  it("holds back at the rate that the stream tells, not at today's", () => {
    // 6 s at 2 a second, then half of that: 12 + 3; the last four are held at 2 each until the buyer agrees.
    const six = { seq: 6n, secondsAttested: 6n, secondsBilled: 6n, acc: 43_200n, earned: 12n, paid: 4n };
    const lowered = stream({ ...six, holdbackSecs: 4n, ratePerHour: 3_600n, heldRatePerHour: 7_200n });
    expect(dueOf(lowered, usage(9n, 9n), at(1010n))).toBe(3n);
    expect(dueOf({ ...lowered, heldRatePerHour: 3_600n }, usage(9n, 9n), at(1010n))).toBe(7n);
  });
  it("leaves out what waits for the buyer: the last seconds that it hasn't confirmed", () => {
    const held = stream({ holdbackSecs: 4n });
    expect(dueOf(held, usage(4n, 4n), at(1010n))).toBe(0n);
    expect(dueOf(held, usage(9n, 9n), at(1010n))).toBe(10n);
    // Seven confirmed: only two of nine wait.
    expect(dueOf({ ...held, secondsConfirmed: 7n }, usage(9n, 9n), at(1010n))).toBe(14n);
  });
  it("is bounded by the wall clock, by its end, and by the funds", () => {
    expect(dueOf(stream(), usage(9n, 9n), at(1004n))).toBe(8n);
    expect(dueOf(stream({ endedAt: 1003n, proveUntil: 1060n }), usage(9n, 9n), at(1050n))).toBe(6n);
    expect(dueOf(stream(), usage(150n, 150n), at(2000n))).toBe(200n);
  });
  it("is zero for what the chain has already, and for a sealed or closed stream", () => {
    expect(dueOf(stream({ seq: 5n, secondsAttested: 5n, paid: 10n }), usage(5n, 5n), at(1010n))).toBe(0n);
    expect(dueOf(stream({ sealed: true }), usage(5n, 5n), at(1010n))).toBe(0n);
    expect(dueOf(stream({ closed: true }), usage(5n, 5n), at(1010n))).toBe(0n);
  });
  it("is zero once nothing can be proven any more, by the chain's own clock", () => {
    const over = stream({ endedAt: 1005n, proveUntil: 1020n });
    expect(dueOf(over, usage(5n, 5n), at(1020n))).toBe(0n);
    // This machine's clock runs ahead: the chain still takes it.
    expect(dueOf(over, usage(5n, 5n), at(1025n, 1019n))).toBe(10n);
  });
  it("rounds down: a third of a unit a second is nothing before the third second", () => {
    const slow = stream({ ratePerHour: 1_200n });
    expect(dueOf(slow, usage(2n, 2n), at(1010n))).toBe(0n);
    expect(dueOf(slow, usage(3n, 3n), at(1010n))).toBe(1n);
  });
});

describe("isDue", () => {
  it("settles a worthless second only when the stream would otherwise look stalled", () => {
    const slow = stream({ ratePerHour: 36n, maxDurationSecs: 90_000n, fundedSecs: 90_000n, deposited: 900n });
    expect(isDue(slow, usage(19n, 19n), at(1019n))).toBe(false);
    expect(isDue(slow, usage(20n, 20n), at(1020n))).toBe(true);
    expect(isDue({ ...slow, stalledAt: 1005n }, usage(5n, 5n), at(1006n))).toBe(true);
  });
  it("proves what is held back of an ended job at once, and nothing of a sealed one", () => {
    const held = stream({ holdbackSecs: 50n, endedAt: 1005n, proveUntil: 1020n });
    expect(isDue(held, usage(5n, 5n), at(1006n))).toBe(true);
    expect(isDue(held, usage(5n, 5n), at(1020n))).toBe(false);
    expect(isDue({ ...held, endedAt: 0n }, usage(5n, 5n), at(1006n))).toBe(false);
    expect(isDue({ ...held, sealed: true }, usage(5n, 5n), at(1006n))).toBe(false);
  });
});

it("counts attested seconds that are not proven on chain", () => {
  expect(behindSecs(stream({ secondsAttested: 4n }), usage(9n, 9n), at(1010n))).toBe(5n);
  expect(behindSecs(stream({ secondsAttested: 9n }), usage(9n, 9n), at(1010n))).toBe(0n);
});

it("cuts a list into batches and leaves none out", () => {
  expect(chunk([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(chunk([], 2)).toEqual([]);
});

describe("keeperWindow", () => {
  const job = (state: JobState, over: Partial<Parameters<typeof keeperWindow>[0]> = {}) => ({
    state,
    acceptBy: 100n,
    startBy: 200n,
    claimUntil: 300n,
    challengeUntil: 0n,
    caseUntil: 0n,
    rules: { stallAfterSecs: 60n, stallGraceSecs: 30n },
    ...over,
  });
  const stream = { lastProgressAt: 1000n, stalledAt: 0n, earned: 50n, paid: 40n };

  it("expires what was not accepted or started in time", () => {
    expect(keeperWindow(job("Pending"), null)).toEqual({ action: "expire", after: 100n });
    expect(keeperWindow(job("Accepted"), null)).toEqual({ action: "expire", after: 200n });
  });
  it("flags a silent stream after the job's own window and expires it after the grace", () => {
    expect(keeperWindow(job("Running"), stream)).toEqual({ action: "flag_stalled", after: 1060n });
    const flagged = { ...stream, stalledAt: 1061n };
    expect(keeperWindow(job("Running"), flagged)).toEqual({ action: "expire", after: 1091n });
  });
  it("finalizes a terminated job after the claim window, and leaves settled jobs alone", () => {
    expect(keeperWindow(job("Terminated"), stream)).toEqual({ action: "finalize", after: 300n });
    expect(keeperWindow(job("Settled"), stream)).toBe(null);
  });
  it.each(["Completed", "Failed", "Terminated", "Expired"] as const)(
    "finalizes a %s job that holds something back when the buyer's time to challenge is over",
    (state) => {
      const waiting = job(state, { challengeUntil: 900n });
      expect(keeperWindow(waiting, stream)).toEqual({ action: "finalize", after: 900n });
      // The buyer has confirmed everything meanwhile.
      expect(keeperWindow(waiting, { ...stream, paid: 50n })).toEqual({ action: "finalize", after: 300n });
    },
  );
  it("finalizes a job that never ran as soon as its issuer lets it", () => {
    const frozen = job("Cancelled", { claimUntil: 0n });
    expect(keeperWindow(frozen, null)).toEqual({ action: "finalize", after: 0n });
  });
  it("resolves a case past its deadline, whatever the other windows say", () => {
    const disputed = job("Completed", { challengeUntil: 900n, caseUntil: 5_000n });
    expect(keeperWindow(disputed, stream)).toEqual({ action: "resolve", after: 5_000n });
  });
});

describe("sendBisecting", () => {
  const failing = (bad: number[]) => {
    const sent: number[][] = [];
    const send = async (items: number[]) => {
      sent.push(items);
      return items.some((item) => bad.includes(item)) ? { code: "E_BAD", message: "bad" } : null;
    };
    const settled = () => sent.filter((items) => !items.some((item) => bad.includes(item))).flat();
    return { sent, send, settled };
  };
  const eight = [1, 2, 3, 4, 5, 6, 7, 8];

  it("sends a good batch once", async () => {
    const { sent, send } = failing([]);
    expect(await sendBisecting(eight, send, 10)).toEqual({ poisoned: [], left: [] });
    expect(sent).toEqual([eight]);
  });
  it("finds one bad entry and settles all the others once", async () => {
    const { sent, send, settled } = failing([6]);
    const report = await sendBisecting(eight, send, 10);
    expect(report).toEqual({ poisoned: [{ item: 6, failure: { code: "E_BAD", message: "bad" } }], left: [] });
    expect(settled().sort()).toEqual([1, 2, 3, 4, 5, 7, 8]);
    expect(sent).toEqual([eight, [1, 2, 3, 4], [5, 6, 7, 8], [5, 6], [5], [6], [7, 8]]);
  });
  it("finds several", async () => {
    const { send, settled } = failing([1, 8]);
    const report = await sendBisecting(eight, send, 20);
    expect(report.poisoned.map(({ item }) => item)).toEqual([1, 8]);
    expect(settled().sort()).toEqual([2, 3, 4, 5, 6, 7]);
  });
  it("gives up after too many failures and names what is left, none lost", async () => {
    const { send, settled } = failing(eight);
    const report = await sendBisecting(eight, send, 5);
    const found = report.poisoned.map(({ item }) => item);
    expect(found.length).toBeGreaterThan(0);
    expect([...found, ...report.left, ...settled()].sort()).toEqual(eight);
  });
  it("stops at what is thrown: nothing more is sent", async () => {
    let calls = 0;
    const send = async () => {
      calls += 1;
      throw new Error("node away");
    };
    await expect(sendBisecting(eight, send, 10)).rejects.toThrow("node away");
    expect(calls).toBe(1);
  });
});
