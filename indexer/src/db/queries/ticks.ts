/**
 * Named reads of the settlement series. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable, selectList } from "../table.ts";
import { type JobRow, TICKS, type TickRow } from "../tables.ts";
import { conditions } from "./conditions.ts";
import type { PositionKey } from "./jobs.ts";

/** Code of docs/protocol.md "Job states". */
const SETTLED = 8;

/** A job, and when it can have been settled: so only the partitions of that time are looked at. */
export type JobTime = Pick<JobRow, "job" | "created_at" | "state" | "settled_at">;

function ofJob(job: JobTime) {
  const { where, param, params } = conditions();
  where.push(`job = ${param(job.job)}`);
  where.push(`occurred_at >= to_timestamp(${param(job.created_at.toString())}::int8)`);
  if (job.state === SETTLED) {
    where.push(`occurred_at <= to_timestamp(${param(job.settled_at.toString())}::int8)`);
  }
  return { where, param, params };
}

/** A job's settlements, newest first unless `oldestFirst`. */
export async function listTicks(
  db: Queryable,
  q: { job: JobTime; after: PositionKey | null; limit: number; oldestFirst?: boolean },
): Promise<TickRow[]> {
  const [beyond, order] = q.oldestFirst ? [">", ""] : ["<", " DESC"];
  const { where, param, params } = ofJob(q.job);
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
