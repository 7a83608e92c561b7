/**
 * A sliding window that counts requests by the second: in no 60 seconds are there more than its quota.
 * It doesn't know who asks, nor the clock: times are given to it. script.ts does the same inside Redis.
 */
import { RATE_WINDOW_SECS } from "@computestream/protocol/redis-keys";

export const SLICE_MS = 1_000;
/** The second that now is in only began, so one more than the window's own: otherwise some 60 seconds had too many. */
export const SLICES = RATE_WINDOW_SECS + 1;

export function sliceOf(nowMs: number): number {
  return Math.floor(nowMs / SLICE_MS);
}

/** Milliseconds until what was counted in `slice` no longer is. */
export function freedInMs(slice: number, nowMs: number): number {
  return Math.max(1, (slice + SLICES) * SLICE_MS - nowMs);
}

export interface Window {
  /** Counted now. */
  used(nowMs: number): number;
  add(count: number, nowMs: number): void;
  /** The oldest second in which something is counted; null when nothing is. */
  oldestSlice(nowMs: number): number | null;
}

export function createWindow(): Window {
  const counts = new Uint32Array(SLICES);
  let newest = Number.NEGATIVE_INFINITY;
  let total = 0;

  /** A clock that was put back counts in the newest second there is. */
  function advance(nowMs: number): void {
    const slice = sliceOf(nowMs);
    if (slice <= newest) return;
    if (slice - newest >= SLICES) {
      counts.fill(0);
      total = 0;
    } else {
      for (let s = newest + 1; s <= slice; s += 1) {
        total -= counts[s % SLICES] as number;
        counts[s % SLICES] = 0;
      }
    }
    newest = slice;
  }

  return {
    used(nowMs) {
      advance(nowMs);
      return total;
    },
    add(count, nowMs) {
      advance(nowMs);
      counts[newest % SLICES] = (counts[newest % SLICES] as number) + count;
      total += count;
    },
    oldestSlice(nowMs) {
      advance(nowMs);
      if (total === 0) return null;
      for (let s = newest - SLICES + 1; s <= newest; s += 1) {
        if ((counts[s % SLICES] as number) > 0) return s;
      }
      return null;
    },
  };
}
