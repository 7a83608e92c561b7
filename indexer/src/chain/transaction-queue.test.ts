import type { TransactionRecord } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { createTransactionQueue } from "./transaction-queue.ts";

/** Transactions with so many events each; versions count from `first`. */
const page = (first: number, ...events: number[]) =>
  events.map(
    (count, i) =>
      ({ version: BigInt(first + i), events: Array(count).fill(null) }) as unknown as TransactionRecord,
  );
const never = new AbortController().signal;
const versionsOf = (batch: TransactionRecord[]) => batch.map((record) => Number(record.version));

describe("createTransactionQueue", () => {
  it("gives batches across pages, within both limits, and never less than one transaction", async () => {
    const queue = createTransactionQueue();
    queue.push(page(0, 1, 1, 1));
    queue.push(page(3, 0, 0, 9, 1));
    const take = async (transactions: number, events: number) =>
      versionsOf(await queue.take({ transactions, events }, never));
    expect(await take(2, 100)).toEqual([0, 1]);
    expect(await take(100, 8)).toEqual([2, 3, 4]); // the next one has 9 events
    expect(await take(100, 5)).toEqual([5]); // more than asked for, but one is the least
    expect(await take(100, 5)).toEqual([6]);
  });

  it("waits for a page, and ends with what was told after all that came before", async () => {
    const queue = createTransactionQueue();
    const first = queue.take({ transactions: 10, events: 10 }, never);
    queue.push(page(0, 1));
    expect(versionsOf(await first)).toEqual([0]);
    queue.push(page(1, 1));
    queue.end(new Error("gap"));
    expect(versionsOf(await queue.take({ transactions: 10, events: 10 }, never))).toEqual([1]);
    await expect(queue.take({ transactions: 10, events: 10 }, never)).rejects.toThrow("gap");
  });

  it("has no room beyond its bounds until something is taken", async () => {
    const queue = createTransactionQueue();
    expect(queue.hasRoom(39_999)).toBe(true);
    expect(queue.hasRoom(40_000)).toBe(false);
    queue.push(page(0, 32_000));
    expect(queue.hasRoom(0)).toBe(false);
    const taken = queue.taken(never);
    await queue.take({ transactions: 1, events: 1 }, never);
    await taken;
    expect(queue.hasRoom(0)).toBe(true);
  });

  it("stops waiting when told to", async () => {
    const queue = createTransactionQueue();
    const stop = new AbortController();
    const waiting = Promise.all([
      queue.take({ transactions: 1, events: 1 }, stop.signal),
      queue.taken(stop.signal),
    ]);
    stop.abort();
    expect(await waiting).toEqual([[], undefined]);
  });
});
