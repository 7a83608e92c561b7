/**
 * Connections to PostgreSQL: the pool that reads, single clients that write or listen, and transactions.
 * It doesn't know any table.
 */
import pg from "pg";
import { errorCode, errorMessage, FatalError } from "../errors.ts";
import { sleep } from "../retry.ts";
import type { Queryable } from "./table.ts";

export interface DatabaseOptions {
  databaseUrl: string;
  /** Work in this schema instead of the connection's default: how a rebuild stands beside the live tables. */
  schema?: string;
}

const KEEP_ALIVE = { keepAlive: true, connectionTimeoutMillis: 5_000 } as const;

function connection({ databaseUrl, schema }: DatabaseOptions): pg.ClientConfig {
  if (schema !== undefined && !/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new RangeError(`not a schema name: ${schema}`);
  }
  return {
    connectionString: databaseUrl,
    ...KEEP_ALIVE,
    ...(schema === undefined ? {} : { options: `-c search_path=${schema}` }),
  };
}

/** Read connections: a query that takes longer than `statementTimeoutMs` is cancelled by the server. */
export function createPool(
  options: DatabaseOptions & { max?: number; statementTimeoutMs?: number; onError(error: Error): void },
): pg.Pool {
  const pool = new pg.Pool({
    ...connection(options),
    max: options.max ?? 10,
    statement_timeout: options.statementTimeoutMs ?? 5_000,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", options.onError);
  return pool;
}

/** One connection of its own; `onLost` is called once when it breaks. */
export async function connectClient(
  options: DatabaseOptions & { onLost?: (error: Error) => void },
): Promise<pg.Client> {
  const client = new pg.Client(connection(options));
  let told = false;
  const lost = (error: Error) => {
    if (told) return;
    told = true;
    options.onLost?.(error);
  };
  client.on("error", lost);
  client.on("end", () => lost(new Error("the database connection ended")));
  await client.connect();
  return client;
}

export async function withTransaction<T>(
  db: Queryable,
  work: () => Promise<T>,
  mode: "READ WRITE" | "ISOLATION LEVEL REPEATABLE READ READ ONLY" = "READ WRITE",
): Promise<T> {
  await db.query(`BEGIN ${mode}`);
  try {
    const result = await work();
    await db.query("COMMIT");
    return result;
  } catch (error) {
    // The first error is the one to tell; a broken connection can't roll back and needn't.
    await db.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** All that `work` reads is of one moment: figures that must agree can't come from before and after a commit. */
export async function readSnapshot<T>(pool: pg.Pool, work: (db: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await withTransaction(client, () => work(client), "ISOLATION LEVEL REPEATABLE READ READ ONLY");
  } finally {
    client.release();
  }
}

/** A server that is starting, stopping or not there yet: worth waiting for. Wrong names and passwords aren't. */
const COMING_UP = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "ENOENT",
  "57P03",
]);

/** Returns once PostgreSQL answers; throws `FatalError` (`DATABASE_UNREACHABLE`) when it doesn't within `waitMs`. */
export async function waitForDatabase(databaseUrl: string, waitMs: number): Promise<void> {
  const deadline = Date.now() + waitMs;
  for (;;) {
    try {
      const client = await connectClient({ databaseUrl });
      await client.end();
      return;
    } catch (error) {
      if (COMING_UP.has(errorCode(error)) && Date.now() < deadline) {
        await sleep(250);
        continue;
      }
      throw new FatalError(
        "DATABASE_UNREACHABLE",
        `PostgreSQL at ${describe(databaseUrl)} can't be used (${errorMessage(error)}): start it or correct DATABASE_URL`,
        error,
      );
    }
  }
}

/** host:port/database, never the credentials. */
function describe(databaseUrl: string): string {
  try {
    const url = new URL(databaseUrl);
    return `${url.hostname || "localhost"}:${url.port || "5432"}${url.pathname}`;
  } catch {
    return "the address in DATABASE_URL";
  }
}
