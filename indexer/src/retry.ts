/**
 * Waiting that can be interrupted, and how long to wait before trying again.
 * It doesn't know what is tried.
 */

/** Resolves after `ms` or as soon as `signal` aborts; never rejects. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/**
 * Milliseconds before attempt `attempt` (1 = the first repeat): doubling from `baseMs` to `maxMs`, of which the upper
 * half is random so that many clients don't come back at once. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number, baseMs = 100, maxMs = 10_000): number {
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30));
  return ceiling / 2 + (ceiling / 2) * random;
}
