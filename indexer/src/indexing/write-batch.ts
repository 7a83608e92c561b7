/**
 * Writes one batch of transactions: rows, cursor and notification in one database transaction.
 * It doesn't know what events mean (handlers/) nor where transactions come from (chain/).
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { withTransaction } from "../db/client.ts";
import { copyNew } from "../db/copy.ts";
import { advanceCursor, readCursor } from "../db/cursor.ts";
import { findOpenCases } from "../db/queries/cases.ts";
import { QUOTE_REFUNDS, QUOTES } from "../db/quote-tables.ts";
import { createSerial, type Serial } from "../db/serial.ts";
import { createSeries, type Series } from "../db/series.ts";
import {
  type Columns,
  decodeRow,
  insertNew,
  type Queryable,
  type Row,
  type Table,
  upsert,
} from "../db/table.ts";
import {
  ASSETS,
  CASES,
  EVENTS,
  type EventRow,
  FAULTS,
  HEARTBEATS,
  JOBS,
  LEDGER,
  MARKET,
  PROVIDERS,
  TICKS,
} from "../db/tables.ts";
import { addTotals } from "../db/total-tables.ts";
import { FatalError } from "../errors.ts";
import { applyTransactions, type Draft, emptyDraft, eventRowsOf, touchedBy } from "../handlers/index.ts";
import { rollupsOf } from "../handlers/rollups.ts";
import { createTally, type Tally } from "../handlers/totals.ts";

export interface BatchResult {
  events: Draft["events"];
  /** Sentences about money that doesn't add up: a broken contract, told and not hidden. */
  violations: string[];
}

/** The channel on which committed ranges are told: `<schema> <first version> <last version>`. */
export const COMMIT_CHANNEL = "computestream_commit";

/** From so many events on the mirror is catching up: the commit needn't reach the disk before the next one. */
const CATCHING_UP_EVENTS = 1_000;
/** From so many rows on COPY is worth its exchange. */
const COPY_ROWS = 20;

/** `batch` must be non-empty and begin where the cursor stands; otherwise nothing is written and it throws. */
export async function writeBatch(
  db: Queryable,
  batch: TransactionRecord[],
  series: Series = createSeries(db),
): Promise<BatchResult> {
  const first = batch[0];
  const last = batch.at(-1);
  if (!first || !last) return { events: [], violations: [] };
  const draft = emptyDraft();
  draft.events = eventRowsOf(batch);
  await series.cover(draft.events.filter(isInSeries).map((event) => event.timestamp));
  return withTransaction(db, async () => {
    const cursor = await readCursor(db, "lock");
    if (cursor?.nextVersion !== first.version) {
      throw new FatalError(
        "MIRROR_CORRUPT",
        `the batch begins at version ${first.version}, the cursor stands at ${cursor?.nextVersion ?? "nothing"}: another program writes to this database`,
      );
    }
    const serial = createSerial();
    try {
      return await write(db, series, serial, draft, batch);
    } finally {
      // Nothing may still wait for the connection when the transaction is ended.
      await serial.settled().catch(() => undefined);
    }
  });
}

/** While the server works on one statement the next is prepared: so rows that need no other rows go first. */
async function write(
  db: Queryable,
  series: Series,
  serial: Serial,
  draft: Draft,
  batch: TransactionRecord[],
): Promise<BatchResult> {
  const [first, last] = [batch[0], batch.at(-1)] as [TransactionRecord, TransactionRecord];
  if (draft.events.length === 0) {
    await serial.run(() => advanceCursor(db, cursorAfter(last)));
    return { events: [], violations: [] };
  }
  // A crash of the server may then take back the newest commits, each as a whole: the cursor says where to go on.
  if (draft.events.length >= CATCHING_UP_EVENTS) {
    void serial.run(() => db.query("SET LOCAL synchronous_commit TO off"));
  }
  const replayed = serial.run(() => isReplay(db, first.version));
  const tally = createTally();
  const loaded = loadDraft(db, serial, draft, batch, tally);
  void serial.run(async () =>
    (await replayed) ? insertNew(db, EVENTS, draft.events) : insertFresh(db, EVENTS, draft.events),
  );
  const known = await loaded;
  applyTransactions(draft, batch);
  storeDraft(db, serial, draft, known);
  for (const row of draft.jobs.values()) tally.job(row, 1n);
  for (const row of draft.providers.values()) tally.provider(row, 1n);
  for (const row of draft.ticks) tally.tick(row);
  void serial.run(() => addTotals(db, tally.changes()));
  void serial.run(() => series.add(rollupsOf(draft.ticks, draft.heartbeats)));
  void serial.run(() => advanceCursor(db, cursorAfter(last)));
  await serial.run(() =>
    db.query("SELECT pg_notify($1, current_schema() || ' ' || $2 || ' ' || $3)", [
      COMMIT_CHANNEL,
      first.version.toString(),
      last.version.toString(),
    ]),
  );
  return { events: draft.events, violations: [...draft.violations.values()] };
}

