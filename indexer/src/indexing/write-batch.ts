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
  insertingNew,
  insertNew,
  type Queryable,
  type Row,
  type Statement,
  type Table,
  upserting,
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
import { addingTotals } from "../db/total-tables.ts";
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
/** Worked out at a stretch, some milliseconds, while the server has enough to do with what it was sent. */
const TRANSACTIONS_A_TURN = 256;

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

/**
 * The server is the slower of the two, so it is kept busy: rows that need no other rows go first, and while it takes
 * them the others are worked out and made into text.
 */
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
  const loading = loadRows(db, serial, draft, batch);
  const { begun, begin } = createStart();
  const copying = serial.run(async () =>
    (await replayed) ? insertNew(db, EVENTS, draft.events) : insertFresh(db, EVENTS, draft.events, begin),
  );
  const stored = await loading;
  await Promise.race([begun, copying]);
  const tally = createTally();
  const known = draftOf(stored, draft, tally);
  for (let done = 0; done < batch.length; done += TRANSACTIONS_A_TURN) {
    await turn();
    applyTransactions(draft, batch.slice(done, done + TRANSACTIONS_A_TURN));
  }
  await store(db, series, serial, draft, known, tally);
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

/** Lets the sockets have their turn: what is being copied is sent on. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function createStart(): { begun: Promise<void>; begin: () => void } {
  let begin = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  return { begun, begin };
}

function isInSeries({ name }: EventRow): boolean {
  return name === "StreamSettled" || name === "ProviderHeartbeat";
}

function cursorAfter(last: TransactionRecord) {
  return { nextVersion: last.version + 1n, lastHash: last.hash, lastTimestampUsecs: last.timestampUsecs };
}

/** Whether events of this version or later are there: only where a person put the cursor back. */
async function isReplay(db: Queryable, version: bigint): Promise<boolean> {
  // The key's last entry. Asked whether there is any such row, the server may read the table from its beginning.
  const { rows } = await db.query(
    "SELECT version FROM events ORDER BY version DESC, event_index DESC LIMIT 1",
  );
  return rows.length > 0 && BigInt(rows[0].version) >= version;
}

/** What a batch needs of the database, as it came. */
interface StoredRows {
  market: Raw[];
  assets: Raw[];
  providers: Raw[];
  jobs: Raw[];
  cases: Draft["cases"];
  quotes: Raw[];
}
type Raw = Record<string, unknown>;

async function loadRows(
  db: Queryable,
  serial: Serial,
  draft: Draft,
  batch: TransactionRecord[],
): Promise<StoredRows> {
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
  return { market, assets, providers: providerRows, jobs: jobRows, cases, quotes: quoteRows };
}

/** Which rows the database has. */
interface Known {
  jobs: Set<string>;
}

function draftOf(stored: StoredRows, draft: Draft, tally: Tally): Known {
  const market = stored.market[0];
  draft.market = market ? decodeRow(MARKET, market) : null;
  for (const raw of stored.assets) {
    const row = decodeRow(ASSETS, raw);
    draft.assets.set(row.asset, row);
  }
  for (const raw of stored.providers) {
    const row = decodeRow(PROVIDERS, raw);
    tally.provider(row, -1n);
    draft.providers.set(row.provider, row);
  }
  for (const raw of stored.jobs) {
    const row = decodeRow(JOBS, raw);
    tally.job(row, -1n);
    draft.jobs.set(row.job, row);
  }
  draft.cases = stored.cases;
  for (const raw of stored.quotes) {
    const row = decodeRow(QUOTES, raw);
    draft.quotes.set(row.quote, row);
  }
  return { jobs: new Set(draft.jobs.keys()) };
}

/** Resolves when all is made and on its way, each statement in its turn. */
async function store(
  db: Queryable,
  series: Series,
  serial: Serial,
  draft: Draft,
  known: Known,
  tally: Tally,
): Promise<void> {
  const send = (statement: Statement) => void serial.run(() => statement(db));
  // Only an event that a job's or provider's row hasn't held yet makes a tick, a heartbeat or a line of a ledger, so
  // those are new also when a history comes twice.
  void serial.run(() => insertFresh(db, TICKS, draft.ticks));
  void serial.run(() => insertFresh(db, HEARTBEATS, draft.heartbeats));
  void serial.run(() => insertFresh(db, LEDGER, draft.ledger));
  send(insertingNew(FAULTS, draft.faults));
  if (draft.marketChanged && draft.market) send(upserting(MARKET, [draft.market]));
  send(upserting(ASSETS, [...draft.assets.values()]));
  send(upserting(PROVIDERS, [...draft.providers.values()]));
  await turn();
  const jobs = [...draft.jobs.values()];
  const newJobs = jobs.filter((row) => !known.jobs.has(row.job));
  void serial.run(() => insertFresh(db, JOBS, newJobs));
  send(
    upserting(
      JOBS,
      jobs.filter((row) => known.jobs.has(row.job)),
    ),
  );
  send(upserting(CASES, draft.cases));
  if (draft.quotes.size > 0) {
    void serial.run(() => insertFresh(db, QUOTE_REFUNDS, draft.quoteRefunds));
    send(upserting(QUOTES, [...draft.quotes.values()]));
  }
  await turn();
  for (const row of jobs) tally.job(row, 1n);
  for (const row of draft.providers.values()) tally.provider(row, 1n);
  for (const row of draft.ticks) tally.tick(row);
  for (const add of addingTotals(tally.changes())) send(add);
  await turn();
  for (const add of series.adding(rollupsOf(draft.ticks, draft.heartbeats))) send(add);
}

/** Rows of which none is there; a few go without COPY's exchange. `onBegun` as in `copyNew`. */
async function insertFresh<C extends Columns>(
  db: Queryable,
  table: Table<C>,
  rows: Array<Row<C>>,
  onBegun?: () => void,
): Promise<unknown> {
  return rows.length < COPY_ROWS ? insertNew(db, table, rows) : copyNew(db, table, rows, onBegun);
}

async function loadAll<C extends Columns>(db: Queryable, table: Table<C>): Promise<Raw[]> {
  return (await db.query(`SELECT * FROM ${table.name}`)).rows;
}

async function loadByKey<C extends Columns>(
  db: Queryable,
  table: Table<C>,
  key: string,
  values: string[],
): Promise<Raw[]> {
  if (values.length === 0) return [];
  return (await db.query(`SELECT * FROM ${table.name} WHERE ${key} = ANY($1)`, [values])).rows;
}
