/**
 * Hears of each committed batch, of this or another instance, and tells the hub what it changed.
 * It doesn't know who listens; it is the only user of LISTEN.
 */
import type { Client, Pool } from "pg";
import { tickDto } from "../api/dto.ts";
import { connectClient, type DatabaseOptions } from "../db/client.ts";
import { subjectsBetween } from "../db/queries/jobs.ts";
import { ticksBetween } from "../db/queries/ticks.ts";
import { COMMIT_CHANNEL } from "../indexing/write-batch.ts";
import type { Logger } from "../logger.ts";
import { backoffMs, sleep } from "../retry.ts";
import type { Hub } from "./hub.ts";

/** Of a burst larger than this only the newest ticks are pushed; the rest is in the REST list. */
const MAX_TICKS = 2_000;

export interface CommitListener {
  close(): Promise<void>;
}

/** Listens until closed, reconnecting as often as needed. */
export function startCommitListener(options: {
  database: DatabaseOptions;
  pool: Pool;
  hub: Pick<Hub, "publish" | "touchAll" | "isIdle">;
  log: Logger;
}): CommitListener {
  const { pool, hub, log } = options;
  const stop = new AbortController();
  /** The range of versions heard of and not yet passed on. */
  let pending: { from: bigint; to: bigint } | null = null;
  let passing = false;

  function heard(from: bigint, to: bigint): void {
    pending = pending
      ? { from: from < pending.from ? from : pending.from, to: to > pending.to ? to : pending.to }
      : { from, to };
    void passOn();
  }

  async function passOn(): Promise<void> {
    if (passing) return;
    passing = true;
    while (pending && !stop.signal.aborted) {
      const { from, to } = pending;
      pending = null;
      if (hub.isIdle) continue;
      try {
        const [subjects, ticks] = await Promise.all([
          subjectsBetween(pool, from, to),
          ticksBetween(pool, from, to, MAX_TICKS),
        ]);
        hub.publish({
          version: to,
          topics: [
            "network",
            ...subjects.jobs.map((job) => `job:${job}`),
            ...subjects.providers.map((provider) => `provider:${provider}`),
            ...(subjects.providers.length > 0 ? ["providers"] : []),
          ],
          ticks: ticks.map(tickDto),
        });
      } catch (error) {
        // The hub reads whole states, so touching every topic makes up for what wasn't read here.
        log.warn({ err: error }, "reading what a commit changed failed");
        await sleep(1_000, stop.signal);
        hub.touchAll();
      }
    }
    passing = false;
  }

  async function listen(client: Client, lost: AbortSignal): Promise<void> {
    client.on("notification", ({ payload }) => {
      const [schema, from, to] = (payload ?? "").split(" ");
      if (schema === ownSchema && from && to) heard(BigInt(from), BigInt(to));
    });
    const { rows } = await client.query("SELECT current_schema() AS schema");
    const ownSchema: string = rows[0].schema;
    await client.query(`LISTEN ${COMMIT_CHANNEL}`);
    hub.touchAll();
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
