/**
 * Accepted transactions that wait for their turn: at most one for each sender and sequence number.
 * It doesn't validate or run them.
 */
import { latin1 } from "../codec/bytes.ts";
import { ConflictingTransaction, MempoolFull, TransactionRejected } from "./rejection.ts";
import type { SignedTransaction } from "./transaction.ts";

/** As the fullnode's mempool: 100 for each account. */
export const SEQUENCE_WINDOW = 100n;
const CAPACITY = 200_000;

export interface Mempool {
  readonly size: number;
  /** `next` is the sender's sequence number in state. Throws a rejection. */
  add(transaction: SignedTransaction, next: bigint): void;
  byHash(hash: Uint8Array): SignedTransaction | null;
  /** The next transaction whose turn it is, removed; null when none is. */
  takeReady(): SignedTransaction | null;
  readonly hasReady: boolean;
  /** The sender's sequence number is now `next`: what waited for it becomes ready. */
  advance(sender: Uint8Array, next: bigint): void;
  /** Removes and returns what can never run any more. */
  expire(nowSecs: bigint): SignedTransaction[];
}

export function createMempool(): Mempool {
  const bySender = new Map<string, Map<bigint, SignedTransaction>>();
  const byHash = new Map<string, SignedTransaction>();
  let ready: SignedTransaction[] = [];
  let head = 0;

  function forget(transaction: SignedTransaction): void {
    byHash.delete(latin1(transaction.hash));
    if (transaction.nonce !== null) return;
    const sender = latin1(transaction.sender);
    const own = bySender.get(sender);
    own?.delete(transaction.sequenceNumber);
    if (own?.size === 0) bySender.delete(sender);
  }

  return {
    get size() {
      return byHash.size;
    },
    get hasReady() {
      return head < ready.length;
    },
    add(transaction, next) {
      if (byHash.size >= CAPACITY) throw new MempoolFull();
      if (transaction.nonce === null) {
        const { sequenceNumber } = transaction;
        if (sequenceNumber < next) throw new TransactionRejected("SEQUENCE_NUMBER_TOO_OLD");
        if (sequenceNumber >= next + SEQUENCE_WINDOW)
          throw new TransactionRejected("SEQUENCE_NUMBER_TOO_NEW");
        const sender = latin1(transaction.sender);
        const own = bySender.get(sender) ?? new Map<bigint, SignedTransaction>();
        if (own.has(sequenceNumber)) throw new ConflictingTransaction();
        own.set(sequenceNumber, transaction);
        bySender.set(sender, own);
        if (sequenceNumber === next) ready.push(transaction);
      } else {
        ready.push(transaction);
      }
      byHash.set(latin1(transaction.hash), transaction);
    },
    byHash: (hash) => byHash.get(latin1(hash)) ?? null,
    takeReady() {
      while (head < ready.length) {
        const transaction = ready[head++];
        if (head > 1024 && head * 2 > ready.length) {
          ready = ready.slice(head);
          head = 0;
        }
        // One that expired while it was ready is gone from the index.
        if (!transaction || !byHash.has(latin1(transaction.hash))) continue;
        forget(transaction);
        return transaction;
      }
      return null;
    },
    advance(sender, next) {
      const waiting = bySender.get(latin1(sender))?.get(next);
      if (waiting) ready.push(waiting);
    },
    expire(nowSecs) {
      const gone = [...byHash.values()].filter((t) => t.expirationSecs <= nowSecs);
      for (const transaction of gone) forget(transaction);
      return gone;
    },
  };
}
