/**
 * Named reads of settlements and jobs by buckets of time. They never write.
 * It doesn't know DTOs or HTTP, nor which ranges are reasonable.
 */
import type { Queryable } from "../table.ts";

/** Unix seconds, multiples of `bucketSecs`; `untilSecs` is the end of the last bucket. */
export interface Range {
  fromSecs: number;
  untilSecs: number;
  bucketSecs: number;
}

const BUCKETS = "generate_series($1::int8, $2::int8 - 1, $3::int8) AS bucket";
const bucketOf = (secs: string) => `(${secs})::int8 / $3::int8 * $3::int8`;
const TICK_IN_RANGE = "t.occurred_at >= to_timestamp($1::int8) AND t.occurred_at < to_timestamp($2::int8)";
const TICK_SECS = "extract(epoch FROM t.occurred_at)";

export interface NetworkBucket {
  timestamp: number;
  settlements: number;
  /** Decimal strings. */
  amount: string;
  fees: string;
  keeperFees: string;
  jobsCreated: number;
  jobsSettled: number;
}

/** Oldest first, without gaps; amounts of one asset. */
export async function networkHistory(db: Queryable, range: Range, asset: string): Promise<NetworkBucket[]> {
  const { rows } = await db.query(
    `WITH settled AS (
       SELECT ${bucketOf(TICK_SECS)} AS bucket, count(*) AS settlements, sum(t.amount) AS amount, sum(t.fee) AS fees,
              sum(t.keeper_fee) AS keeper_fees
       FROM stream_ticks t JOIN jobs j ON j.job = t.job AND j.asset = $4
       WHERE t.amount > 0 AND ${TICK_IN_RANGE} GROUP BY 1),
     created AS (
       SELECT ${bucketOf("created_at")} AS bucket, count(*) AS n FROM jobs
       WHERE created_at >= $1::int8 AND created_at < $2::int8 GROUP BY 1),
     done AS (
       SELECT ${bucketOf("settled_at")} AS bucket, count(*) AS n FROM jobs
       WHERE state = 8 AND settled_at >= $1::int8 AND settled_at < $2::int8 GROUP BY 1)
     SELECT bucket::float8 AS timestamp, coalesce(settlements, 0)::int AS settlements,
            coalesce(amount, 0)::text AS amount, coalesce(fees, 0)::text AS fees,
            coalesce(keeper_fees, 0)::text AS "keeperFees",
            coalesce(created.n, 0)::int AS "jobsCreated", coalesce(done.n, 0)::int AS "jobsSettled"
     FROM ${BUCKETS} LEFT JOIN settled USING (bucket) LEFT JOIN created USING (bucket) LEFT JOIN done USING (bucket)
     ORDER BY bucket`,
    [range.fromSecs, range.untilSecs, range.bucketSecs, asset],
  );
  return rows;
}

export interface ProviderBucket {
  timestamp: number;
  settlements: number;
  seconds: number;
  /** Decimal strings; net of fees. */
  paid: string;
  fees: string;
}

/** Oldest first, without gaps; seconds of all jobs, amounts of one asset. */
export async function providerHistory(
  db: Queryable,
  range: Range,
  of: { provider: string; asset: string },
): Promise<ProviderBucket[]> {
  // Ticks tell cumulative seconds. Only the first in range looks for the tick before it.
  const { rows } = await db.query(
    `WITH steps AS (
       SELECT ${bucketOf(TICK_SECS)} AS bucket, t.amount, t.fee, j.asset,
              t.seconds_billed - coalesce(
                lag(t.seconds_billed) OVER (PARTITION BY t.job ORDER BY t.version, t.event_index),
                (SELECT b.seconds_billed FROM stream_ticks b
                 WHERE b.job = t.job AND (b.version, b.event_index) < (t.version, t.event_index)
                 ORDER BY b.version DESC, b.event_index DESC LIMIT 1),
                0) AS seconds
       FROM jobs j JOIN stream_ticks t ON t.job = j.job
       WHERE j.provider = $4 AND ${TICK_IN_RANGE}),
     settled AS (
       SELECT bucket, count(*) FILTER (WHERE asset = $5 AND amount > 0) AS settlements, sum(seconds) AS seconds,
              sum(amount - fee) FILTER (WHERE asset = $5) AS paid, sum(fee) FILTER (WHERE asset = $5) AS fees
       FROM steps GROUP BY bucket)
     SELECT bucket::float8 AS timestamp, coalesce(settlements, 0)::int AS settlements,
            coalesce(seconds, 0)::float8 AS seconds, coalesce(paid, 0)::text AS paid, coalesce(fees, 0)::text AS fees
     FROM ${BUCKETS} LEFT JOIN settled USING (bucket) ORDER BY bucket`,
    [range.fromSecs, range.untilSecs, range.bucketSecs, of.provider, of.asset],
  );
  return rows;
}

/** A decimal string: what a provider's jobs in `asset` have paid it so far, net of fees. */
export async function paidToProvider(
  db: Queryable,
  of: { provider: string; asset: string },
): Promise<string> {
  const { rows } = await db.query(
    "SELECT coalesce(sum(paid - fee_paid), 0)::text AS paid FROM jobs WHERE provider = $1 AND asset = $2",
    [of.provider, of.asset],
  );
  return rows[0]?.paid ?? "0";
}
