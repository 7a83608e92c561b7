/**
 * A mirror with many rows, made by the database itself in seconds: enough of them for the planner to choose as it would
 * in a large market, with parties, states and events that are rare among them.
 * Its rows don't follow from each other: it is for how lists are read, not for what they say.
 */
import type { Client } from "pg";
import { jsonText } from "../src/db/table.ts";
import { blankJob } from "../src/handlers/job.ts";
import { blankProvider } from "../src/handlers/provider-registry.ts";
import { ASSET, PACKAGE } from "./hand-written-chain.ts";
import { address, T0 } from "./histories.ts";

export const SIZE = {
  providers: 3_000,
  jobs: 20_000,
  events: 120_000,
  ticks: 60_000,
  ledger: 60_000,
  quotes: 30_000,
} as const;

/** Has half of all jobs. */
export const HEAVY_BUYER = address("b1");
export const RARE_BUYER = address("b2");
/** Has a third of all jobs, and of all events that name a provider. */
export const HEAVY_PROVIDER = `0x${"0".repeat(63)}f`;
export const HEAVY_OWNER = address("aa");
/** Has half of all settlements. */
export const LONG_JOB = `0x${"0".repeat(63)}e`;
export const OTHER_ASSET = address("bb");
export const TREASURY = address("7");
export const MIDDLE_SECS = T0 + SIZE.jobs / 2;

const TX = `0x${"cd".repeat(32)}`;
const numbered = (letter: string, n: string) => `'0x' || lpad('${letter}' || ${n}, 64, '0')`;

