/** The series in a real PostgreSQL with the indexer's migrations: what is written, and what becomes of it without one. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type PostgresPart, startPostgres } from "@computestream/dev-env/parts";
import type { SignedUsage } from "@computestream/protocol";
import pg from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ATTESTATIONS, attestationRow, TELEMETRY, telemetryRow } from "../src/history/series.ts";
import { createSeriesWriter } from "../src/history/series-writer.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations", import.meta.url));
const logger = pino({ level: "silent" });
const WAIT = { timeout: 30_000 };
let server: PostgresPart;
let db: pg.Client;

beforeAll(async () => {
  server = await startPostgres();
  db = new pg.Client(server.url);
  await db.connect();
  for (const file of readdirSync(MIGRATIONS)
    .filter((name) => name.endsWith(".sql"))
    .sort()) {
    await db.query(readFileSync(join(MIGRATIONS, file), "utf8"));
  }
});
afterAll(async () => {
  await db?.end();
  await server?.close();
});

const usage = (seq: bigint): SignedUsage => ({
  job: "0x11",
  seq,
  secondsCum: seq,
  tLast: 1000n,
  logRoot: "0xaa",
  signature: "0xbb",
});

function writer(databaseUrl: string, rowsMax?: number) {
  const told: string[] = [];
  const made = createSeriesWriter({
    databaseUrl,
    logger,
    flushMs: 20,
    onWritten: (table, rows) => told.push(`${table} +${rows}`),
    onDropped: (table, rows, reason) => told.push(`${table} -${rows} ${reason}`),
    ...(rowsMax === undefined ? {} : { rowsMax }),
  });
  return {
    ...made,
    get waiting() {
      return made.waiting;
    },
    told,
  };
}

it("writes attestations and telemetry to the digit, a repeat once", async () => {
  const series = writer(server.url);
  const at = Date.UTC(2026, 10, 21, 20, 0, 0, 250);
  const row = attestationRow(usage(18_446_744_073_709_551_615n), "0x22", at);
  series.add(ATTESTATIONS, row);
  series.add(ATTESTATIONS, row);
  const machine = {
    type: "telemetry",
    status: "busy",
    jobsRunning: 3,
    ramUsedMb: 700,
    nodeVersion: "1.2",
  } as const;
  series.add(TELEMETRY, telemetryRow({ ...machine, gpus: [{ percent: 50, vramUsedMb: 8 }, {}] }, "0x22", at));
  await expect.poll(() => series.waiting, WAIT).toBe(0);
  await series.close(5_000);
  const attestations = await db.query("SELECT *, occurred_at::text AS at FROM attestations");
  expect(attestations.rows).toMatchObject([
    { job: "0x11", seq: "18446744073709551615", provider: "0x22", countersignature: null },
  ]);
  expect(attestations.rows[0].occurred_at.getTime()).toBe(at);
  const telemetry = await db.query("SELECT * FROM provider_telemetry");
  expect(telemetry.rows).toMatchObject([
    {
      provider: "0x22",
      status: "busy",
      jobs_running: 3,
      cpu_percent: null,
      ram_used_mb: "700",
      gpu_percent: [50, null],
      vram_used_mb: ["8", null],
      node_version: "1.2",
    },
  ]);
});

it("goes on after rows that the database refuses", async () => {
  const series = writer(server.url);
  series.add(TELEMETRY, {
    ...telemetryRow(
      { type: "telemetry", status: "busy", jobsRunning: 1, gpus: [], nodeVersion: "" },
      "0x23",
      0,
    ),
    status: "nonsense",
  });
  await expect.poll(() => series.told, WAIT).toEqual(["provider_telemetry -1 refused"]);
  series.add(ATTESTATIONS, attestationRow(usage(7n), "0x23", 1_000));
  await expect.poll(() => series.told.at(-1), WAIT).toBe("attestations +1");
  await series.close(5_000);
});

it("keeps the newest while the database is away, and doesn't wait for it to stop", async () => {
  const away = writer("postgres://postgres@127.0.0.1:1/none", 3);
  for (let seq = 1n; seq <= 5n; seq += 1n) away.add(ATTESTATIONS, attestationRow(usage(seq), "0x24", 1_000));
  expect(away.waiting).toBe(3);
  expect(away.told).toEqual(["attestations -1 full", "attestations -1 full"]);
  await away.close(200);
});
