/**
 * Named reads of what the mirror is at, and of what a range of versions changed. They never write.
 * It doesn't know who wants to know.
 */
import type { Queryable } from "../table.ts";

/** Which tables these are, and up to where they hold everything. */
export interface MirrorState {
  /** Another one after the tables were replaced, by a reindex or in another database. */
  mirror: string;
  version: bigint;
}

/** Null before the first start of the writer. What is read after this holds everything up to `version`. */
export async function readMirrorState(db: Queryable): Promise<MirrorState | null> {
  const { rows } = await db.query("SELECT mirror_id, next_version - 1 AS version FROM chain_cursor");
  const row = rows[0];
  return row ? { mirror: row.mirror_id, version: BigInt(row.version) } : null;
}

export interface Changed {
  jobs: string[];
  providers: string[];
  market: boolean;
  any: boolean;
}

/** What the events of the versions above `after`, up to and including `until`, were about. */
export async function changesBetween(db: Queryable, after: bigint, until: bigint): Promise<Changed> {
  const { rows } = await db.query(
    `SELECT DISTINCT job, provider, module = 'market' AS market FROM events WHERE version > $1 AND version <= $2`,
    [after.toString(), until.toString()],
  );
  const present = (values: Array<string | null>) => [...new Set(values.filter((v) => v !== null))];
  return {
    jobs: present(rows.map((row) => row.job)),
    providers: present(rows.map((row) => row.provider)),
    market: rows.some((row) => row.market),
    any: rows.length > 0,
  };
}
