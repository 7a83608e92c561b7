import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { verifyMirror } from "../src/rebuild.ts";
import { reindex, SHADOW_SCHEMA } from "../src/reindex.ts";
import type { Service } from "../src/service.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain, deploymentOf } from "./hand-written-chain.ts";
import { address, registered, T0 } from "./histories.ts";
import { run, serve, startDatabases, untilMirrored } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let service: Service | undefined;
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterEach(async () => {
  await service?.close();
  service = undefined;
});
afterAll(() => databases?.close());

async function running(transactions: number) {
  const databaseUrl = await databases.database();
  const chain = createHandWrittenChain();
  busyMarket(chain, transactions);
  service = await serve(databaseUrl, chain);
  await untilMirrored(service.url, chain.head);
  return { databaseUrl, chain, url: service.url };
}

/** Until stopped: a new provider every few milliseconds, and readers that must never be refused. */
function traffic(databaseUrl: string, url: string, chain: ReturnType<typeof createHandWrittenChain>) {
  let isOn = true;
  const failures: unknown[] = [];
  let reads = 0;
  const pause = () => new Promise((resolve) => setTimeout(resolve, 3));
  const write = async () => {
    for (let n = 0; isOn; n += 1) {
      const provider = address(`abc${n.toString(16).padStart(6, "0")}`);
      chain.append(T0 + 1_000 + n, [
        registered(provider),
        ["provider_registry::ProviderHeartbeat", { provider }],
      ]);
      await pause();
    }
  };
  const readRest = async () => {
    while (isOn) {
      const response = await fetch(`${url}/api/v1/stats`);
      if (response.status !== 200) failures.push(await response.text());
      reads += 1;
      await pause();
    }
  };
  const readSql = async () => {
    const client = new pg.Client(databaseUrl);
    await client.connect();
    while (isOn) {
      // Both in one snapshot: never the old of one table beside the new of another.
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const { rows } = await client.query(
        `SELECT (SELECT count(*) FROM provider_heartbeats) AS rows, (SELECT sum(heartbeats) FROM heartbeats_per_hour) AS total`,
      );
      await client.query("COMMIT");
      if (rows[0].rows !== rows[0].total) failures.push(rows[0]);
      reads += 1;
      await pause();
    }
    await client.end();
  };
  const all = Promise.all([write(), readRest(), readSql()]);
  return {
    async stop() {
      isOn = false;
      await all;
      return { failures, reads };
    },
  };
}

