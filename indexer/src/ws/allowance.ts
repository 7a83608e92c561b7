/**
 * How often something may be done: so many times at once, and so many a second for long.
 * It doesn't know what; time is an argument.
 */

export interface Allowance {
  /** False when this is one too many now. */
  take(nowMs: number): boolean;
}

export function createAllowance(limits: { burst: number; perSecond: number; nowMs: number }): Allowance {
  let left = limits.burst;
  let atMs = limits.nowMs;
  return {
    take(nowMs) {
      left = Math.min(limits.burst, left + ((nowMs - atMs) / 1000) * limits.perSecond);
      atMs = nowMs;
      if (left < 1) return false;
      left -= 1;
      return true;
    },
  };
}
