/**
 * `api.*`: how fast the API answers over a large market while it indexes; the baseline asks the database for each answer.
 * It doesn't send requests itself: the load comes from a process of its own, at times fixed before.
 */
import type { Client } from "pg";
import type { Config } from "../indexer/src/config.ts";
import { connectClient } from "../indexer/src/db/client.ts";
import type { Figure } from "./figure.ts";
import type { Percentiles, Told } from "./load/generator.ts";
import { charts, discovery, type Load, plan, type Subjects } from "./load/mix.ts";
import { type Server, sendAll, serverCpuSeconds, startServer } from "./load/processes.ts";
import { openDataset } from "./market/dataset.ts";
import type { BenchOptions } from "./options.ts";

const DISCOVERY_PER_SEC = 1_000;
const CHARTS_PER_SEC = 100;
/** The mirror takes in so many settlements a second meanwhile. */
const TICKS_PER_SEC = 200;
const WARM_UP_SECS = 5;
/** The baseline can't keep up: its queue grows as long as requests come. */
const BASELINE_SECS = 10;
const TIMEOUT_MS = 60_000;

/** Without limits, which would refuse the generator: it is one client. */
const AS_DELIVERED: Partial<Config> = { rateLimits: null, cacheMaxMb: 64, providersInMemory: 50_000 };
const NOTHING_KEPT: Partial<Config> = { ...AS_DELIVERED, cacheMaxMb: 0 };
/** Each answer comes from the database. */
const PLAIN: Partial<Config> = { ...NOTHING_KEPT, providersInMemory: 0 };

interface Measured extends Told {
  /** Of a core. */
  apiCores: number;
  databaseCores: number;
  rssMb: number;
  ticksPerSec: number;
  lagVersions: number;
}

export async function api(options: BenchOptions): Promise<Figure[]> {
  const dataset = await openDataset(options);
  const client = await connectClient({ databaseUrl: dataset.databaseUrl });
  try {
    const subjects = await readSubjects(client);
    const { databaseUrl } = dataset;
    const timing = { seconds: options.seconds };
    const [found, drawn] = await serving({ databaseUrl, config: AS_DELIVERED }, async (server) => [
      await measure(server, client, { ...discovery, ...timing, perSec: DISCOVERY_PER_SEC }, subjects),
      await measure(server, client, { ...charts, ...timing, perSec: CHARTS_PER_SEC }, subjects),
    ]);
    const [foundAnew, drawnAnew] = await serving({ databaseUrl, config: NOTHING_KEPT }, async (server) => [
      await measure(server, client, { ...discovery, ...timing, perSec: DISCOVERY_PER_SEC }, subjects),
      await measure(server, client, { ...charts, ...timing, perSec: CHARTS_PER_SEC }, subjects),
    ]);
    const short = { seconds: Math.min(BASELINE_SECS, options.seconds) };
    const [foundPlain, drawnPlain] = await serving({ databaseUrl, config: PLAIN }, async (server) => [
      await measure(server, client, { ...discovery, ...short, perSec: DISCOVERY_PER_SEC }, subjects),
      await measure(server, client, { ...charts, ...short, perSec: CHARTS_PER_SEC }, subjects),
    ]);
    return [
      figure("api.discovery_ms_p95", found.all.p95, "ms", { goal: 10, baseline: foundPlain.all.p95 }),
      figure("api.discovery_ms_p50", found.all.p50, "ms", { baseline: foundPlain.all.p50 }),
      figure("api.discovery_cores", found.apiCores, "cores", { baseline: foundPlain.apiCores }),
      figure("api.chart_ms_p95", drawn.all.p95, "ms", { goal: 50, baseline: drawnPlain.all.p95 }),
      figure("api.discovery_uncached_ms_p95", foundAnew.all.p95, "ms"),
      figure("api.chart_uncached_ms_p95", drawnAnew.all.p95, "ms"),
      figure("api.errors", found.errors + drawn.errors + foundAnew.errors + drawnAnew.errors, "requests", {
        goal: 0,
      }),
      figure("api.generator_late_ms_p95", Math.max(found.lateness.p95, drawn.lateness.p95), "ms"),
      figure("api.rss_mb", Math.max(found.rssMb, drawn.rssMb), "MB"),
    ];
  } finally {
    await client.end();
    await dataset.close();
  }
}

