/**
 * Named reads of the network's totals, which the writer keeps beside the rows they count.
 * It doesn't know DTOs or HTTP.
 */
import type { Queryable } from "../table.ts";

export interface NetworkTotals {
  providers: number;
  providersAvailable: number;
  slots: number;
  slotsBusy: number;
  jobs: number;
  jobsRunning: number;
  jobsSettled: number;
  secondsBilled: number;
  /** Decimal strings, of `asset` only: amounts of different assets don't add up. */
  volumeSettled: string;
  escrowLocked: string;
  ratePerHourRunning: string;
}

export async function networkTotals(db: Queryable, asset: string): Promise<NetworkTotals> {
  const { rows } = await db.query({
    name: "network totals",
    text: `SELECT p.*, j.* FROM
       (SELECT coalesce(sum(providers), 0)::int AS providers,
               coalesce(sum(available), 0)::int AS "providersAvailable",
               coalesce(sum(slots), 0)::float8 AS slots,
               coalesce(sum(slots_busy), 0)::float8 AS "slotsBusy" FROM provider_totals) p,
       (SELECT coalesce(sum(jobs), 0)::int AS jobs,
               coalesce(sum(running), 0)::int AS "jobsRunning",
               coalesce(sum(settled), 0)::int AS "jobsSettled",
               coalesce(sum(seconds_billed), 0)::float8 AS "secondsBilled",
               coalesce(sum(paid) FILTER (WHERE asset = $1), 0)::text AS "volumeSettled",
               coalesce(sum(balance) FILTER (WHERE asset = $1), 0)::text AS "escrowLocked",
               coalesce(sum(rate_per_hour) FILTER (WHERE asset = $1), 0)::text AS "ratePerHourRunning"
        FROM job_totals WHERE party = 'market') j`,
    values: [asset],
  });
  return rows[0] as NetworkTotals;
}

export interface SettlementBucket {
  /** Unix seconds. */
  timestamp: number;
  amount: string;
  settlements: number;
}

/** One bucket a second, the last at `lastSecond`, with zeros where nothing was settled; oldest first. */
export async function recentSettlements(
  db: Queryable,
  q: { asset: string; lastSecond: number; buckets: number },
): Promise<SettlementBucket[]> {
  const { rows } = await db.query({
    name: "recent settlements",
    text: `SELECT second::float8 AS timestamp, coalesce(amount, 0)::text AS amount,
            coalesce(settlements, 0)::int AS settlements
     FROM generate_series($2::int8 - $3::int8 + 1, $2::int8) AS second
     LEFT JOIN settlements_per_second s ON s.bucket = to_timestamp(second) AND s.asset = $1
       AND s.bucket BETWEEN to_timestamp($2::int8 - $3::int8 + 1) AND to_timestamp($2::int8)
     ORDER BY second`,
    values: [q.asset, q.lastSecond, q.buckets],
  });
  return rows;
}

/** Whether the time series are hypertables: decided when the migrations ran. */
export async function timeseriesKind(db: Queryable): Promise<"timescaledb" | "postgresql"> {
  const extension = await db.query("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'");
  if (extension.rows.length === 0) return "postgresql";
  const { rows } = await db.query(
    `SELECT 1 FROM timescaledb_information.hypertables
     WHERE hypertable_schema = current_schema() AND hypertable_name = 'stream_ticks'`,
  );
  return rows.length > 0 ? "timescaledb" : "postgresql";
}
