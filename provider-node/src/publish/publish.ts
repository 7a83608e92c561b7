/**
 * One pack into every configured store: each is tried until it has a verified copy or the attempts are used up.
 * It doesn't know the stores; one verified copy is enough, none is an error.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, NodeError } from "../errors.ts";
import type { PackedOutput } from "./pack.ts";
import type { OutputStore } from "./store.ts";

export interface PublishOptions {
  /** Tries a store gets in one call. */
  attempts?: number;
  backoffMs?: number;
  /** Ends all waiting: what has no verified copy by then counts as failed. */
  signal?: AbortSignal;
  onFailure?(store: string, message: string): void;
}

/** URIs in the order of `stores`. Throws `PUBLISH_FAILED` (retryable) when no store took it. */
export async function publish(
  stores: OutputStore[],
  job: string,
  pack: PackedOutput,
  options: PublishOptions = {},
): Promise<string[]> {
  const { attempts = 3, backoffMs = 500, signal = new AbortController().signal, onFailure } = options;
  const uris = await Promise.all(
    stores.map(async (store) => {
      for (let n = 1; ; n++) {
        try {
          return await store.put(job, pack, signal);
        } catch (error) {
          onFailure?.(store.name, messageOf(error));
          if (n < attempts) await sleep(backoffMs * 2 ** (n - 1), undefined, { signal }).catch(() => {});
          if (n >= attempts || signal.aborted) return null;
        }
      }
    }),
  );
  const kept = uris.filter((uri) => uri !== null);
  if (kept.length === 0) {
    throw new NodeError("PUBLISH_FAILED", "no store took the output", { retryable: true });
  }
  return kept;
}
