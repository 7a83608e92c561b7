/**
 * A token bucket: how long a caller has to wait for what it wants to spend.
 * It doesn't wait itself and doesn't read a clock.
 */

export interface TokenBucket {
  /** Spends `cost`; the milliseconds until the bucket is no longer in debt, 0 = go on now. */
  spend(cost: number, nowMs: number): number;
}

/** `ratePerSec` refills up to `burst`; a debt is allowed, so that one costly item passes and is paid by waiting. */
export function createTokenBucket(ratePerSec: number, burst: number, startMs: number): TokenBucket {
  let tokens = burst;
  let at = startMs;
  return {
    spend(cost, nowMs) {
      tokens = Math.min(burst, tokens + ((nowMs - at) / 1000) * ratePerSec) - cost;
      at = nowMs;
      return tokens >= 0 ? 0 : Math.ceil((-tokens / ratePerSec) * 1000);
    },
  };
}
