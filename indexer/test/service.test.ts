import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectClient } from "../src/db/client.ts";
import { MIGRATIONS_DIR, migrate } from "../src/migrate.ts";
import { compareMirrors, rebuildInto } from "../src/rebuild.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain, deploymentOf } from "./hand-written-chain.ts";
import { accepted, address, parameters, registered, T0 } from "./histories.ts";
import { run, serve, startDatabases, until, untilMirrored } from "./parts.ts";

const TSX = createRequire(import.meta.url).resolve("tsx");
const INDEX = fileURLToPath(new URL("../src/index.ts", import.meta.url));

let databases: Awaited<ReturnType<typeof startDatabases>>;
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(() => databases?.close());

const twice = (name: string) => [name, name];

const health = async (url: string) => {
  const response = await fetch(`${url}/api/v1/health`);
  return {
    status: response.status,
    body: (await response.json()) as { checks: Record<string, { ok: boolean; message?: string }> },
  };
};

describe("which chain a database mirrors", () => {
  it("is kept: another package, chain id or history is refused with the remedy", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    busyMarket(chain, 50);
    const first = await serve(databaseUrl, chain);
    await untilMirrored(first.url, chain.head);
    await first.close();

    const remedy = /point DATABASE_URL to an empty database/;
    const otherPackage = createHandWrittenChain(deploymentOf({ packageAddress: address("beef") }));
    await expect(serve(databaseUrl, otherPackage)).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    const otherId = createHandWrittenChain(deploymentOf({ chainId: 126 }));
    await expect(serve(databaseUrl, otherId)).rejects.toThrow(remedy);

    const rows = await run(databaseUrl, "SELECT count(*)::int AS n FROM events");
    const otherHistory = createHandWrittenChain(deploymentOf(), "second");
    busyMarket(otherHistory, 80);
    const third = await serve(databaseUrl, otherHistory);
    expect(await third.mustStop).toMatchObject({
      code: "CHAIN_MISMATCH",
      message: expect.stringMatching(remedy),
    });
    await third.close();
    expect(await run(databaseUrl, "SELECT count(*)::int AS n FROM events")).toEqual(rows);

    const again = await serve(databaseUrl, chain);
    const version = chain.append(T0 + 500);
    await untilMirrored(again.url, version);
    await again.close();
  });

  it("is noticed when the chain is reset while we run", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    busyMarket(chain, 50);
    const service = await serve(databaseUrl, chain);
    await untilMirrored(service.url, chain.head);
    const before = await run(databaseUrl, "SELECT * FROM chain_cursor");
    chain.reset("second");
    busyMarket(chain, 90);
    chain.failNext(3);
    expect(await service.mustStop).toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(await run(databaseUrl, "SELECT * FROM chain_cursor")).toEqual(before);
    await service.close();
  });
});

describe("when a part is away", () => {
  it("the node: reads go on, health says so, and indexing resumes", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    busyMarket(chain, 20);
    const service = await serve(databaseUrl, chain);
    await untilMirrored(service.url, chain.head);
    chain.failNext(1_000_000);
    const sick = await until(async () => {
      const answer = await health(service.url);
      return !answer.body.checks.chain?.ok && answer;
    }, "the chain's check to fail");
    expect(sick.status).toBe(503);
    // The code and not the sentence: that one names the node's URL, in which some providers put an access key.
    expect(sick.body.checks.chain?.message).toBe("the node can't be used (NODE_UNREACHABLE)");
    expect(sick.body.checks.database?.ok).toBe(true);
    expect((await fetch(`${service.url}/api/v1/jobs`)).status).toBe(200);
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
    chain.failNext(0);
    const version = chain.append(T0 + 100);
    await untilMirrored(service.url, version);
    await until(async () => (await health(service.url)).status === 200, "good health");
    await service.close();
  });

  it("an event that can't be understood: the mirror stands still, is served, and health says why", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    chain.append(T0, [parameters(), registered(address("f1"))]);
    const service = await serve(databaseUrl, chain);
    await untilMirrored(service.url, chain.head);
    chain.append(T0, [accepted(address("dead"), address("f1"))]);
    await until(async () => service.indexing.problem?.fatal, "a fatal problem");
    const { status, body } = await health(service.url);
    expect(status).toBe(503);
    expect(body.checks.indexing).toMatchObject({
      ok: false,
      message: expect.stringContaining("whose creation"),
    });
    expect((await fetch(`${service.url}/api/v1/providers`)).status).toBe(200);
    await service.close();
  });

  it("the writer's database connection: it is replaced and nothing is lost", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    busyMarket(chain, 20);
    const service = await serve(databaseUrl, chain);
    await untilMirrored(service.url, chain.head);
    await run(
      databaseUrl,
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    const version = chain.append(T0 + 100, [registered(address("f777"))]);
    await untilMirrored(service.url, version);
    expect((await fetch(`${service.url}/api/v1/providers/0xf777`)).status).toBe(200);
    await service.close();
  });
});