function isInSeries({ name }: EventRow): boolean {
  return name === "StreamSettled" || name === "ProviderHeartbeat";
}

function cursorAfter(last: TransactionRecord) {
  return { nextVersion: last.version + 1n, lastHash: last.hash, lastTimestampUsecs: last.timestampUsecs };
}

/** Whether events of this version or later are there: only where a person put the cursor back. */
async function isReplay(db: Queryable, version: bigint): Promise<boolean> {
  const { rows } = await db.query("SELECT EXISTS (SELECT FROM events WHERE version >= $1) AS replayed", [
    version.toString(),
  ]);
  return rows[0].replayed;
}

/** Which rows the database has. */
interface Known {
  jobs: Set<string>;
}

async function loadDraft(
  db: Queryable,
  serial: Serial,
  draft: Draft,
  batch: TransactionRecord[],
  tally: Tally,
): Promise<Known> {
  const { jobs, providers, quotes } = touchedBy(batch);
  const modules = new Set(draft.events.map((event) => event.module));
  // Jobs need the market's fees, so the parameters are loaded for both.
  const [market, assets, providerRows, jobRows, cases, quoteRows] = await Promise.all([
    modules.has("market") || modules.has("job") ? serial.run(() => loadAll(db, MARKET)) : [],
    modules.has("market") ? serial.run(() => loadAll(db, ASSETS)) : [],
    serial.run(() => loadByKey(db, PROVIDERS, "provider", providers)),
    serial.run(() => loadByKey(db, JOBS, "job", jobs)),
    modules.has("dispute") ? serial.run(() => findOpenCases(db, jobs)) : [],
    modules.has("job_quotes") ? serial.run(() => loadByKey(db, QUOTES, "quote", quotes)) : [],
  ]);
  draft.market = market[0] ?? null;
  for (const row of assets) draft.assets.set(row.asset, row);
  for (const row of providerRows) {
    tally.provider(row, -1n);
    draft.providers.set(row.provider, row);
  }
  for (const row of jobRows) {
    tally.job(row, -1n);
    draft.jobs.set(row.job, row);
  }
  draft.cases = cases;
  for (const row of quoteRows) draft.quotes.set(row.quote, row);
  return { jobs: new Set(jobRows.map((row) => row.job)) };
}

function storeDraft(db: Queryable, serial: Serial, draft: Draft, known: Known): void {
  const jobs = [...draft.jobs.values()];
  // Only an event that a job's or provider's row hasn't held yet makes a tick, a heartbeat or a line of a ledger, so
  // those are new also when a history comes twice.
  void serial.run(() => insertFresh(db, TICKS, draft.ticks));
  void serial.run(() => insertFresh(db, HEARTBEATS, draft.heartbeats));
  void serial.run(() => insertFresh(db, LEDGER, draft.ledger));
  void serial.run(() => insertNew(db, FAULTS, draft.faults));
  if (draft.marketChanged && draft.market) {
    const { market } = draft;
    void serial.run(() => upsert(db, MARKET, [market]));
  }
  void serial.run(() => upsert(db, ASSETS, [...draft.assets.values()]));
  void serial.run(() => upsert(db, PROVIDERS, [...draft.providers.values()]));
  void serial.run(() =>
    insertFresh(
      db,
      JOBS,
      jobs.filter((row) => !known.jobs.has(row.job)),
    ),
  );
  void serial.run(() =>
    upsert(
      db,
      JOBS,
      jobs.filter((row) => known.jobs.has(row.job)),
    ),
  );
  void serial.run(() => upsert(db, CASES, draft.cases));
  if (draft.quotes.size > 0) {
    void serial.run(() => insertFresh(db, QUOTE_REFUNDS, draft.quoteRefunds));
    void serial.run(() => upsert(db, QUOTES, [...draft.quotes.values()]));
  }
}

/** Rows of which none is there; a few go without COPY's exchange. */
async function insertFresh<C extends Columns>(
  db: Queryable,
  table: Table<C>,
  rows: Array<Row<C>>,
): Promise<unknown> {
  return rows.length < COPY_ROWS ? insertNew(db, table, rows) : copyNew(db, table, rows);
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
