/**
 * Rows of a time series into PostgreSQL, gathered and written by one connection; nothing ever waits for it.
 * It doesn't know what the rows mean. While the database is away the newest rows are kept, the rest dropped and counted.
 */
import pg from "pg";
import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";

export interface SeriesTable {
  name: string;
  /** Column -> its type in PostgreSQL. */
  columns: Record<string, string>;
}

export interface SeriesWriter {
  /** At once; the row is written, or dropped and counted, later. */
  add(table: SeriesTable, row: Record<string, unknown>): void;
  readonly waiting: number;
  /** Writes what waits, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface SeriesWriterOptions {
  databaseUrl: string;
  logger: Logger;
  onWritten: (table: string, rows: number) => void;
  onDropped: (table: string, rows: number, reason: "full" | "refused") => void;
  flushMs?: number;
  rowsMax?: number;
}

const ROWS_AT_ONCE = 2_000;
const RETRY_MS = 1_000;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 10_000;

export function createSeriesWriter(options: SeriesWriterOptions): SeriesWriter {
  const { logger, flushMs = 1_000, rowsMax = 50_000 } = options;
  const queues = new Map<SeriesTable, Array<Record<string, unknown>>>();
  let client: pg.Client | null = null;
  let waiting = 0;
  let writing: Promise<void> | null = null;
  let retryAtMs = 0;
  let complained = false;

  async function connected(): Promise<pg.Client> {
    if (client) return client;
    const made = new pg.Client({
      connectionString: options.databaseUrl,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    });
    made.on("error", () => {
      if (client === made) client = null;
    });
    await made.connect();
    client = made;
    return made;
  }

  async function insert({ name, columns }: SeriesTable, rows: Array<Record<string, unknown>>): Promise<void> {
    const names = Object.keys(columns).join(", ");
    const types = Object.entries(columns)
      .map(([column, type]) => `${column} ${type}`)
      .join(", ");
    // A row that is there already (told to two instances) stays as it is.
    const sql = `INSERT INTO ${name} (${names}) SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS t(${types}) ON CONFLICT DO NOTHING`;
    await (await connected()).query({ name: `series_${name}`, text: sql, values: [JSON.stringify(rows)] });
  }

  async function write(): Promise<void> {
    for (const [table, queue] of queues) {
      while (queue.length > 0) {
        const rows = queue.splice(0, ROWS_AT_ONCE);
        waiting -= rows.length;
        try {
          await insert(table, rows);
          options.onWritten(table.name, rows.length);
          complained = false;
        } catch (error) {
          if (isRowsFault(error)) {
            options.onDropped(table.name, rows.length, "refused");
            logger.error({ table: table.name, reason: messageOf(error) }, "the database refused rows");
            continue;
          }
          queue.unshift(...rows);
          waiting += rows.length;
          trim(table, queue);
          throw error;
        }
      }
    }
  }

  /** The oldest go first: what is newest is asked about most. */
  function trim(table: SeriesTable, queue: Array<Record<string, unknown>>): void {
    const excess = Math.min(queue.length, waiting - rowsMax);
    if (excess <= 0) return;
    queue.splice(0, excess);
    waiting -= excess;
    options.onDropped(table.name, excess, "full");
  }

  function flush(): Promise<void> {
    writing ??= write()
      .catch((error: unknown) => {
        retryAtMs = performance.now() + RETRY_MS;
        client?.end().catch(() => undefined);
        client = null;
        if (!complained) logger.warn({ reason: messageOf(error) }, "the database is away; series wait");
        complained = true;
      })
      .finally(() => {
        writing = null;
      });
    return writing;
  }

  const timer = setInterval(() => {
    if (waiting > 0 && performance.now() >= retryAtMs) void flush();
  }, flushMs);
  timer.unref();

  return {
    get waiting() {
      return waiting;
    },
    add(table, row) {
      const queue = queues.get(table) ?? [];
      if (!queues.has(table)) queues.set(table, queue);
      queue.push(row);
      waiting += 1;
      trim(table, queue);
    },
    async close(graceMs) {
      clearInterval(timer);
      let late: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        late = setTimeout(resolve, graceMs);
      });
      await Promise.race([
        (async () => {
          await writing;
          if (waiting > 0) await flush();
        })(),
        deadline,
      ]);
      clearTimeout(late);
      await client?.end().catch(() => undefined);
    },
  };
}

/** The rows themselves (class 22, 23), the table (42): the same rows would be refused again. */
function isRowsFault(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" && /^(22|23|42)/.test(code) && code.length === 5;
}
