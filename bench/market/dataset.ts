/**
 * A database full of a generated market, written as the indexer writes it; kept between runs where a folder is given.
 * It doesn't know what is measured on it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type PostgresPart, startPostgres } from "@computestream/dev-env/parts";
import type { TransactionRecord } from "@computestream/protocol/client";
import type { Client } from "pg";
import { connectClient } from "../../indexer/src/db/client.ts";
import { createCursor } from "../../indexer/src/db/cursor.ts";
import { createSeries } from "../../indexer/src/db/series.ts";
import { writeBatch } from "../../indexer/src/indexing/write-batch.ts";
import { migrate } from "../../indexer/src/migrate.ts";
import { deploymentOf } from "../../indexer/test/hand-written-chain.ts";
import { hex32 } from "./random.ts";
import { type MarketSize, simulate } from "./simulate.ts";

/** As the indexer takes them while it catches up. */
const BATCH_EVENTS = 12_000;
const BATCH_TRANSACTIONS = 20_000;
const TELL_EVERY_MS = 10_000;

export const DEPLOYMENT = deploymentOf();

export interface Dataset {
  databaseUrl: string;
  size: MarketSize;
  /** Of the loading, when it was done by this call. */
  loaded: { events: number; seconds: number } | null;
  close(): Promise<void>;
}

export async function openDataset(options: {
  size: MarketSize;
  keepIn?: string | undefined;
}): Promise<Dataset> {
  const { size } = options;
  const dir = options.keepIn === undefined ? undefined : resolve(options.keepIn, folderOf(size));
  if (dir) mkdirSync(dir, { recursive: true });
  const server = await startPostgres(dir ? { dir } : {});
  try {
    const marker = dir && join(dir, "complete.json");
    const loaded = marker && existsSync(marker) ? null : await load(server, size);
    if (marker && loaded) writeFileSync(marker, JSON.stringify({ size, ...loaded }));
    if (marker && !loaded) console.error(`  dataset of ${dir}: ${readFileSync(marker, "utf8")}`);
    // The kept one may be older than the newest migration.
    await migrate({ databaseUrl: server.url });
    return { databaseUrl: server.url, size, loaded, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

function folderOf({ providers, jobs, ticks, days, seed }: MarketSize): string {
  return `market-${providers}p-${jobs}j-${ticks}t-${days}d-s${seed}`;
}

async function load(server: PostgresPart, size: MarketSize): Promise<{ events: number; seconds: number }> {
  const admin = await connectClient({ databaseUrl: server.url });
  try {
    // What an earlier run left half done.
    await admin.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  } finally {
    await admin.end();
  }
  await migrate({ databaseUrl: server.url });
  const client = await connectClient({ databaseUrl: server.url });
  try {
    const startedAt = performance.now();
    const events = await writeAll(client, size);
    const seconds = (performance.now() - startedAt) / 1000;
    console.error(`  ${events} events in ${seconds.toFixed(0)} s: ${Math.round(events / seconds)} events/s`);
    await checkConservation(client);
    // What autovacuum does within minutes; a parent of partitions it never looks at.
    await client.query("VACUUM (ANALYZE)");
    return { events, seconds };
  } finally {
    await client.end();
  }
}

async function writeAll(client: Client, size: MarketSize): Promise<number> {
  await createCursor(client, {
    chainId: DEPLOYMENT.chainId,
    packageAddress: DEPLOYMENT.packageAddress,
    genesisHash: hex32(`${size.seed} tx 0`),
    nextVersion: 0n,
    lastHash: null,
    lastTimestampUsecs: 0n,
  });
  const series = createSeries(client);
  let batch: TransactionRecord[] = [];
  let [inBatch, events, ticks] = [0, 0, 0];
  let toldAt = performance.now();
  const write = async () => {
    const { violations } = await writeBatch(client, batch, series);
    if (violations.length > 0) throw new Error(`money doesn't add up: ${violations[0]}`);
    events += inBatch;
    if (performance.now() - toldAt > TELL_EVERY_MS) {
      toldAt = performance.now();
      console.error(`  ${events} events, ${Math.round((100 * ticks) / size.ticks)} % of the ticks`);
    }
    batch = [];
    inBatch = 0;
  };
  for (const transaction of simulate(size)) {
    batch.push(transaction);
    inBatch += transaction.events.length;
    for (const { event } of transaction.events) if (event.name === "StreamSettled") ticks += 1;
    if (inBatch >= BATCH_EVENTS || batch.length >= BATCH_TRANSACTIONS) await write();
  }
  if (batch.length > 0) await write();
  return events;
}

/** Throws unless every base unit is accounted for, in the rows, over all rows, and in the totals of the series. */
export async function checkConservation(client: Client): Promise<void> {
  const { rows } = await client.query(
    `SELECT (SELECT count(*)::int FROM jobs WHERE deposited <> paid + refunded + balance
               OR NOT held BETWEEN 0 AND balance OR fee_paid > paid OR keeper_paid > fee_paid) AS jobs,
            (SELECT count(*)::int FROM providers
             WHERE stake_added <> stake_withdrawn + slashed + staked + unbonding) AS stakes,
            (SELECT sum(paid) FROM jobs) = (SELECT sum(amount) FROM stream_ticks)
              AND (SELECT sum(paid) FROM jobs) = (SELECT sum(amount) FROM settlements_per_hour) AS paid,
            (SELECT sum(seconds_billed) FROM jobs) = (SELECT sum(seconds) FROM settlements_per_hour) AS seconds,
            (SELECT sum(fee_paid) FROM jobs) = (SELECT sum(fee) FROM stream_ticks) AS fees`,
  );
  const { jobs, stakes, paid, seconds, fees } = rows[0];
  if (jobs > 0 || stakes > 0 || !paid || !seconds || !fees) {
    throw new Error(`the mirror's money doesn't add up: ${JSON.stringify(rows[0])}`);
  }
  const { rows: counts } = await client.query(
    `SELECT (SELECT count(*)::int FROM providers) AS providers, (SELECT count(*)::int FROM jobs) AS jobs,
            (SELECT count(*)::int FROM jobs WHERE state = 2) AS running,
            (SELECT count(*)::int FROM jobs WHERE state = 8) AS settled,
            (SELECT count(*)::int FROM jobs WHERE is_open AND state = 0) AS open,
            (SELECT count(*)::int FROM stream_ticks) AS ticks,
            (SELECT count(*)::int FROM events) AS events,
            pg_size_pretty(pg_database_size(current_database())) AS size`,
  );
  console.error(`  every base unit accounted for: ${JSON.stringify(counts[0])}`);
}
