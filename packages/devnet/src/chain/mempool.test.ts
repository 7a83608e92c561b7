import { describe, expect, it } from "vitest";
import { createMempool } from "./mempool.ts";
import type { SignedTransaction } from "./transaction.ts";

const transaction = (sender: number, sequenceNumber: bigint, extra: Partial<SignedTransaction> = {}) =>
  ({
    sender: Buffer.alloc(32, sender),
    sequenceNumber,
    nonce: null,
    hash: Buffer.from(`${sender}/${sequenceNumber}/${extra.nonce ?? ""}/${extra.gasUnitPrice ?? ""}`),
    expirationSecs: 100n,
    ...extra,
  }) as SignedTransaction;

describe("mempool", () => {
  it("hands out a sender's transactions by sequence number, whatever order they came in", () => {
    const pool = createMempool();
    const [zero, one, two] = [0n, 1n, 2n].map((n) => transaction(1, n)) as [
      SignedTransaction,
      SignedTransaction,
      SignedTransaction,
    ];
    pool.add(two, 0n);
    pool.add(one, 0n);
    expect(pool.takeReady()).toBeNull();
    pool.add(zero, 0n);
    expect(pool.takeReady()).toBe(zero);
    expect(pool.takeReady()).toBeNull();
    pool.advance(zero.sender, 1n);
    expect(pool.takeReady()).toBe(one);
    pool.advance(zero.sender, 2n);
    expect(pool.takeReady()).toBe(two);
    expect(pool.size).toBe(0);
  });
  it("refuses a used number, one beyond the window, and a second transaction for one number", () => {
    const pool = createMempool();
    expect(() => pool.add(transaction(1, 4n), 5n)).toThrow("SEQUENCE_NUMBER_TOO_OLD");
    expect(() => pool.add(transaction(1, 105n), 5n)).toThrow("SEQUENCE_NUMBER_TOO_NEW");
    pool.add(transaction(1, 104n), 5n);
    expect(() => pool.add(transaction(1, 104n, { gasUnitPrice: 200n }), 5n)).toThrow("different payload");
    expect(pool.size).toBe(1);
  });
  it("drops what has expired, even what is ready", () => {
    const pool = createMempool();
    pool.add(transaction(1, 0n), 0n);
    pool.add(transaction(2, 0n, { expirationSecs: 101n }), 0n);
    expect(pool.expire(100n).map((t) => t.sender[0])).toEqual([1]);
    expect(pool.takeReady()?.sender[0]).toBe(2);
    expect(pool.takeReady()).toBeNull();
  });
  it("runs orderless transactions at once, whatever the sequence number is", () => {
    const pool = createMempool();
    const orderless = transaction(1, 2n ** 64n - 1n, { nonce: 5n });
    pool.add(orderless, 3n);
    expect(pool.takeReady()).toBe(orderless);
  });
});
