/**
 * The baseline of `indexer.*`: the same handlers, each event's rows written one by one in a transaction of its own.
 * It doesn't try to be fast; the rows come out the same.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { connectClient, type DatabaseOptions, withTransaction } from "../indexer/src/db/client.ts";
import { findOpenCases } from "../indexer/src/db/queries/cases.ts";
import { createSeries, type Series } from "../indexer/src/db/series.ts";
import { decodeRow, insertNew, type Queryable, upsert } from "../indexer/src/db/table.ts";
import {
  ASSETS,
  CASES,
  EVENTS,
  FAULTS,
  HEARTBEATS,
  JOBS,
  LEDGER,
  MARKET,
  PROVIDERS,
  TICKS,
} from "../indexer/src/db/tables.ts";
import { addingTotals } from "../indexer/src/db/total-tables.ts";
import {
  applyTransactions,
  type Draft,
  emptyDraft,
  eventRowsOf,
  touchedBy,
} from "../indexer/src/handlers/index.ts";
import { rollupsOf } from "../indexer/src/handlers/rollups.ts";
import { createTally, type Tally } from "../indexer/src/handlers/totals.ts";

export async function writeRowByRow(database: DatabaseOptions, records: TransactionRecord[]): Promise<void> {
  const client = await connectClient(database);
  const series = createSeries(client);
  try {
    await series.cover(records.map((record) => record.timestampUsecs / 1_000_000n));
    for (const record of records) {
      // The events of one transaction may need each other's rows only in order, so each can stand alone.
      for (const event of record.events) await writeOne(client, series, { ...record, events: [event] });
    }
  } finally {
    await client.end();
  }
}

async function writeOne(db: Queryable, series: Series, record: TransactionRecord): Promise<void> {
  await withTransaction(db, async () => {
    const tally = createTally();
    const draft = await load(db, record, tally);
    applyTransactions(draft, [record]);
    await store(db, draft);
    for (const row of draft.jobs.values()) tally.job(row, 1n);
    for (const row of draft.providers.values()) tally.provider(row, 1n);
    for (const row of draft.ticks) tally.tick(row);
    const sums = [
      ...addingTotals(tally.changes()),
      ...series.adding(rollupsOf(draft.ticks, draft.heartbeats)),
    ];
    for (const add of sums) await add(db);
    await db.query("UPDATE chain_cursor SET next_version = $1, last_hash = $2, last_timestamp_usecs = $3", [
      (record.version + 1n).toString(),
      record.hash,
      record.timestampUsecs.toString(),
    ]);
    await db.query("SELECT pg_notify('bench', $1)", [record.version.toString()]);
  });
}

async function load(db: Queryable, record: TransactionRecord, tally: Tally): Promise<Draft> {
  const draft = emptyDraft();
  draft.events = eventRowsOf([record]);
  const { jobs, providers } = touchedBy([record]);
  const market = (await db.query("SELECT * FROM market_parameters")).rows[0];
  draft.market = market ? decodeRow(MARKET, market) : null;
  for (const job of jobs) {
    const row = (await db.query("SELECT * FROM jobs WHERE job = $1", [job])).rows[0];
    if (row) draft.jobs.set(job, decodeRow(JOBS, row));
  }
  for (const provider of providers) {
    const row = (await db.query("SELECT * FROM providers WHERE provider = $1", [provider])).rows[0];
    if (row) draft.providers.set(provider, decodeRow(PROVIDERS, row));
  }
  for (const row of draft.jobs.values()) tally.job(row, -1n);
  for (const row of draft.providers.values()) tally.provider(row, -1n);
  draft.cases = await findOpenCases(db, jobs);
  return draft;
}

async function store(db: Queryable, draft: Draft): Promise<void> {
  for (const row of draft.events) await insertNew(db, EVENTS, [row]);
  for (const row of draft.ticks) await insertNew(db, TICKS, [row]);
  for (const row of draft.heartbeats) await insertNew(db, HEARTBEATS, [row]);
  for (const row of draft.ledger) await insertNew(db, LEDGER, [row]);
  for (const row of draft.faults) await insertNew(db, FAULTS, [row]);
  if (draft.marketChanged && draft.market) await upsert(db, MARKET, [draft.market]);
  for (const row of draft.assets.values()) await upsert(db, ASSETS, [row]);
  for (const row of draft.providers.values()) await upsert(db, PROVIDERS, [row]);
  for (const row of draft.jobs.values()) await upsert(db, JOBS, [row]);
  for (const row of draft.cases) await upsert(db, CASES, [row]);
}
