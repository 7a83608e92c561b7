/**
 * Named reads of jobs and of the events that tell their history. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { EVENTS, type EventRow, JOBS, type JobRow } from "../tables.ts";
import { conditions } from "./providers.ts";

export interface JobFilter {
  buyer?: string | undefined;
  provider?: string | undefined;
  /** Code of docs/protocol.md "Job states". */
  state?: number | undefined;
  /** true: only open orders that nobody has taken yet; false: all others. */
  open?: boolean | undefined;
}

export interface PositionKey {
  version: string;
  index: number;
}

/** Newest first. */
export async function listJobs(
  db: Queryable,
  q: { filter: JobFilter; after: PositionKey | null; limit: number },
): Promise<JobRow[]> {
  const { where, param, params } = conditions();
  if (q.filter.buyer) where.push(`buyer = ${param(q.filter.buyer)}`);
  if (q.filter.provider) where.push(`provider = ${param(q.filter.provider)}`);
  if (q.filter.state !== undefined) where.push(`state = ${param(q.filter.state)}::int2`);
  // As text and not as a parameter: only so can the index of open orders serve it.
  if (q.filter.open !== undefined) where.push(`${q.filter.open ? "" : "NOT "}(is_open AND state = 0)`);
  if (q.after) {
    where.push(
      `(created_version, created_index) < (${param(q.after.version)}::int8, ${param(q.after.index)}::int4)`,
    );
  }
  const { rows } = await db.query(
    `SELECT * FROM jobs WHERE ${where.join(" AND ")}
     ORDER BY created_version DESC, created_index DESC LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(JOBS, row));
}

export interface StreamKey {
  version: string;
  job: string;
}

/** Jobs whose stream runs now, the last started first. */
export async function listRunningStreams(
  db: Queryable,
  q: { after: StreamKey | null; limit: number },
): Promise<JobRow[]> {
  const { where, param, params } = conditions();
  if (q.after) {
    // Descending versions with ascending jobs inside one: a row comparison can't say that.
    const version = `${param(q.after.version)}::int8`;
    where.push(
      `(started_version < ${version} OR (started_version = ${version} AND job > ${param(q.after.job)}))`,
    );
  }
  const { rows } = await db.query(
    `SELECT * FROM jobs WHERE state = 2 AND ${where.join(" AND ")}
     ORDER BY started_version DESC, job LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(JOBS, row));
}

/** Those that exist, in no order. */
export async function findJobs(db: Queryable, addresses: string[]): Promise<JobRow[]> {
  const { rows } = await db.query("SELECT * FROM jobs WHERE job = ANY($1)", [addresses]);
  return rows.map((row) => decodeRow(JOBS, row));
}

/** A job's history, oldest first. */
export async function listJobEvents(
  db: Queryable,
  q: { job: string; after: PositionKey | null; limit: number },
): Promise<EventRow[]> {
  const { where, param, params } = conditions();
  where.push(`job = ${param(q.job)}`);
  if (q.after) {
    where.push(`(version, event_index) > (${param(q.after.version)}::int8, ${param(q.after.index)}::int4)`);
  }
  const { rows } = await db.query(
    `SELECT * FROM events WHERE ${where.join(" AND ")} ORDER BY version, event_index LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(EVENTS, row));
}

/** What the events of a range of versions were about. */
export async function subjectsBetween(
  db: Queryable,
  fromVersion: bigint,
  toVersion: bigint,
): Promise<{ jobs: string[]; providers: string[] }> {
  const { rows } = await db.query(
    "SELECT DISTINCT job, provider FROM events WHERE version BETWEEN $1 AND $2",
    [fromVersion.toString(), toVersion.toString()],
  );
  const present = (values: Array<string | null>) => [...new Set(values.filter((v) => v !== null))];
  return { jobs: present(rows.map((row) => row.job)), providers: present(rows.map((row) => row.provider)) };
}
