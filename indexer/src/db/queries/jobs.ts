/**
 * Named reads of jobs. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { JOBS, type JobRow } from "../tables.ts";
import { conditions } from "./conditions.ts";

export interface JobFilter {
  buyer?: string | undefined;
  provider?: string | undefined;
  /** Code of docs/protocol.md "Job states". */
  state?: number | undefined;
  /** true: only open orders that nobody has taken yet; false: all others. */
  open?: boolean | undefined;
  asset?: string | undefined;
  /** Words, each in the title or the image; any case. */
  q?: string | undefined;
  /** Unix seconds of the making: this or later, before this. */
  since?: number | undefined;
  until?: number | undefined;
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
  const { where, param, params, hasWords } = conditions();
  if (q.filter.buyer) where.push(`buyer = ${param(q.filter.buyer)}`);
  if (q.filter.provider) where.push(`provider = ${param(q.filter.provider)}`);
  if (q.filter.state !== undefined) where.push(`state = ${param(q.filter.state)}::int2`);
  // As text and not as a parameter: only so can the index of open orders serve it.
  if (q.filter.open !== undefined) where.push(`${q.filter.open ? "" : "NOT "}(is_open AND state = 0)`);
  if (q.filter.asset) where.push(`asset = ${param(q.filter.asset)}`);
  hasWords("(title || ' ' || image)", q.filter.q);
  // Chain time never falls with the version, so a time is a version, and every index above goes by versions.
  if (q.filter.since !== undefined) where.push(`created_version >= ${firstVersionAt(param(q.filter.since))}`);
  if (q.filter.until !== undefined) where.push(`created_version < ${firstVersionAt(param(q.filter.until))}`);
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

/** The version of the first job made at this second or later; beyond all when there is none. */
function firstVersionAt(secs: string): string {
  return `coalesce((SELECT created_version FROM jobs WHERE created_at >= ${secs}::numeric
    ORDER BY created_at, created_version LIMIT 1), 9223372036854775807)`;
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
    // Descending versions with ascending jobs inside one: a row comparison can't say that. The first condition is
    // where the index begins.
    const version = `${param(q.after.version)}::int8`;
    where.push(`started_version <= ${version}`);
    where.push(`(started_version < ${version} OR job > ${param(q.after.job)})`);
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

export interface JobCounts {
  total: number;
  waiting: number;
  running: number;
  ended: number;
  settled: number;
  /** Of all, settled or not. */
  secondsBilled: number;
}

/** A buyer's or a provider's, by what became of them. */
export async function countJobs(
  db: Queryable,
  of: { party: "buyer" | "provider"; address: string },
): Promise<JobCounts> {
  const { rows } = await db.query({
    name: "count jobs",
    text: `SELECT coalesce(sum(jobs), 0)::int AS total, coalesce(sum(waiting), 0)::int AS waiting,
            coalesce(sum(running), 0)::int AS running, coalesce(sum(ended), 0)::int AS ended,
            coalesce(sum(settled), 0)::int AS settled,
            coalesce(sum(seconds_billed), 0)::float8 AS "secondsBilled"
     FROM job_totals WHERE party = $1 AND address = $2`,
    values: [of.party, of.address],
  });
  return rows[0] as JobCounts;
}
