/**
 * Builds the mirror anew beside the one in use and puts it in its place in one transaction; goes on where it was stopped.
 * It doesn't stop the running indexer: readers see the old rows or the new, and the writer goes on with the new.
 */
import type { Client } from "pg";
import { openCursor } from "./chain/identity.ts";
import type { ChainSource } from "./chain/source.ts";
import { streamTransactions } from "./chain/stream.ts";
import { connectClient, withTransaction } from "./db/client.ts";
import { readCursor } from "./db/cursor.ts";
import { createSeries } from "./db/series.ts";
import { analyzeShadow, dropSchema, prepareShadow, swapIn } from "./db/shadow.ts";
import { acquireWriterLease } from "./db/writer-lease.ts";
import { FatalError } from "./errors.ts";
import { createBatchSizer } from "./indexing/batch-size.ts";
import { COMMIT_CHANNEL, writeBatch } from "./indexing/write-batch.ts";
import { sleep } from "./retry.ts";

export const SHADOW_SCHEMA = "computestream_reindex";

const LOCK_CLASS = 0x43535249; // "CSRI"

/** While the tables in use are locked, at most so many versions are indexed: reads wait for it. */
const MAX_LOCKED_VERSIONS = 500n;

export interface ReindexProgress {
  version: bigint;
  /** Where the mirror in use stands. */
  goal: bigint;
  events: number;
}

export interface ReindexResult {
  /** The mirror's last version at the swap. */
  version: bigint;
  /** Whether an earlier run's tables were gone on with. */
  resumed: boolean;
}

/** Throws what indexing throws, and `FatalError` (`REINDEX_BUSY`) when another run is at it or readers never pause. */
export async function reindex(options: {
  databaseUrl: string;
  source: ChainSource;
  fromVersion: bigint;
  /** Begin anew also where an earlier run was stopped: after a change of the handlers. */
  fresh?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: ReindexProgress) => void;
  attempts?: number;
}): Promise<ReindexResult> {
  const { databaseUrl } = options;
  const signal = options.signal ?? new AbortController().signal;
  const live = await connectClient({ databaseUrl });
  try {
    await refuseSecondRun(live);
    const { resumed } = await prepareShadow({
      databaseUrl,
      schema: SHADOW_SCHEMA,
      fromVersion: options.fromVersion,
      fresh: options.fresh ?? false,
    });
    const lease = await takeLease(databaseUrl);
    try {
      const shadow = lease.client;
      await catchUp(shadow, { ...options, signal, goal: await goalOf(live) });
      await analyzeShadow(shadow, SHADOW_SCHEMA);
      for (let attempt = 0; attempt < (options.attempts ?? 100); attempt += 1) {
        await catchUp(shadow, { ...options, signal, goal: await goalOf(live) });
        signal.throwIfAborted();
        const version = await trySwap(live, shadow, { ...options, signal });
        if (version !== null) {
          await dropSchema(live, SHADOW_SCHEMA);
          return { version, resumed };
        }
        await sleep(200, signal);
      }
    } finally {
      await lease.close();
    }
  } finally {
    await live.end();
  }
  throw new FatalError(
    "REINDEX_BUSY",
    "the new tables are ready but the old ones were in use each time: run it again when there is less traffic, it goes on from here",
  );
}

/** Two runs at once would write, or drop, the same tables. Held until the connection ends. */
async function refuseSecondRun(live: Client): Promise<void> {
  const { rows } = await live.query("SELECT pg_try_advisory_lock($1, hashtext(current_schema())) AS locked", [
    LOCK_CLASS,
  ]);
  if (!rows[0].locked) throw runningAlready();
}

/** What an earlier run's connection may still hold for a moment after it was killed. */
async function takeLease(databaseUrl: string) {
  const signal = AbortSignal.timeout(5_000);
  const lease = await acquireWriterLease({ databaseUrl, schema: SHADOW_SCHEMA, signal, retryMs: 200 });
  if (!lease) throw runningAlready();
  return lease;
}

function runningAlready(): FatalError {
  return new FatalError("REINDEX_BUSY", "another reindex of this database is running: wait for it or end it");
}

async function goalOf(live: Client): Promise<bigint> {
  const cursor = await readCursor(live);
  if (cursor) return cursor.nextVersion - 1n;
  throw new FatalError(
    "REINDEX_BUSY",
    "the database has no mirror yet: start the indexer, it builds one from the start",
  );
}

async function catchUp(
  shadow: Client,
  options: {
    source: ChainSource;
    fromVersion: bigint;
    signal: AbortSignal;
    goal: bigint;
    onProgress?: (progress: ReindexProgress) => void;
  },
): Promise<void> {
  const { source, goal } = options;
  const cursor = await openCursor(shadow, source, options.fromVersion);
  const sizer = createBatchSizer();
  const series = createSeries(shadow);
  const batches = streamTransactions(source, {
    nextVersion: cursor.nextVersion,
    lastHash: cursor.lastHash,
    untilVersion: goal,
    batchLimit: () => sizer.limit,
    pollIntervalMs: 100,
    signal: options.signal,
  });
  for await (const batch of batches) {
    const startedAtMs = performance.now();
    const { events } = await writeBatch(shadow, batch, series);
    sizer.wrote({ events: events.length, ms: performance.now() - startedAtMs });
    options.onProgress?.({ version: batch.at(-1)?.version ?? goal, goal, events: events.length });
  }
}

/** The version at which the tables changed places; null when they couldn't now. */
async function trySwap(
  live: Client,
  shadow: Client,
  options: { source: ChainSource; fromVersion: bigint; signal: AbortSignal },
): Promise<bigint | null> {
  try {
    return await withTransaction(live, async () => {
      // Gives up before the server would call it a deadlock and end a reader's query.
      await live.query("SET LOCAL lock_timeout = '500ms'");
      // The writer's first statement of a batch: it ends what it has begun, and waits here before the next.
      await live.query("LOCK TABLE chain_cursor IN ACCESS EXCLUSIVE MODE");
      const goal = await goalOf(live);
      const stands = (await readCursor(shadow))?.nextVersion ?? 0n;
      if (goal - stands > MAX_LOCKED_VERSIONS) return null;
      await catchUp(shadow, { ...options, goal });
      // It began later, or ends elsewhere, when the mirror in use was put back meanwhile.
      if ((await readCursor(shadow))?.nextVersion !== goal + 1n) return null;
      await swapIn(live, SHADOW_SCHEMA);
      // Whoever keeps or pushes what these tables say has that of the old ones.
      await live.query("SELECT pg_notify($1, current_schema() || ' ' || $2 || ' ' || $2)", [
        COMMIT_CHANNEL,
        goal.toString(),
      ]);
      return goal;
    });
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    // lock_not_available, deadlock_detected: readers were in the way.
    if (code === "55P03" || code === "40P01") return null;
    throw error;
  }
}