describe("migrate", () => {
  it("applies each file once, also when two start at the same time", async () => {
    const databaseUrl = await databases.database();
    const files = readdirSync(MIGRATIONS_DIR).filter((name) => name.endsWith(".sql")).length;
    const dry = await migrate({ databaseUrl, dryRun: true });
    expect(dry.applied).toHaveLength(files);
    expect(await run(databaseUrl, "SELECT to_regclass('jobs') AS jobs")).toEqual([{ jobs: null }]);
    const both = await Promise.all([migrate({ databaseUrl }), migrate({ databaseUrl })]);
    expect(both.map((r) => r.applied.length).sort()).toEqual([0, files]);
    expect((await migrate({ databaseUrl, dryRun: true })).applied).toEqual([]);
  });

  it("refuses an applied file that was changed, one that is unknown, and undoes one that fails", async () => {
    const databaseUrl = await databases.database();
    const directory = mkdtempSync(join(tmpdir(), "indexer-migrations-"));
    const write = (name: string, sql: string) => writeFileSync(join(directory, name), sql);
    write("0001_a.sql", "CREATE TABLE a (x INT);");
    await migrate({ databaseUrl, directory });
    write("0002_b.sql", "CREATE TABLE b (x INT); SELECT no_such_function();");
    await expect(migrate({ databaseUrl, directory })).rejects.toThrow(
      /0002_b.sql failed: .*no_such_function/,
    );
    expect(await run(databaseUrl, "SELECT to_regclass('b') AS b")).toEqual([{ b: null }]);
    write("0002_b.sql", "CREATE TABLE b (x INT);");
    expect((await migrate({ databaseUrl, directory })).applied).toEqual(["0002_b.sql"]);
    write("0001_a.sql", "CREATE TABLE a (x BIGINT);");
    await expect(migrate({ databaseUrl, directory })).rejects.toMatchObject({ code: "MIGRATION_CHANGED" });
    write("0001_a.sql", "CREATE TABLE a (x INT);");
    await run(databaseUrl, "INSERT INTO schema_migrations VALUES ('0003_newer.sql', 'x')");
    await expect(migrate({ databaseUrl, directory })).rejects.toThrow(
      /0003_newer.sql, which this version doesn't know/,
    );
  });

  it("lets a mirror of the earlier modules start over instead of making up what they didn't tell", async () => {
    const databaseUrl = await databases.database();
    const directory = mkdtempSync(join(tmpdir(), "indexer-earlier-"));
    const earlier = ["0001_core.sql", "0002_time_series.sql", "0003_indexes.sql"];
    for (const breaking of ["0004_whole_protocol.sql", "0005_every_second_told.sql"]) {
      for (const name of earlier) copyFileSync(join(MIGRATIONS_DIR, name), join(directory, name));
      await migrate({ databaseUrl, directory });
      await run(databaseUrl, "INSERT INTO chain_cursor VALUES (TRUE, 4, '0x1', NULL, 7, NULL, 0)");
      await run(databaseUrl, "INSERT INTO assets VALUES ('0xa', TRUE, 6, 0)");
      await run(databaseUrl, `INSERT INTO provider_heartbeats VALUES (now(), 6, 0, '0xf1')`);
      copyFileSync(join(MIGRATIONS_DIR, breaking), join(directory, breaking));
      await migrate({ databaseUrl, directory });
      for (const table of ["chain_cursor", "assets", "provider_heartbeats"]) {
        expect(await run(databaseUrl, `SELECT * FROM ${table}`)).toEqual([]);
      }
      earlier.push(breaking);
    }
    const chain = createHandWrittenChain();
    busyMarket(chain, 50);
    const service = await serve(databaseUrl, chain);
    await untilMirrored(service.url, chain.head);
    await service.close();
  });

  it("makes hypertables where TimescaleDB is (a stand-in that records the calls; the real one isn't to be had here)", async () => {
    const databaseUrl = await databases.database();
    const directory = mkdtempSync(join(tmpdir(), "indexer-timescale-"));
    const { chmodSync, mkdirSync } = await import("node:fs");
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, "extension"), { mode: 0o755 });
    writeFileSync(
      join(directory, "extension/timescaledb.control"),
      "default_version = '1'\nrelocatable = false\n",
    );
    writeFileSync(
      join(directory, "extension/timescaledb--1.sql"),
      `CREATE SCHEMA timescaledb_information;
       CREATE TABLE timescaledb_information.hypertables (hypertable_schema NAME, hypertable_name NAME, interval INTERVAL);
       CREATE FUNCTION create_hypertable(relation REGCLASS, time_column_name NAME, partitioning_column NAME = NULL,
         number_partitions INTEGER = NULL, associated_schema_name NAME = NULL, associated_table_prefix NAME = NULL,
         chunk_time_interval ANYELEMENT = NULL::bigint, create_default_indexes BOOLEAN = TRUE,
         if_not_exists BOOLEAN = FALSE) RETURNS VOID LANGUAGE sql AS $f$
         INSERT INTO timescaledb_information.hypertables
         SELECT n.nspname, c.relname, chunk_time_interval::text::interval FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation $f$;`,
    );
    const name = new URL(databaseUrl).pathname.slice(1);
    await run(databaseUrl, `ALTER DATABASE ${name} SET extension_control_path = '${directory}:$system'`);
    // Available but not preloaded: creating the real one would end the session.
    const notices: string[] = [];
    await migrate({ databaseUrl, onNotice: (text) => notices.push(text) });
    expect(notices.join()).toContain("not available: using plain tables");

    await run(databaseUrl, `ALTER DATABASE ${name} SET timescaledb.disable_load = 'off'`);
    await run(databaseUrl, "CREATE SCHEMA other");
    await migrate({ databaseUrl, schema: "other" });
    expect(
      await run(
        databaseUrl,
        "SELECT hypertable_schema, hypertable_name, interval::text FROM timescaledb_information.hypertables ORDER BY 2",
      ),
    ).toEqual([
      // Twice: a later migration copies the two that were there into new ones.
      ...[
        "attestations",
        ...twice("provider_heartbeats"),
        "provider_telemetry",
        ...twice("stream_ticks"),
      ].map((name) => ({ hypertable_schema: "other", hypertable_name: name, interval: "1 day" })),
    ]);
    // The stand-in has no continuous aggregates, as the Apache edition hasn't: there the indexer keeps the totals.
    expect(
      await run(
        databaseUrl,
        "SELECT relkind FROM pg_class WHERE oid = to_regclass('other.rollup_settlements_hour')",
      ),
    ).toEqual([{ relkind: "r" }]);
    const chain = createHandWrittenChain();
    busyMarket(chain, 200);
    const options = { databaseUrl, source: chain, fromVersion: 0n, untilVersion: chain.head };
    for (const schema of ["public", "other"]) await rebuildInto({ ...options, schema });
    const compared = await connectClient({ databaseUrl });
    expect(await compareMirrors(compared, "public", "other")).toMatchObject({ equal: true });
    await compared.end();
    const { timeseriesKind } = await import("../src/db/queries/stats.ts");
    for (const [schema, kind] of [
      ["public", "postgresql"],
      ["other", "timescaledb"],
    ] as const) {
      const client = await connectClient({ databaseUrl, schema });
      expect(await timeseriesKind(client)).toBe(kind);
      await client.end();
    }
  });
});

