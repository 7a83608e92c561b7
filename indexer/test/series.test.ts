import { copyFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectClient } from "../src/db/client.ts";
import { createSeries, weekOf } from "../src/db/series.ts";
import { writeBatch } from "../src/indexing/write-batch.ts";
import { MIGRATIONS_DIR, migrate } from "../src/migrate.ts";
import { compareMirrors, rebuildInto } from "../src/rebuild.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain, type HandWrittenChain } from "./hand-written-chain.ts";
import { accepted, address, created, parameters, registered, settledTo, started, T0 } from "./histories.ts";
import { run, startDatabases } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(() => databases?.close());

const WEEK = 7 * 86_400;
const PROVIDER = address("f1");
const JOB = address("e1");
/** A Monday at 00:00 UTC after T0. */
const MONDAY = Number(weekOf(BigInt(T0))) + WEEK;

async function mirror(chain: HandWrittenChain, schema = "public") {
  const databaseUrl = await databases.database();
  await rebuildInto({ databaseUrl, schema, source: chain, fromVersion: 0n, untilVersion: chain.head });
  return databaseUrl;
}

/** 36,000,000 an hour is 10,000 a second; the fee is 1 %. Each settlement is [second of chain time, seconds so far]. */
function settledAt(...settlements: Array<[at: number, secs: number]>): HandWrittenChain {
  const chain = createHandWrittenChain();
  chain.append(T0, [parameters(), registered(PROVIDER)]);
  chain.append(T0, created(JOB, { provider: PROVIDER, deposit: "600000" }));
  chain.append(T0, [accepted(JOB, PROVIDER)]);
  chain.append(T0, started(JOB, { provider: PROVIDER, atSecs: T0, deposit: "600000" }));
  let before = 0;
  for (const [index, [at, secs]] of settlements.entries()) {
    chain.append(at, [
      settledTo(JOB, {
        ...{ seq: index + 1, secs, amount: String((secs - before) * 10_000) },
        ...{ fee: String((secs - before) * 100), paid: String(secs * 10_000), feePaid: String(secs * 100) },
        balance: String(600_000 - secs * 10_000),
      }),
      ["provider_registry::ProviderHeartbeat", { provider: PROVIDER }],
    ]);
    before = secs;
  }
  return chain;
}

const TOTALS =
  "amount::text, fee::text, seconds::text, settlements::int AS settlements, ticks::int AS ticks, extract(epoch FROM bucket)::int AS at";

describe("totals", () => {
  it("are by second, minute and hour, of what was paid, and count seconds that pay nothing yet", async () => {
    const minute = MONDAY + 120;
    const databaseUrl = await mirror(
      settledAt([minute - 1, 1], [minute, 3], [minute, 4], [minute + 59, 4], [minute + 60, 5]),
    );
    const sum = (at: number, secs: number, settlements: number, ticks: number) => ({
      ...{ amount: String(secs * 10_000), fee: String(secs * 100), seconds: String(secs) },
      ...{ settlements, ticks, at },
    });
    expect(await run(databaseUrl, `SELECT ${TOTALS} FROM settlements_per_second ORDER BY bucket`)).toEqual([
      sum(minute - 1, 1, 1, 1),
      sum(minute, 3, 2, 2),
      sum(minute + 59, 0, 0, 1),
      sum(minute + 60, 1, 1, 1),
    ]);
    const minutes = [sum(minute - 60, 1, 1, 1), sum(minute, 3, 2, 3), sum(minute + 60, 1, 1, 1)];
    for (const view of ["settlements_per_minute", "job_settlements_per_minute"]) {
      expect(await run(databaseUrl, `SELECT ${TOTALS} FROM ${view} ORDER BY bucket`)).toEqual(minutes);
    }
    expect(await run(databaseUrl, `SELECT provider, ${TOTALS} FROM settlements_per_hour`)).toEqual([
      { provider: PROVIDER, ...sum(MONDAY, 5, 4, 5) },
    ]);
    for (const [width, counts] of [
      ["second", [1, 2, 1, 1]],
      ["minute", [1, 3, 1]],
      ["hour", [5]],
    ] as const) {
      const rows = await run(
        databaseUrl,
        `SELECT heartbeats::int FROM heartbeats_per_${width} ORDER BY bucket`,
      );
      expect(rows.map((row) => row.heartbeats)).toEqual(counts);
    }
  });

  it.each([11, 12, 13])(
    "of random history %i are the rows' sums, and equal however it is cut",
    async (seed) => {
      const chain = createHandWrittenChain();
      busyMarket(chain, 900, seed);
      const databaseUrl = await mirror(chain);
      await rebuildInto({ databaseUrl, schema: "cut", source: chain, fromVersion: 0n, untilVersion: 0n });
      const client = await connectClient({ databaseUrl, schema: "cut" });
      const series = createSeries(client);
      let size = 1;
      for (let next = 1n; next <= chain.head; next += BigInt(size)) {
        size = 1 + ((size * 7 + seed) % 61);
        await writeBatch(client, await chain.transactions(next, size), series);
      }
      const comparison = await compareMirrors(client, "public", "cut");
      await client.end();
      expect(comparison).toMatchObject({
        equal: true,
        unbalancedJobs: 0,
        unbalancedStakes: 0,
        unbalancedAssets: 0,
      });
      expect(comparison?.tables.rollup_settlements_minute?.rows).toBeGreaterThan(50);
      const differences = await run(
        databaseUrl,
        `SELECT bucket, asset, provider, amount, fee, seconds, ticks FROM settlements_per_hour EXCEPT ALL
       SELECT date_trunc('hour', occurred_at), asset, provider, sum(amount), sum(fee), sum(seconds), count(*)
       FROM stream_ticks GROUP BY 1, 2, 3`,
      );
      differences.push(
        ...(await run(
          databaseUrl,
          `SELECT job, sum(seconds), sum(amount), sum(fee) FROM job_settlements_per_minute GROUP BY job
         EXCEPT ALL SELECT job, seconds_billed, paid, fee_paid FROM jobs`,
        )),
      );
      expect(differences).toEqual([]);
    },
  );
});

