/**
 * Named reads of settlements and jobs by buckets of time, from the totals that are kept. They never write.
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
  const { rows } = await db.query({
    name: "network history",
    text: `WITH active AS (
       SELECT bucket, sum(settlements) FILTER (WHERE asset = $4) AS settlements,
              sum(amount) FILTER (WHERE asset = $4) AS amount, sum(fee) FILTER (WHERE asset = $4) AS fees,
              sum(keeper_fee) FILTER (WHERE asset = $4) AS keeper_fees,
              sum(jobs_created) AS created, sum(jobs_settled) AS done
       FROM market_activity WHERE bucket_secs = $3::int8 AND bucket >= $1::int8 AND bucket < $2::int8
       GROUP BY bucket)
     SELECT bucket::float8 AS timestamp, coalesce(settlements, 0)::int AS settlements,
            coalesce(amount, 0)::text AS amount, coalesce(fees, 0)::text AS fees,
            coalesce(keeper_fees, 0)::text AS "keeperFees",
            coalesce(created, 0)::int AS "jobsCreated", coalesce(done, 0)::int AS "jobsSettled"
     FROM ${BUCKETS} LEFT JOIN active USING (bucket) ORDER BY bucket`,
    values: [range.fromSecs, range.untilSecs, range.bucketSecs, asset],
  });
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
  const totals = range.bucketSecs < 3_600 ? "settlements_per_minute" : "settlements_per_hour";
  const { rows } = await db.query({
    name: `provider history ${totals}`,
    text: `WITH settled AS (
       SELECT extract(epoch FROM s.bucket)::int8 / $3::int8 * $3::int8 AS bucket,
              sum(settlements) FILTER (WHERE asset = $5) AS settlements, sum(seconds) AS seconds,
              sum(amount - fee) FILTER (WHERE asset = $5) AS paid, sum(fee) FILTER (WHERE asset = $5) AS fees
       FROM ${totals} s
       WHERE provider = $4 AND s.bucket >= to_timestamp($1::int8) AND s.bucket < to_timestamp($2::int8)
       GROUP BY 1)
     SELECT bucket::float8 AS timestamp, coalesce(settlements, 0)::int AS settlements,
            coalesce(seconds, 0)::float8 AS seconds, coalesce(paid, 0)::text AS paid, coalesce(fees, 0)::text AS fees
     FROM ${BUCKETS} LEFT JOIN settled USING (bucket) ORDER BY bucket`,
    values: [range.fromSecs, range.untilSecs, range.bucketSecs, of.provider, of.asset],
  });
  return rows;
}

/** A decimal string: what a provider's jobs in `asset` have paid it so far, net of fees. */
export async function paidToProvider(
  db: Queryable,
  of: { provider: string; asset: string },
): Promise<string> {
  const { rows } = await db.query({
    name: "paid to provider",
    text: `SELECT (paid - fee_paid)::text AS paid FROM job_totals
     WHERE party = 'provider' AND address = $1 AND asset = $2`,
    values: [of.provider, of.asset],
  });
  return rows[0]?.paid ?? "0";
}
