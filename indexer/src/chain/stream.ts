/**
 * The chain's transactions in version order, without a gap, from a starting point to the head and beyond, in batches.
 * It doesn't store anything; how pages are fetched is `read-ahead.ts`.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { type ReadAheadOptions, startReadAhead } from "./read-ahead.ts";
import type { ChainSource } from "./source.ts";
import type { TakeLimit } from "./transaction-queue.ts";

const DEFAULT_LIMIT: TakeLimit = { transactions: 20_000, events: 8_000 };

export interface StreamOptions extends ReadAheadOptions {
  signal: AbortSignal;
  /** Asked before each batch: the most it may have. It has less when no more is read by then. */
  batchLimit?: () => TakeLimit;
}

/** Non-empty batches; ends when `signal` aborts or `untilVersion` is reached. Throws what `isFatal` says. */
export async function* streamTransactions(
  source: ChainSource,
  options: StreamOptions,
): AsyncGenerator<TransactionRecord[]> {
  // Whoever stops taking stops the reading too.
  const stop = new AbortController();
  const ahead = startReadAhead(source, options, AbortSignal.any([options.signal, stop.signal]));
  try {
    while (true) {
      const batch = await ahead.take(options.batchLimit?.() ?? DEFAULT_LIMIT);
      if (batch.length === 0) return;
      yield batch;
    }
  } finally {
    stop.abort();
  }
}