describe("partitions", () => {
  const partitionOf = (databaseUrl: string) =>
    run(
      databaseUrl,
      "SELECT tableoid::regclass::text AS part, seconds::int FROM stream_ticks ORDER BY version",
    );
  const nameAt = (secs: number) =>
    `stream_ticks_${new Date(secs * 1000).toISOString().slice(0, 10).replaceAll("-", "")}`;

  it("are there before the rows, one a week from Monday, and the next one too", async () => {
    const last = MONDAY + 3 * WEEK;
    const databaseUrl = await mirror(settledAt([MONDAY - 1, 1], [MONDAY, 3], [last - 1, 4], [last, 8]));
    expect(await partitionOf(databaseUrl)).toEqual([
      { part: nameAt(MONDAY - WEEK), seconds: 1 },
      { part: nameAt(MONDAY), seconds: 2 },
      { part: nameAt(last - WEEK), seconds: 1 },
      { part: nameAt(last), seconds: 4 },
    ]);
    expect(
      await run(databaseUrl, `SELECT to_regclass($1) IS NOT NULL AS ahead`, [nameAt(last + WEEK)]),
    ).toEqual([{ ahead: true }]);
  });

  it("take over what fell into the net, and go when they are old, but only when told to", async () => {
    const databaseUrl = await mirror(settledAt([MONDAY - 1, 1], [MONDAY + 5 * WEEK, 3]));
    const early = MONDAY + 20 * WEEK;
    await run(
      databaseUrl,
      `INSERT INTO stream_ticks SELECT to_timestamp($1), 999, 0, tx_hash, job, provider, asset, payee, keeper, 9, 7,
       9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0 FROM stream_ticks LIMIT 1`,
      [early],
    );
    expect((await partitionOf(databaseUrl)).at(-1)).toEqual({ part: "stream_ticks_default", seconds: 7 });
    const client = await connectClient({ databaseUrl });
    const series = createSeries(client);
    await series.cover([BigInt(early)]);
    expect((await partitionOf(databaseUrl)).at(-1)).toEqual({ part: nameAt(early), seconds: 7 });

    const now = { wallSecs: BigInt(early), chainSecs: BigInt(MONDAY + 6 * WEEK) };
    await series.maintain({ ...now, keepDays: 0 });
    expect(await partitionOf(databaseUrl)).toHaveLength(3);
    // 41 days before are in the week after MONDAY: the partition before it is old, the one of MONDAY ends too late.
    await series.maintain({ ...now, keepDays: 41 });
    await client.end();
    expect((await partitionOf(databaseUrl)).map((row) => row.seconds)).toEqual([2, 7]);
    expect(await run(databaseUrl, "SELECT sum(ticks)::int AS ticks FROM settlements_per_hour")).toEqual([
      { ticks: 2 },
    ]);
    expect(
      await run(
        databaseUrl,
        "SELECT count(*)::int AS n FROM pg_inherits WHERE inhparent = 'attestations'::regclass",
      ),
    ).toEqual([{ n: 3 }]);
  });
});

describe("a mirror from before the partitions, totals and ledgers", () => {
  it("keeps its rows, and equals one that is indexed anew", async () => {
    const chain = createHandWrittenChain();
    busyMarket(chain, 800, 5);
    const databaseUrl = await mirror(chain);
    const directory = mkdtempSync(join(tmpdir(), "indexer-before-series-"));
    for (const name of [
      "0001_core",
      "0002_time_series",
      "0003_indexes",
      "0004_whole_protocol",
      "0005_every_second_told",
    ]) {
      copyFileSync(join(MIGRATIONS_DIR, `${name}.sql`), join(directory, `${name}.sql`));
    }
    await run(databaseUrl, "CREATE SCHEMA before");
    await migrate({ databaseUrl, schema: "before", directory });
    const columnsThen = async (table: string) =>
      (
        await run(
          databaseUrl,
          "SELECT column_name FROM information_schema.columns WHERE table_schema = 'before' AND table_name = $1",
          [table],
        )
      ).map((row) => row.column_name);
    const same = [
      "chain_cursor",
      "events",
      "market_parameters",
      "assets",
      "providers",
      "jobs",
      "cases",
      "faults",
    ];
    for (const table of [...same, "provider_heartbeats", "stream_ticks"]) {
      const columns = await columnsThen(table);
      await run(
        databaseUrl,
        `INSERT INTO before.${table} (${columns}) SELECT ${columns} FROM public.${table}`,
      );
    }

    const { applied } = await migrate({ databaseUrl, schema: "before" });
    expect(applied).toContain("0006_series.sql");
    expect(applied).toContain("0007_ledger.sql");
    const client = await connectClient({ databaseUrl });
    const comparison = await compareMirrors(client, "public", "before");
    await client.end();
    expect(comparison).toMatchObject({ equal: true });
    expect(comparison?.tables.stream_ticks?.rows).toBeGreaterThan(100);
    expect(comparison?.tables.ledger_entries?.rows).toBeGreaterThan(300);
  });
});
