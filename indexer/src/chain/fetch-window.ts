/**
 * How many pages are asked for at once: one more after each that came, half as many after a refusal.
 * It doesn't fetch anything.
 */
import { ChainError } from "@computestream/protocol/client";

export interface FetchWindow {
  readonly size: number;
  succeeded(): void;
  failed(error: unknown): void;
}

export function createFetchWindow(options: { start?: number; max?: number } = {}): FetchWindow {
  const max = options.max ?? 16;
  let size = Math.min(options.start ?? 4, max);
  /** Pages since the last step up: a window grows by one when a whole window of pages has come. */
  let pages = 0;
  return {
    get size() {
      return size;
    },
    succeeded() {
      pages += 1;
      if (pages < size) return;
      pages = 0;
      size = Math.min(max, size + 1);
    },
    failed(error) {
      pages = 0;
      // Asked for fewer requests: start over. Otherwise the node may only be slow.
      const refused = error instanceof ChainError && error.failure.code === "NODE_RATE_LIMITED";
      size = refused ? 1 : Math.max(1, Math.floor(size / 2));
    },
  };
}

/** Longest that a node's wish is obeyed without asking again. */
const MAX_RETRY_AFTER_MS = 120_000;

/** Milliseconds that the node asked us to stay away (its Retry-After, where the client passes it on); 0 when it didn't. */
export function retryAfterMs(error: unknown): number {
  const wish = (error as { retryAfterMs?: unknown } | null)?.retryAfterMs;
  if (typeof wish !== "number" || !(wish > 0)) return 0;
  return Math.min(wish, MAX_RETRY_AFTER_MS);
}
