/**
 * Writes one batch of transactions: rows, cursor and notification in one database transaction.
 * It doesn't know what events mean (handlers/) nor where transactions come from (chain/).
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { withTransaction } from "../db/client.ts";
import { advanceCursor, readCursor } from "../db/cursor.ts";
import { findOpenCases } from "../db/queries/cases.ts";
import {
  type Columns,
  decodeRow,
  insertNew,
  type Queryable,
  type Row,
  type Table,
  upsert,
} from "../db/table.ts";
import { ASSETS, CASES, EVENTS, FAULTS, HEARTBEATS, JOBS, MARKET, PROVIDERS, TICKS } from "../db/tables.ts";
import { FatalError } from "../errors.ts";
import { applyTransactions, type Draft, emptyDraft, touchedBy } from "../handlers/index.ts";

export interface BatchResult {
  events: Draft["events"];
  /** Sentences about money that doesn't add up: a broken contract, told and not hidden. */
  violations: string[];
}

/** The channel on which committed ranges are told: `<schema> <first version> <last version>`. */
export const COMMIT_CHANNEL = "computestream_commit";

/** `batch` must be non-empty and begin where the cursor stands; otherwise nothing is written and it throws. */
export async function writeBatch(db: Queryable, batch: TransactionRecord[]): Promise<BatchResult> {
  const first = batch[0];
  const last = batch.at(-1);
  if (!first || !last) return { events: [], violations: [] };
  return withTransaction(db, async () => {
    const cursor = await readCursor(db, "lock");
    if (cursor?.nextVersion !== first.version) {
      throw new FatalError(
        "MIRROR_CORRUPT",
        `the batch begins at version ${first.version}, the cursor stands at ${cursor?.nextVersion ?? "nothing"}: another program writes to this database`,
      );
    }
    const draft = await loadDraft(db, batch);
    applyTransactions(draft, batch);
    await storeDraft(db, draft);
    await advanceCursor(db, {
      nextVersion: last.version + 1n,
      lastHash: last.hash,
      lastTimestampUsecs: last.timestampUsecs,
    });
    if (draft.events.length > 0) {
      await db.query("SELECT pg_notify($1, current_schema() || ' ' || $2 || ' ' || $3)", [
        COMMIT_CHANNEL,
        first.version.toString(),
        last.version.toString(),
      ]);
    }
    return { events: draft.events, violations: [...draft.violations.values()] };
  });
}

async function loadDraft(db: Queryable, batch: TransactionRecord[]): Promise<Draft> {
  const draft = emptyDraft();
  const { jobs, providers } = touchedBy(batch);
  const modules = new Set(batch.flatMap(({ events }) => events.map(({ event }) => event.module)));
  // Jobs need the market's fees, so the parameters are loaded for both.
  if (modules.has("market") || modules.has("job")) {
    draft.market = (await loadAll(db, MARKET))[0] ?? null;
  }
  if (modules.has("market")) for (const row of await loadAll(db, ASSETS)) draft.assets.set(row.asset, row);
  for (const row of await loadByKey(db, PROVIDERS, "provider", providers))
    draft.providers.set(row.provider, row);
  for (const row of await loadByKey(db, JOBS, "job", jobs)) draft.jobs.set(row.job, row);
  if (modules.has("dispute")) draft.cases = await findOpenCases(db, jobs);
  return draft;
}

async function storeDraft(db: Queryable, draft: Draft): Promise<void> {
  await insertNew(db, EVENTS, draft.events);
  await insertNew(db, TICKS, draft.ticks);
  await insertNew(db, HEARTBEATS, draft.heartbeats);
  await insertNew(db, FAULTS, draft.faults);
  if (draft.marketChanged && draft.market) await upsert(db, MARKET, [draft.market]);
  await upsert(db, ASSETS, [...draft.assets.values()]);
  await upsert(db, PROVIDERS, [...draft.providers.values()]);
  await upsert(db, JOBS, [...draft.jobs.values()]);
  await upsert(db, CASES, draft.cases);
}

async function loadAll<C extends Columns>(db: Queryable, table: Table<C>): Promise<Array<Row<C>>> {
  const { rows } = await db.query(`SELECT * FROM ${table.name}`);
  return rows.map((row) => decodeRow(table, row));
}

async function loadByKey<C extends Columns>(
  db: Queryable,
  table: Table<C>,
  key: string,
  values: string[],
): Promise<Array<Row<C>>> {
  if (values.length === 0) return [];
  const { rows } = await db.query(`SELECT * FROM ${table.name} WHERE ${key} = ANY($1)`, [values]);
  return rows.map((row) => decodeRow(table, row));
}
