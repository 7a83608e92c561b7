/**
 * Named reads of what isn't anybody's to read, and of who is what. They never write.
 * It doesn't know DTOs or HTTP, nor who asks.
 */
import type { Queryable } from "../table.ts";

const RUNNING = 2;
const SHOWN = 100;

export interface TelemetryRow {
  /** Microseconds, as a decimal string. */
  atUsecs: string;
  status: "online" | "busy" | "maintenance";
  jobs_running: number;
  cpu_percent: number | null;
  ram_used_mb: string | null;
  ram_total_mb: string | null;
  disk_used_mb: string | null;
  disk_total_mb: string | null;
  cpu_celsius: number | null;
  gpu_percent: number[];
  gpu_celsius: number[];
  gpu_watts: number[];
  vram_used_mb: string[];
  vram_total_mb: string[];
  node_version: string;
}

/** Exact both ways, which a float of seconds isn't. */
const usecsOf = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::int8::text`;
const timeOf = (param: string) => `('epoch'::timestamptz + ${param}::int8 * INTERVAL '1 microsecond')`;

/** Newest first; `sinceSecs` and what came after only. */
export async function listTelemetry(
  db: Queryable,
  q: { provider: string; sinceSecs: bigint; before: string | null; limit: number },
): Promise<TelemetryRow[]> {
  const { rows } = await db.query(
    `SELECT *, ${usecsOf("occurred_at")} AS "atUsecs" FROM provider_telemetry
     WHERE provider = $1 AND occurred_at >= to_timestamp($2::int8)
       AND ($3::int8 IS NULL OR occurred_at < ${timeOf("$3")})
     ORDER BY occurred_at DESC LIMIT $4`,
    [q.provider, q.sinceSecs.toString(), q.before, q.limit],
  );
  return rows;
}

export interface AttestationRow {
  atUsecs: string;
  provider: string;
  seq: string;
  seconds_cum: string;
  t_last: string;
  log_root: string;
  signature: string;
  countersignature: string | null;
}

export interface AttestationKey {
  seq: string;
  atUsecs: string;
}

/** Newest first: by sequence number, and where one was taken twice by when. */
export async function listAttestations(
  db: Queryable,
  q: { job: string; after: AttestationKey | null; limit: number },
): Promise<AttestationRow[]> {
  const { rows } = await db.query(
    `SELECT provider, seq, seconds_cum, t_last, log_root, signature, countersignature,
            ${usecsOf("occurred_at")} AS "atUsecs"
     FROM attestations
     WHERE job = $1 AND ($2::numeric IS NULL OR (seq, occurred_at) < ($2, ${timeOf("$3")}))
     ORDER BY seq DESC, occurred_at DESC LIMIT $4`,
    [q.job, q.after?.seq ?? null, q.after?.atUsecs ?? null, q.limit],
  );
  return rows;
}

/** When the first of a buyer's jobs that run on a provider now began, in unix seconds; null when none runs. */
export async function runningSince(db: Queryable, provider: string, buyer: string): Promise<bigint | null> {
  const { rows } = await db.query(
    "SELECT min(started_at)::text AS since FROM jobs WHERE provider = $1 AND buyer = $2 AND state = $3",
    [provider, buyer, RUNNING],
  );
  return rows[0].since === null ? null : BigInt(rows[0].since);
}

export interface RolesRow {
  running: Array<{ job: string; provider: string }>;
  owned: string[];
  operated: string[];
  openCases: string[];
  isMarketArbiter: boolean;
}

export async function rolesOf(db: Queryable, wallet: string): Promise<RolesRow> {
  const { rows } = await db.query(
    `SELECT
       coalesce((SELECT jsonb_agg(jsonb_build_object('job', job, 'provider', provider)) FROM (
         SELECT job, provider FROM jobs WHERE buyer = $1 AND state = $2
         ORDER BY created_version DESC, created_index DESC LIMIT $3) j), '[]') AS running,
       ARRAY(SELECT provider FROM providers WHERE owner = $1
             ORDER BY registered_version DESC, registered_index DESC LIMIT $3) AS owned,
       ARRAY(SELECT provider FROM providers WHERE operator = $1
             ORDER BY registered_version DESC, registered_index DESC LIMIT $3) AS operated,
       ARRAY(SELECT job FROM cases WHERE arbiter = $1 AND closed_version IS NULL
             ORDER BY opened_version DESC, opened_index DESC LIMIT $3) AS "openCases",
       EXISTS (SELECT FROM market_parameters WHERE arbiter = $1) AS "isMarketArbiter"`,
    [wallet, RUNNING, SHOWN],
  );
  return rows[0];
}
