/**
 * Batches on their way to the chain, over the ends of ticks: how many at a time, whose jobs, and what went wrong.
 * It doesn't make batches or send them.
 */
import type { SignedUsage } from "@computestream/protocol";

export interface Dispatcher {
  /** A batch with the job hasn't ended: what is known of its stream is about to change. */
  isBusy(job: string): boolean;
  /** Resolves when another batch may go. */
  room(): Promise<void>;
  dispatch(batch: SignedUsage[]): void;
  /** Resolves when none is on its way. */
  idle(): Promise<void>;
  readonly hasFailed: boolean;
  /** Throws the first failure since the last call. */
  check(): void;
}

/** `send` throws what isn't the fault of a batch's entries. */
export function createDispatcher(p: {
  atOnce: number;
  send: (batch: SignedUsage[]) => Promise<void>;
}): Dispatcher {
  const sending = new Set<Promise<void>>();
  const busy = new Set<string>();
  let failures: unknown[] = [];

  return {
    isBusy: (job) => busy.has(job),
    async room() {
      while (sending.size >= p.atOnce) await Promise.race(sending);
    },
    dispatch(batch) {
      for (const { job } of batch) busy.add(job);
      const work = p
        .send(batch)
        .catch((error: unknown) => void failures.push(error))
        .finally(() => {
          sending.delete(work);
          for (const { job } of batch) busy.delete(job);
        });
      sending.add(work);
    },
    async idle() {
      while (sending.size > 0) await Promise.all(sending);
    },
    get hasFailed() {
      return failures.length > 0;
    },
    check() {
      const [first] = failures;
      const failed = failures.length > 0;
      failures = [];
      if (failed) throw first;
    },
  };
}
