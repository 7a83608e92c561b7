/**
 * Transactions that are read and not yet written, in order: one side puts pages in, the other takes batches out.
 * It doesn't know where they come from or go to.
 */
import type { TransactionRecord } from "@computestream/protocol/client";

export interface TakeLimit {
  transactions: number;
  events: number;
}

/** Beyond these the reader waits: about two of the largest batches. */
const MAX_TRANSACTIONS = 40_000;
const MAX_EVENTS = 32_000;

export interface TransactionQueue {
  push(page: TransactionRecord[]): void;
  /** No more will come; `error` is thrown to who takes when all before it is taken. */
  end(error?: unknown): void;
  /** Whether pages may be asked for while `expected` transactions are on their way. */
  hasRoom(expected: number): boolean;
  /** Resolves when something was taken, or `signal` aborts. */
  taken(signal: AbortSignal): Promise<void>;
  /** Waits for at least one; empty at the end or when `signal` aborted. */
  take(limit: TakeLimit, signal: AbortSignal): Promise<TransactionRecord[]>;
}

export function createTransactionQueue(): TransactionQueue {
  let ready: TransactionRecord[] = [];
  let events = 0;
  let ended: { error: unknown } | null = null;
  const wasPushed = createBell();
  const wasTaken = createBell();

  return {
    push(page) {
      for (const record of page) {
        ready.push(record);
        events += record.events.length;
      }
      wasPushed.ring();
    },
    end(error) {
      ended = { error };
      wasPushed.ring();
    },
    hasRoom: (expected) => ready.length + expected < MAX_TRANSACTIONS && events < MAX_EVENTS,
    taken: (signal) => wasTaken.heard(signal),
    async take(limit, signal) {
      while (ready.length === 0 && !ended && !signal.aborted) await wasPushed.heard(signal);
      if (signal.aborted) return [];
      if (ready.length === 0 && ended?.error !== undefined) throw ended.error;
      let count = 0;
      let eventCount = 0;
      for (const record of ready) {
        const after = eventCount + record.events.length;
        if (count > 0 && (count >= limit.transactions || after > limit.events)) break;
        count += 1;
        eventCount = after;
      }
      const batch = ready.slice(0, count);
      ready = ready.slice(count);
      events -= eventCount;
      wasTaken.ring();
      return batch;
    },
  };
}

/** Waits of which each is ended by the next ring. */
function createBell() {
  let waiting: Array<() => void> = [];
  return {
    ring(): void {
      const heard = waiting;
      waiting = [];
      for (const resolve of heard) resolve();
    },
    heard(signal: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const done = () => {
          signal.removeEventListener("abort", done);
          resolve();
        };
        signal.addEventListener("abort", done, { once: true });
        waiting.push(done);
      });
    },
  };
}
