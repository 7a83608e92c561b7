/**
 * Decides whether something that failed lately is worth another try: after some failures in a row it is left alone for a
 * while, then one try decides.
 * It doesn't know what is tried, nor the clock: times are given to it.
 */

export interface Breaker {
  /** Whether a try may begin now; while it is being left alone, true once for each pause that has passed. */
  allows(nowMs: number): boolean;
  succeeded(): void;
  failed(nowMs: number): void;
  readonly isOpen: boolean;
}

export function createBreaker(options: { failures: number; pauseMs: number }): Breaker {
  let inARow = 0;
  let nextTryMs = 0;
  const isOpen = () => inARow >= options.failures;
  return {
    allows(nowMs) {
      if (!isOpen()) return true;
      if (nowMs < nextTryMs) return false;
      // Until this try has ended, no other begins.
      nextTryMs = nowMs + options.pauseMs;
      return true;
    },
    succeeded() {
      inARow = 0;
    },
    failed(nowMs) {
      inARow += 1;
      if (isOpen()) nextTryMs = nowMs + options.pauseMs;
    },
    get isOpen() {
      return isOpen();
    },
  };
}
