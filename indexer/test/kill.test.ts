/**
 * Killed at any moment, in a backfill, at the head, in a reindex, and with the database server itself: whatever stands
 * in the tables then is exactly what the cursor says, and in the end they equal a rebuild.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startPostgres } from "@computestream/dev-env/parts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rebuildInto, verifyMirror } from "../src/rebuild.ts";
import { SHADOW_SCHEMA } from "../src/reindex.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain, type HandWrittenChain } from "./hand-written-chain.ts";
import { run, serve, startDatabases, until, untilMirrored } from "./parts.ts";
import { countsBefore, revealed } from "./revealed-chain.ts";

/** A few in every run; `INDEXER_KILLS=50` for a long one. Each falls at another point of a batch. */
const KILLS = Number(process.env.INDEXER_KILLS ?? 3);
const TSX = createRequire(import.meta.url).resolve("tsx");
const CHILD = fileURLToPath(new URL("./indexer-child.ts", import.meta.url));
const TIMEOUT = { timeout: 240_000 + 60_000 * KILLS };

let databases: Awaited<ReturnType<typeof startDatabases>>;
let databaseUrl: string;
const children = new Set<ChildProcess>();
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
beforeEach(async () => {
  databaseUrl = await databases.database();
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await databases?.close();
});

function marketOf(transactions: number): HandWrittenChain {
  const chain = createHandWrittenChain();
  busyMarket(chain, transactions);
  return chain;
}

interface ChildOptions {
  mode: "index" | "reindex";
  transactions: number;
  latencyMs: number;
  head: bigint;
}

function startChild({ mode, transactions, latencyMs, head }: ChildOptions): ChildProcess {
  const child = spawn(
    process.execPath,
    ["--import", TSX, CHILD, mode, databaseUrl, String(transactions), String(latencyMs)],
    { stdio: ["ignore", "ignore", "inherit", "ipc"] },
  );
  children.add(child);
  show(child, head);
  return child;
}

function show(child: ChildProcess, head: bigint): void {
  // It may be killed this moment.
  if (child.connected) child.send(String(head), () => undefined);
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once("exit", (code) => resolve(code));
  });
}

/** A process that starts while many others run takes its time. */
const eventually = <T>(probe: () => Promise<T | undefined | false>, what: string): Promise<T> =>
  until(probe, what, 120_000);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function kill(child: ChildProcess, afterMs: number): Promise<void> {
  await pause(afterMs);
  child.kill("SIGKILL");
  await ended(child);
  children.delete(child);
}

async function cursorOf(schema = "public"): Promise<bigint> {
  const rows = await run(databaseUrl, `SELECT next_version FROM ${schema}.chain_cursor`).catch(() => []);
  return BigInt((rows[0]?.next_version as string | undefined) ?? 0);
}

/** The cursor, which must be at the end of exactly the rows that are there. */
async function wholeUpTo(
  counts: Awaited<ReturnType<typeof countsBefore>>,
  schema = "public",
): Promise<bigint> {
  const [row] = await run(
    databaseUrl,
    `SELECT (SELECT next_version FROM ${schema}.chain_cursor) AS cursor,
            (SELECT count(*)::int FROM ${schema}.events) AS events,
            (SELECT count(*)::int FROM ${schema}.stream_ticks) AS ticks`,
  );
  const cursor = BigInt((row?.cursor as string | null) ?? 0);
  expect({ events: row?.events, ticks: row?.ticks }, `rows before version ${cursor}`).toEqual(counts(cursor));
  return cursor;
}

async function expectRebuilt(chain: HandWrittenChain, version: bigint): Promise<void> {
  chain.latencyMs = 0;
  const source = revealed(chain, () => version, 100);
  const comparison = await verifyMirror({ databaseUrl, source, fromVersion: 0n, schema: "rebuild" });
  expect(comparison).toMatchObject({
    ...{ equal: true, unbalancedJobs: 0, unbalancedStakes: 0, version: String(version) },
  });
}

