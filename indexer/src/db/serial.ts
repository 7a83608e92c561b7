/**
 * One connection's statements in the order they were asked for, so that the caller can prepare the next one meanwhile.
 * It doesn't know what the statements do; after a failure it runs nothing more.
 */

export interface Serial {
  /** Runs `step` after all steps before it; rejects with the first failure of any of them. */
  run<T>(step: () => Promise<T>): Promise<T>;
  /** Resolves when all steps are done. */
  settled(): Promise<void>;
}

export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(step) {
      const next = last.then(step);
      last = next;
      // Told to whoever awaits this step or a later one.
      next.catch(() => undefined);
      return next;
    },
    async settled() {
      await last;
    },
  };
}
