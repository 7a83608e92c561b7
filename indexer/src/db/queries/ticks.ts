/**
 * Named reads of the settlement series. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable, selectList } from "../table.ts";
import { TICKS, type TickRow } from "../tables.ts";
import { conditions } from "./conditions.ts";
import type { PositionKey } from "./jobs.ts";

/** A job's settlements, newest first unless `oldestFirst`. */
export async function listTicks(
  db: Queryable,
  q: { job: string; after: PositionKey | null; limit: number; oldestFirst?: boolean },
): Promise<TickRow[]> {
  const [beyond, order] = q.oldestFirst ? [">", ""] : ["<", " DESC"];
  const { where, param, params } = conditions();
  where.push(`job = ${param(q.job)}`);
  if (q.after) {
    where.push(
      `(version, event_index) ${beyond} (${param(q.after.version)}::int8, ${param(q.after.index)}::int4)`,
    );
  }
  const { rows } = await db.query(
    `SELECT ${selectList(TICKS)} FROM stream_ticks WHERE ${where.join(" AND ")}
     ORDER BY version${order}, event_index${order} LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(TICKS, row));
}

/** The newest `limit` settlements of a range of versions, oldest first. */
export async function ticksBetween(
  db: Queryable,
  fromVersion: bigint,
  toVersion: bigint,
  limit: number,
): Promise<TickRow[]> {
  const { rows } = await db.query(
    `SELECT ${selectList(TICKS)} FROM stream_ticks WHERE version BETWEEN $1 AND $2
     ORDER BY version DESC, event_index DESC LIMIT $3`,
    [fromVersion.toString(), toVersion.toString(), limit],
  );
  return rows.map((row) => decodeRow(TICKS, row)).reverse();
}

export interface TickSums {
  count: number;
  /** Decimal strings. */
  amount: string;
  fee: string;
  keeperFee: string;
}

/** Over all of a job's settlements. */
export async function sumTicks(db: Queryable, job: string): Promise<TickSums> {
  const { rows } = await db.query(
    `SELECT count(*)::int AS count, coalesce(sum(amount), 0)::text AS amount, coalesce(sum(fee), 0)::text AS fee,
            coalesce(sum(keeper_fee), 0)::text AS "keeperFee"
     FROM stream_ticks WHERE job = $1`,
    [job],
  );
  return rows[0] as TickSums;
}
