/**
 * How much of the chain one database transaction takes: more while that stays quick, less when it doesn't.
 * It doesn't know what is in a batch.
 */

export interface BatchLimit {
  transactions: number;
  events: number;
}

export interface BatchSizer {
  readonly limit: BatchLimit;
  /** What a batch had and how long writing it took. */
  wrote(batch: { events: number; ms: number }): void;
}

/** Bounds memory: an event's row is a few kilobytes at most, and is held as a row and as the text that is sent. */
const MAX_EVENTS = 16_000;
const MIN_EVENTS = 250;
const FIRST_EVENTS = 2_000;
/** Readers wait this long for what is in a batch, and so much is done again after a crash. */
const TARGET_MS = 400;
/** Most transactions of a chain aren't ours, and cost next to nothing. */
const MAX_TRANSACTIONS = 20_000;

export function createBatchSizer(options: { targetMs?: number; maxEvents?: number } = {}): BatchSizer {
  const targetMs = options.targetMs ?? TARGET_MS;
  const maxEvents = options.maxEvents ?? MAX_EVENTS;
  let events = Math.min(FIRST_EVENTS, maxEvents);
  return {
    get limit() {
      return { transactions: MAX_TRANSACTIONS, events };
    },
    wrote(batch) {
      // A batch that wasn't full says how long few events take, not how many would be too many.
      const isFull = batch.events * 2 >= events;
      if (!isFull && batch.ms <= targetMs) return;
      const fitting = (batch.events / Math.max(batch.ms, 1)) * targetMs;
      const next = Math.min(Math.max(fitting, events / 2), events * 2);
      events = Math.round(Math.min(maxEvents, Math.max(MIN_EVENTS, next)));
    },
  };
}