function figure(name: string, value: number, unit: string, rest: Partial<Figure> = {}): Figure {
  return { name, value, unit, ...rest };
}

async function serving<T extends Measured[]>(
  options: { databaseUrl: string; config: Partial<Config> },
  work: (server: Server) => Promise<[...T]>,
): Promise<[...T]> {
  const server = await startServer({ ...options, ticksPerSec: TICKS_PER_SEC });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

async function measure(server: Server, client: Client, load: Load, subjects: Subjects): Promise<Measured> {
  const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
  const requests = plan({ ...load, seconds: load.seconds + WARM_UP_SECS }, subjects, 7);
  const [before, cpuBefore] = [await server.usage(), serverCpuSeconds(rows[0].pid)];
  const told = await sendAll({
    url: server.url,
    requests,
    warmUpMs: WARM_UP_SECS * 1000,
    timeoutMs: TIMEOUT_MS,
  });
  const [after, cpuAfter] = [await server.usage(), serverCpuSeconds(rows[0].pid)];
  const { rows: cursor } = await client.query("SELECT next_version - 1 AS version FROM chain_cursor");
  const measured: Measured = {
    ...told,
    apiCores: (after.cpuMicros - before.cpuMicros) / 1e6 / told.seconds,
    databaseCores: (cpuAfter - cpuBefore) / told.seconds,
    rssMb: Math.round(after.rssBytes / 2 ** 20),
    ticksPerSec: (after.ticks - before.ticks) / told.seconds,
    lagVersions: Number(BigInt(after.head) - BigInt(cursor[0].version)),
  };
  tellMeasured(load, measured);
  return measured;
}

function tellMeasured(load: Load, m: Measured): void {
  const ms = (p: Percentiles) =>
    `p50 ${p.p50.toFixed(1)}  p95 ${p.p95.toFixed(1)}  p99 ${p.p99.toFixed(1)}  max ${p.max.toFixed(0)} ms  (${p.count})`;
  console.error(`  ${load.name} at ${load.perSec}/s: ${ms(m.all)}`);
  for (const [kind, p] of Object.entries(m.byKind)) console.error(`    ${kind.padEnd(16)} ${ms(p)}`);
  console.error(`    generator late: ${ms(m.lateness)}`);
  console.error(
    `    cores: API ${m.apiCores.toFixed(2)}, PostgreSQL ${m.databaseCores.toFixed(2)}, generator ${(m.cpuSeconds / m.seconds).toFixed(2)}; ` +
      `API ${m.rssMb} MB; ${Math.round(m.bytes / m.seconds / 1024)} KiB/s; ` +
      `${m.ticksPerSec.toFixed(0)} ticks/s indexed, ${m.lagVersions} versions behind; took ${m.seconds.toFixed(1)} s`,
  );
  if (m.errors > 0) console.error(`    ${m.errors} errors: ${m.errorTexts.join(" | ")}`);
}

/** Those with most to tell first, as they are asked for most. */
async function readSubjects(client: Client): Promise<Subjects> {
  const list = async (sql: string) => (await client.query(sql)).rows.map((row) => String(row.address));
  const { rows } = await client.query("SELECT last_timestamp_usecs / 1000000 AS secs FROM chain_cursor");
  return {
    providers: await list(
      "SELECT provider AS address FROM providers ORDER BY seconds_served DESC, provider LIMIT 5000",
    ),
    jobs: await list(
      `(SELECT job AS address FROM jobs WHERE state = 2 ORDER BY job LIMIT 1000)
       UNION ALL (SELECT job FROM jobs WHERE seq > 0 AND state = 8 ORDER BY seconds_billed DESC, job LIMIT 20000)`,
    ),
    endSecs: Number(rows[0].secs),
  };
}
