/**
 * Named reads for the live feed: where the mirror stands, and what came after a version. They never write.
 * It doesn't know topics or DTOs.
 */
import { decodeRow, type Queryable, selectList } from "../table.ts";
import { TICKS, type TickRow } from "../tables.ts";
import { decodeLedgerLine, type LedgerLine } from "./ledger.ts";

export interface MirrorPosition {
  /** Other tables, also of the same chain, have another one. */
  mirror: string;
  /** Last version in the mirror; -1 = none. */
  version: bigint;
  /** Chain time of it. */
  timestampSecs: bigint;
}

/**
 * First in a transaction: while that lasts a reindex can't exchange the tables, for its exchange waits for this one.
 * Null before the mirror's first start.
 */
export async function readMirrorPosition(db: Queryable): Promise<MirrorPosition | null> {
  const { rows } = await db.query(
    "SELECT mirror_id, next_version - 1 AS version, last_timestamp_usecs FROM chain_cursor",
  );
  const row = rows[0];
  if (!row) return null;
  return {
    mirror: row.mirror_id,
    version: BigInt(row.version),
    timestampSecs: BigInt(row.last_timestamp_usecs) / 1_000_000n,
  };
}

/** Chain time of the first event above each version, where there is one. */
export async function oldestEventTimes(db: Queryable, versions: bigint[]): Promise<Map<bigint, bigint>> {
  if (versions.length === 0) return new Map();
  const { rows } = await db.query(
    `SELECT v.version, e.timestamp FROM unnest($1::int8[]) AS v(version)
     CROSS JOIN LATERAL (SELECT timestamp FROM events WHERE events.version > v.version
                         ORDER BY events.version LIMIT 1) e`,
    [versions.map(String)],
  );
  return new Map(rows.map((row) => [BigInt(row.version), BigInt(row.timestamp)]));
}

/** The newest `limit` settlements of each job in its range of versions, oldest first. */
export async function ticksOfJobsBetween(
  db: Queryable,
  ranges: Array<{ job: string; after: bigint; until: bigint }>,
  limit: number,
): Promise<TickRow[][]> {
  const answers: TickRow[][] = ranges.map(() => []);
  const { rows } = await db.query(
    `SELECT r.n::int AS n, t.* FROM unnest($1::text[], $2::int8[], $3::int8[]) WITH ORDINALITY AS r(job, after, until, n)
     CROSS JOIN LATERAL (
       SELECT ${selectList(TICKS)} FROM stream_ticks
       WHERE stream_ticks.job = r.job AND version > r.after AND version <= r.until
       ORDER BY version DESC, event_index DESC LIMIT $4) t
     ORDER BY r.n, t.version, t.event_index`,
    [
      ranges.map(({ job }) => job),
      ranges.map(({ after }) => after.toString()),
      ranges.map(({ until }) => until.toString()),
      limit,
    ],
  );
  for (const row of rows) answers[row.n - 1]?.push(decodeRow(TICKS, row));
  return answers;
}

/** A wallet's movements of a range of versions, oldest first. */
export async function ledgerBetween(
  db: Queryable,
  wallet: string,
  range: { after: bigint; until: bigint },
  limit: number,
): Promise<LedgerLine[]> {
  const { rows } = await db.query(
    `SELECT l.*, e.tx_hash, e.timestamp, e.job, e.provider
     FROM ledger_entries l JOIN events e ON e.version = l.version AND e.event_index = l.event_index
     WHERE l.wallet = $1 AND l.version > $2 AND l.version <= $3
     ORDER BY l.version, l.event_index, l.line LIMIT $4`,
    [wallet, range.after.toString(), range.until.toString(), limit],
  );
  return rows.map(decodeLedgerLine);
}

/** Those of `wallets` that money reached or left, or whose jobs and providers are among those named. */
export async function walletsTouched(
  db: Queryable,
  wallets: string[],
  by: { jobs: string[]; providers: string[] },
  range: { after: bigint; until: bigint },
): Promise<string[]> {
  const { rows } = await db.query(
    `SELECT buyer AS wallet FROM jobs WHERE job = ANY($1) AND buyer = ANY($3)
     UNION SELECT owner FROM providers WHERE provider = ANY($2) AND owner = ANY($3)
     UNION SELECT wallet FROM ledger_entries WHERE wallet = ANY($3) AND version > $4 AND version <= $5`,
    [by.jobs, by.providers, wallets, range.after.toString(), range.until.toString()],
  );
  return rows.map((row) => row.wallet);
}
