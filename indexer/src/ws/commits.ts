/**
 * Hears that this or another instance has committed something, or put other tables in place, and wakes the hub.
 * It doesn't read what was committed nor know who listens; it is the only user of LISTEN.
 */
import type { Client } from "pg";
import { connectClient, type DatabaseOptions } from "../db/client.ts";
import { COMMIT_CHANNEL } from "../indexing/write-batch.ts";
import type { Logger } from "../logger.ts";
import { backoffMs, sleep } from "../retry.ts";

export interface CommitListener {
  close(): Promise<void>;
}

/** Listens until closed, reconnecting as often as needed. */
export function startCommitListener(options: {
  database: DatabaseOptions;
  /** Called after each commit heard of, and when some may not have been heard of. */
  onCommit: () => void;
  /** Called when commits can't be heard, until the next `onCommit`. */
  onLost: () => void;
  log: Logger;
}): CommitListener {
  const { onCommit, onLost, log } = options;
  const stop = new AbortController();

  async function listen(client: Client, lost: AbortSignal): Promise<void> {
    const { rows } = await client.query("SELECT current_schema() AS schema");
    const ownSchema: string = rows[0].schema;
    client.on("notification", ({ payload }) => {
      if (payload?.split(" ")[0] === ownSchema) onCommit();
    });
    await client.query(`LISTEN ${COMMIT_CHANNEL}`);
    onCommit();
    const end = AbortSignal.any([lost, stop.signal]);
    if (end.aborted) return;
    await new Promise<void>((resolve) => end.addEventListener("abort", () => resolve(), { once: true }));
  }

  const done = (async () => {
    let attempt = 0;
    while (!stop.signal.aborted) {
      const lost = new AbortController();
      let client: Client | null = null;
      try {
        client = await connectClient({ ...options.database, onLost: () => lost.abort() });
        attempt = 0;
        await listen(client, lost.signal);
      } catch (error) {
        log.debug({ err: error }, "listening for commits failed");
      } finally {
        onLost();
        await client?.end().catch(() => undefined);
      }
      if (stop.signal.aborted) return;
      attempt += 1;
      log.warn({ attempt }, "the connection that hears of commits is gone, reconnecting");
      await sleep(backoffMs(attempt, Math.random()), stop.signal);
    }
  })();

  return {
    async close() {
      stop.abort();
      await done;
    },
  };
}