describe("reindex", () => {
  it("puts right what was wrong, beside a writer that goes on and readers that notice nothing", async () => {
    const { databaseUrl, chain, url } = await running(2_500);
    await run(databaseUrl, "UPDATE jobs SET title = 'wrong', refunded = refunded + 1");
    await run(
      databaseUrl,
      "DELETE FROM rollup_heartbeats_hour WHERE provider IN (SELECT min(provider) FROM providers)",
    );
    await run(databaseUrl, "UPDATE rollup_settlements_hour SET amount = amount + 1");
    await run(
      databaseUrl,
      "DELETE FROM provider_heartbeats WHERE provider IN (SELECT min(provider) FROM providers)",
    );
    await run(
      databaseUrl,
      "INSERT INTO attestations VALUES (now(), '0xe1', 1, '0xf1', 5, 6, '0x', '0x', NULL)",
    );
    const before = chain.head;
    const around = traffic(databaseUrl, url, chain);
    const told: bigint[] = [];
    const done = await reindex({
      databaseUrl,
      source: chain,
      fromVersion: 0n,
      onProgress: ({ version }) => told.push(version),
    });
    // The writer is still at it, now in the new tables.
    await untilMirrored(url, done.version + 50n);
    const { failures, reads } = await around.stop();
    expect(failures).toEqual([]);
    expect(reads).toBeGreaterThan(10);
    expect(done).toMatchObject({ resumed: false });
    expect(done.version).toBeGreaterThanOrEqual(before);
    expect(told).toEqual([...told].sort((a, b) => (a < b ? -1 : 1)));

    // The planner knows the new tables from the first question on, partitions too.
    const unknown = await run(
      databaseUrl,
      `SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace
         AND relname ~ '^(events|jobs|providers|stream_ticks|provider_heartbeats|ledger_entries|rollup_.*)(_p?[0-9]+)?$'
         AND relkind IN ('r', 'p') AND (reltuples < 0 OR reltuples = 0 AND pg_relation_size(oid) > 0)`,
    );
    expect(unknown).toEqual([]);
    expect(
      await run(
        databaseUrl,
        `SELECT tablename FROM pg_stats WHERE schemaname = 'public' AND (tablename, attname) IN
           (('events', 'name'), ('jobs', 'buyer'), ('providers', 'owner'), ('provider_heartbeats', 'provider'))
         ORDER BY tablename`,
      ),
    ).toEqual(["events", "jobs", "provider_heartbeats", "providers"].map((tablename) => ({ tablename })));

    await untilMirrored(url, chain.head);
    const comparison = await verifyMirror({ databaseUrl, source: chain, fromVersion: 0n, schema: "again" });
    expect(comparison).toMatchObject({ equal: true, unbalancedJobs: 0, version: String(chain.head) });
    expect(await run(databaseUrl, "SELECT job, seq FROM attestations")).toEqual([{ job: "0xe1", seq: "1" }]);
    expect(await run(databaseUrl, "SELECT nspname FROM pg_namespace WHERE nspname ~ 'reindex'")).toEqual([]);
    expect(service?.indexing).toMatchObject({ role: "writer", problem: null });
  });

  it("goes on where it was stopped, unless it is to begin elsewhere or anew", async () => {
    const { databaseUrl, chain } = await running(3_000);
    const halfway = async (fromVersion: bigint) => {
      const stop = new AbortController();
      const slow = {
        ...chain,
        transactions: (start: bigint, limit: number) => chain.transactions(start, Math.min(limit, 50)),
      };
      await expect(
        reindex({
          databaseUrl,
          source: slow,
          fromVersion,
          signal: stop.signal,
          onProgress: () => stop.abort(),
        }),
      ).rejects.toThrow();
      const [cursor] = await run(
        databaseUrl,
        `SELECT next_version::int AS at FROM ${SHADOW_SCHEMA}.chain_cursor`,
      );
      expect(cursor?.at).toBeGreaterThan(1);
      expect(cursor?.at).toBeLessThan(3_000);
      return cursor?.at;
    };
    await halfway(0n);
    const stoppedAt = await halfway(1n);
    const versions: bigint[] = [];
    const watched = {
      ...chain,
      transactions: (start: bigint, limit: number) => {
        if (limit > 1) versions.push(start);
        return chain.transactions(start, limit);
      },
    };
    expect(await reindex({ databaseUrl, source: watched, fromVersion: 1n })).toEqual({
      version: chain.head,
      resumed: true,
    });
    // From the last that it has, which must still be the same.
    expect(versions[0]).toBe(BigInt(Number(stoppedAt) - 1));
    expect(await reindex({ databaseUrl, source: chain, fromVersion: 1n })).toMatchObject({ resumed: false });
    await halfway(1n);
    expect(await reindex({ databaseUrl, source: chain, fromVersion: 1n, fresh: true })).toMatchObject({
      resumed: false,
    });
    expect(
      await verifyMirror({ databaseUrl, source: chain, fromVersion: 0n, schema: "again" }),
    ).toMatchObject({ equal: true });
  });

  it("brings in what was before the version that the mirror began at", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain(deploymentOf({ deployedAtVersion: "400" }));
    for (let i = 0; i < 500; i += 1) chain.append(T0 + i, [registered(address(`b${i.toString(16)}`))]);
    service = await serve(databaseUrl, chain);
    await untilMirrored(service.url, chain.head);
    const count = () => run(databaseUrl, "SELECT count(*)::int AS n FROM providers");
    expect(await count()).toEqual([{ n: 101 }]);
    await reindex({ databaseUrl, source: chain, fromVersion: 0n });
    expect(await count()).toEqual([{ n: 500 }]);
    const version = chain.append(T0 + 600, [registered(address("beef"))]);
    await untilMirrored(service.url, version);
    expect(await count()).toEqual([{ n: 501 }]);
  });

  it("refuses to run twice at once", async () => {
    const { databaseUrl, chain } = await running(300);
    const slow = createHandWrittenChain();
    busyMarket(slow, 300);
    slow.latencyMs = 400;
    const first = reindex({ databaseUrl, source: slow, fromVersion: 0n });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await expect(reindex({ databaseUrl, source: chain, fromVersion: 0n, fresh: true })).rejects.toMatchObject(
      {
        code: "REINDEX_BUSY",
      },
    );
    await first;
  });
});