describe("an indexer that is killed", () => {
  it("in the middle of a backfill goes on where it stood", TIMEOUT, async () => {
    const transactions = 6_000 + 200 * KILLS;
    const chain = marketOf(transactions);
    const counts = await countsBefore(chain);
    const options = { mode: "index", transactions, latencyMs: 60, head: chain.head } as const;
    const killedAt: bigint[] = [];
    for (let n = 1; n <= KILLS; n += 1) {
      const goal = (chain.head * BigInt(n)) / BigInt(KILLS + 4);
      const child = startChild(options);
      await eventually(async () => (await cursorOf()) >= goal, `version ${goal}`);
      // Not only right after a commit: a little later, while the next batch is being written.
      await kill(child, (n * 7) % 40);
      killedAt.push(await wholeUpTo(counts));
    }
    // Each kill fell into the backfill, and each start went on behind the one before.
    expect(killedAt).toEqual([...killedAt].sort((a, b) => (a < b ? -1 : 1)));
    expect(killedAt.at(-1)).toBeLessThan(chain.head);

    const child = startChild(options);
    await eventually(async () => (await cursorOf()) === chain.head + 1n, "the head");
    await expectRebuilt(chain, chain.head);
    child.kill("SIGTERM");
    expect(await ended(child)).toBe(0);
  });

  it("while it follows the head loses nothing that is told meanwhile", TIMEOUT, async () => {
    const transactions = 30_000;
    const chain = marketOf(transactions);
    const counts = await countsBefore(chain);
    let head = 200n;
    let follower: ChildProcess | null = null;
    // Not while one starts, which on a busy machine takes longer than the chain is long.
    const moving = setInterval(() => {
      if (!follower) return;
      head += BigInt(1 + (Number(head) % 4));
      show(follower, head);
    }, 15);
    try {
      for (let n = 1; n <= KILLS; n += 1) {
        // As much goes on while there is nobody to tell.
        head += 40n;
        const child = startChild({ mode: "index", transactions, latencyMs: 0, head });
        const told = head;
        await eventually(async () => (await cursorOf()) > told, "what went on meanwhile");
        follower = child;
        // What is told from now on it can only have followed.
        const goal = head + 10n;
        await eventually(async () => (await cursorOf()) > goal, `version ${goal}`);
        await kill(child, (n * 13) % 60);
        follower = null;
        expect(await wholeUpTo(counts)).toBeLessThanOrEqual(head + 1n);
      }
    } finally {
      clearInterval(moving);
    }
    expect(head).toBeLessThan(chain.head);
    const last = startChild({ mode: "index", transactions, latencyMs: 0, head });
    await eventually(async () => (await cursorOf()) === head + 1n, "the head");
    await expectRebuilt(chain, head);
    last.kill("SIGTERM");
    expect(await ended(last)).toBe(0);
  });
});

describe("a reindex that is killed", () => {
  it("leaves the mirror in use as it is, and goes on where it stood", TIMEOUT, async () => {
    const transactions = 4_000;
    const chain = marketOf(transactions);
    const counts = await countsBefore(chain);
    let head = chain.head - 1_000n;
    const source = revealed(chain, () => head, 100);
    await rebuildInto({ databaseUrl, schema: "public", source, fromVersion: 0n, untilVersion: head });
    const service = await serve(databaseUrl, source);
    try {
      const options = { mode: "reindex", transactions, latencyMs: 40 } as const;
      for (let n = 1; n <= KILLS; n += 1) {
        const goal = (head * BigInt(n)) / BigInt(KILLS + 1);
        const child = startChild({ ...options, head });
        await eventually(
          async () => (await cursorOf(SHADOW_SCHEMA)) >= goal,
          `version ${goal} of the new tables`,
        );
        await kill(child, (n * 11) % 50);
        expect(await wholeUpTo(counts, SHADOW_SCHEMA)).toBeGreaterThanOrEqual(goal);
        head += 5n;
        await untilMirrored(service.url, head);
        expect(await wholeUpTo(counts)).toBe(head + 1n);
      }
      const child = startChild({ ...options, latencyMs: 0, head });
      expect(await ended(child)).toBe(0);
      const [shadow] = await run(databaseUrl, "SELECT to_regnamespace($1) AS schema", [SHADOW_SCHEMA]);
      expect(shadow).toEqual({ schema: null });
      head += 5n;
      await untilMirrored(service.url, head);
      expect(await wholeUpTo(counts)).toBe(head + 1n);
      await expectRebuilt(chain, head);
    } finally {
      await service.close();
    }
  });
});

describe("a database server that is killed", () => {
  it("comes back with whole batches, and the indexer goes on by itself", TIMEOUT, async () => {
    const dir = mkdtempSync(join(tmpdir(), "indexer-kill-"));
    let server = await startPostgres({ dir });
    const port = Number(new URL(server.url).port);
    databaseUrl = server.url;
    const transactions = 30_000;
    const chain = marketOf(transactions);
    const counts = await countsBefore(chain);
    let head = 3_000n;
    const child = startChild({ mode: "index", transactions, latencyMs: 5, head });
    const moving = setInterval(() => {
      head += BigInt(1 + (Number(head) % 3));
      show(child, head);
    }, 15);
    try {
      for (let n = 1; n <= Math.max(2, KILLS / 4); n += 1) {
        // The first falls into the backfill, the others hit the head.
        const goal = n === 1 ? 1_000n : head;
        await eventually(async () => (await cursorOf()) > goal, `version ${goal}`);
        await pause((n * 17) % 50);
        const before = await cursorOf();
        await shutDownAtOnce();
        server = await startPostgres({ dir, port });
        // Only a batch of a backfill may be taken back, and only as a whole.
        const after = await wholeUpTo(counts);
        if (n > 1) expect(after).toBeGreaterThanOrEqual(before);
      }
    } finally {
      clearInterval(moving);
    }
    await eventually(async () => (await cursorOf()) === head + 1n, "the head");
    await expectRebuilt(chain, head);
    child.kill("SIGTERM");
    expect(await ended(child)).toBe(0);
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });

  /** As `pg_ctl stop -m immediate`: no checkpoint, no goodbye; the next start recovers from the log. */
  async function shutDownAtOnce(): Promise<void> {
    const [file] = await run(databaseUrl, "SELECT pg_read_file('postmaster.pid') AS text");
    process.kill(Number(String(file?.text).split("\n")[0]), "SIGQUIT");
    await eventually(
      () =>
        run(databaseUrl, "SELECT 1").then(
          () => false,
          () => true,
        ),
      "the server to end",
    );
    // The lock on its folder is given back last.
    await pause(300);
  }
});