describe("the process", () => {
  const directory = mkdtempSync(join(tmpdir(), "indexer-process-"));
  const DEPLOYMENT_FILE = join(directory, "deployment.json");
  writeFileSync(DEPLOYMENT_FILE, JSON.stringify(deploymentOf()));

  function start(env: Record<string, string>) {
    const child = spawn(process.execPath, ["--import", TSX, INDEX], {
      env: { PATH: process.env.PATH, PORT: "0", DATABASE_WAIT_MS: "0", DEPLOYMENT_FILE, ...env },
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (data) => {
      output += data;
    });
    child.stderr.on("data", (data) => {
      errors += data;
    });
    const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
    return { child, exit, output: () => output, errors: () => errors };
  }

  it("says in one sentence that PostgreSQL is missing, without the password", async () => {
    const process = start({ DATABASE_URL: "postgresql://u:hunter2@127.0.0.1:1/none" });
    expect(await process.exit).toBe(1);
    expect(process.errors()).toMatch(
      /^DATABASE_UNREACHABLE: PostgreSQL at 127.0.0.1:1\/none can't be used .* start it or correct DATABASE_URL\n$/,
    );
    expect(process.errors() + process.output()).not.toContain("hunter2");
  });

  it("says which variable is missing", async () => {
    const process = start({});
    expect(await process.exit).toBe(1);
    expect(process.errors()).toMatch(/^CONFIG_INVALID: DATABASE_URL is missing/);
  });

  it("says that its port is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const process = start({ DATABASE_URL: await databases.database(), PORT: String(port) });
    expect(await process.exit).toBe(1);
    expect(process.errors()).toContain(`CONFIG_INVALID: PORT ${port} on 127.0.0.1 is taken`);
    taken.close();
  });

  it("serves without its node, tells when it is ready, and ends with 0 on SIGTERM", async () => {
    const process = start({ DATABASE_URL: await databases.database() });
    const url = await until(async () => /"msg":"ready","url":"([^"]+)"/.exec(process.output())?.[1], "ready");
    expect((await fetch(`${url}/api/v1/jobs`)).status).toBe(200);
    expect((await health(url)).status).toBe(503);
    process.child.kill("SIGTERM");
    expect(await process.exit).toBe(0);
  });
});