/** Into the tables that the migrations made, which are empty. */
export async function fillLargeMarket(db: Client): Promise<void> {
  const job = jsonText({ ...blankJob(""), title: "Render", image: "demo:1", asset: ASSET, state: 8 });
  const provider = jsonText({
    ...blankProvider(""),
    ...{ owner: address("ac"), asset: ASSET, name: "rig", gpu_model: "NVIDIA RTX 4090", region: "us-east" },
    ...{ sandbox: "docker", status: 0, slots: 2n, price_per_hour: 5_000n, vram_gb: 24n, gpu_count: 1n },
  });
  await db.query(
    `INSERT INTO chain_cursor VALUES (TRUE, 4, '${PACKAGE}', NULL, ${SIZE.events}, NULL, ${T0 + SIZE.jobs}::int8 * 1000000)`,
  );
  await db.query(
    `INSERT INTO providers SELECT r.* FROM generate_series(1, ${SIZE.providers}) n
     CROSS JOIN LATERAL jsonb_populate_record(NULL::providers, $1::jsonb || jsonb_build_object(
       'provider', CASE n WHEN 1 THEN '${HEAVY_PROVIDER}' ELSE ${numbered("f", "n")} END,
       'owner', CASE WHEN n % 2 = 0 THEN '${HEAVY_OWNER}' ELSE ${numbered("a", "n")} END,
       'name', 'rig ' || n,
       'gpu_model', CASE WHEN n % 500 = 0 THEN 'AMD Instinct MI300X' ELSE 'NVIDIA RTX 4090' END,
       'region', CASE WHEN n % 500 = 1 THEN 'sa-east' ELSE 'us-east' END,
       'slots_busy', CASE WHEN n % 10 = 0 THEN 0 ELSE 2 END, 'price_per_hour', 5000 + n % 997, 'score', n % 10000,
       'staked', 100000000 + n, 'vram_gb', 8 * (1 + n % 10), 'seconds_served', n * 7,
       'registered_version', n, 'registered_index', 0)) r`,
    [provider],
  );
  await db.query(
    `INSERT INTO jobs SELECT r.* FROM generate_series(1, ${SIZE.jobs}) n
     CROSS JOIN LATERAL jsonb_populate_record(NULL::jobs, $1::jsonb || jsonb_build_object(
       'job', CASE n WHEN 1 THEN '${LONG_JOB}' ELSE ${numbered("e", "n")} END,
       'buyer', CASE WHEN n % 2 = 0 THEN '${HEAVY_BUYER}' WHEN n % 5000 = 7 THEN '${RARE_BUYER}' ELSE ${numbered("c", "n % 500")} END,
       'provider', CASE WHEN n % 3 = 0 THEN '${HEAVY_PROVIDER}' ELSE ${numbered("f", `n % ${SIZE.providers}`)} END,
       'asset', CASE WHEN n % 6000 = 11 THEN '${OTHER_ASSET}' ELSE '${ASSET}' END,
       'title', CASE WHEN n % 7000 = 13 THEN 'Zebra' ELSE 'Render ' || n END,
       'state', CASE WHEN n % 4000 = 9 THEN 0 WHEN n % 1000 = 8 THEN 2 ELSE 8 END,
       'is_open', n % 4000 = 9, 'created_at', ${T0} + n, 'settled_at', ${T0} + n,
       'created_version', n * 5, 'created_index', 0, 'started_version', n * 5)) r`,
    [job],
  );
  await db.query(
    `INSERT INTO events SELECT n, 0, '${TX}', kind.module, kind.name,
       CASE WHEN kind.module IN ('stream', 'job') THEN
         CASE WHEN n % 2 = 0 THEN '${LONG_JOB}' ELSE ${numbered("e", `n % ${SIZE.jobs}`)} END END,
       CASE kind.module WHEN 'provider_registry' THEN
         CASE WHEN n % 30 = 0 THEN '${HEAVY_PROVIDER}' ELSE ${numbered("f", `n % ${SIZE.providers}`)} END END,
       ${T0} + n / 5, '{}'
     FROM generate_series(1, ${SIZE.events}) n CROSS JOIN LATERAL (
       SELECT CASE WHEN n = 17 THEN 'market' WHEN n % 10 = 0 THEN 'provider_registry' WHEN n % 25 = 3 THEN 'job'
                ELSE 'stream' END AS module,
              CASE WHEN n = 17 THEN 'AdminChanged' WHEN n % 10 = 0 THEN 'ProviderHeartbeat' WHEN n % 25 = 3 THEN 'JobStarted'
                WHEN n = 19 THEN 'StreamStalled' ELSE 'StreamSettled' END AS name) kind`,
  );
  await db.query("SELECT ensure_partitions('stream_ticks', to_timestamp($1), to_timestamp($2))", [
    T0,
    T0 + SIZE.ticks,
  ]);
  await db.query(
    `INSERT INTO stream_ticks
     SELECT to_timestamp(${T0} + n), n, 1, '${TX}', CASE WHEN n % 2 = 0 THEN '${LONG_JOB}' ELSE ${numbered("e", `n % ${SIZE.jobs}`)} END,
       '${HEAVY_PROVIDER}', '${ASSET}', '${HEAVY_OWNER}', '${TREASURY}', n, 1, n, 0, n, 10, 1, 0, n, n, 0, 0, 0
     FROM generate_series(1, ${SIZE.ticks}) n`,
  );
  await db.query(
    `INSERT INTO rollup_settlements_minute
     SELECT date_bin('1 minute', occurred_at, 'epoch'), asset, provider, job, sum(amount), sum(fee), sum(seconds), count(*), count(*)
     FROM stream_ticks GROUP BY 1, 2, 3, 4`,
  );
  await db.query(
    `INSERT INTO rollup_settlements_hour
     SELECT date_bin('1 hour', occurred_at, 'epoch'), asset, provider, sum(amount), sum(fee), sum(seconds), count(*), count(*)
     FROM stream_ticks GROUP BY 1, 2, 3`,
  );
  await db.query(
    `INSERT INTO rollup_settlements_second
     SELECT occurred_at, asset, sum(amount), sum(fee), sum(seconds), count(*), count(*) FROM stream_ticks GROUP BY 1, 2`,
  );
  await db.query(
    `INSERT INTO ledger_entries
     SELECT CASE WHEN n % 2 = 0 THEN '${TREASURY}' ELSE ${numbered("c", "n % 500")} END, n, 0, 0, 'fee', '${ASSET}', 1
     FROM generate_series(1, ${SIZE.ledger}) n`,
  );
  await db.query(
    `INSERT INTO cases (opened_version, opened_index, job, provider, buyer, kind, bond, reason, deadline, opened_at)
     SELECT n * 5, 1, ${numbered("e", "n")}, '${HEAVY_PROVIDER}', ${numbered("c", "n % 500")}, 2, 9, '', 0, 0
     FROM generate_series(2, 5000) n`,
  );
  await db.query(
    `INSERT INTO quotes
     SELECT ${numbered("d", "n")}, CASE WHEN n % 2 = 0 THEN '${HEAVY_BUYER}' ELSE ${numbered("c", "n % 500")} END,
       CASE WHEN n % 1000 = 0 THEN NULL ELSE ${numbered("e", "n")} END, '${ASSET}', 9, 1, 1, '${TREASURY}', 0, n, 0, '${TX}', n, 0
     FROM generate_series(1, ${SIZE.quotes}) n`,
  );
  await db.query(
    `INSERT INTO quote_refunds
     SELECT n, 1, '${TX}', CASE WHEN n % 2 = 0 THEN ${numbered("d", "1")} ELSE ${numbered("d", "n")} END, '${ASSET}', 1,
       '${TREASURY}', 0
     FROM generate_series(1, ${SIZE.quotes}) n`,
  );
  // As the writer keeps them; the migration's own sums.
  await db.query(
    `INSERT INTO market_activity SELECT w.secs, created_at::int8 / w.secs * w.secs, asset, 0, 0, 0, 0, count(*), count(*)
     FROM jobs CROSS JOIN (VALUES (60), (3600), (86400)) AS w(secs) GROUP BY 1, 2, 3`,
  );
  await db.query(
    "INSERT INTO job_totals SELECT 'buyer', buyer, asset, count(*), 0, 0, 0, count(*), 0, 0, 0, 0, 0, 0, 0, 0 FROM jobs GROUP BY buyer, asset",
  );
  await db.query(
    "INSERT INTO job_totals SELECT 'provider', provider, asset, count(*), 0, 0, 0, count(*), 0, 0, 0, 0, 0, 0, 0, 0 FROM jobs GROUP BY provider, asset",
  );
  await db.query(
    "INSERT INTO job_totals SELECT 'market', '', asset, count(*), 0, 0, 0, count(*), 0, 0, 0, 0, 0, 0, 0, 0 FROM jobs GROUP BY asset",
  );
  await db.query("VACUUM (ANALYZE)");
}
