import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyMirror } from "../src/rebuild.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain } from "./hand-written-chain.ts";
import { run, startDatabases, until } from "./parts.ts";

/** A few in every run; `INDEXER_KILLS=50` for a long one. Each falls into the backfill, at another point of a batch. */
const KILLS = Number(process.env.INDEXER_KILLS ?? 4);
const TRANSACTIONS = 6_000 + 200 * KILLS;
const LATENCY_MS = 60;
const TSX = createRequire(import.meta.url).resolve("tsx");
const CHILD = fileURLToPath(new URL("./indexer-child.ts", import.meta.url));

let databases: Awaited<ReturnType<typeof startDatabases>>;
let child: ChildProcess | undefined;
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(async () => {
  child?.kill("SIGKILL");
  await databases?.close();
});

function startChild(databaseUrl: string): ChildProcess {
  return spawn(
    process.execPath,
    ["--import", TSX, CHILD, databaseUrl, String(TRANSACTIONS), String(LATENCY_MS)],
    {
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
}

const ended = (process: ChildProcess) =>
  new Promise<number | null>((resolve) => {
    if (process.exitCode !== null || process.signalCode !== null) resolve(process.exitCode);
    else process.once("exit", (code) => resolve(code));
  });

describe("an indexer that is killed in the middle of a backfill", () => {
  it("goes on where it stood, and its tables equal a rebuild", {
    timeout: 60_000 + 20_000 * KILLS,
  }, async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    busyMarket(chain, TRANSACTIONS);
    const cursor = async () => {
      const rows = await run(databaseUrl, "SELECT next_version FROM chain_cursor").catch(() => []);
      return BigInt((rows[0]?.next_version as string | undefined) ?? 0);
    };

    const killedAt: bigint[] = [];
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const goal = (chain.head * BigInt(kill)) / BigInt(KILLS + 4);
      child = startChild(databaseUrl);
      await until(async () => (await cursor()) >= goal, `version ${goal}`);
      // Not only right after a commit: a little later, while the next batch is being written.
      await new Promise((resolve) => setTimeout(resolve, (kill * 7) % 40));
      child.kill("SIGKILL");
      await ended(child);
      killedAt.push(await cursor());
    }
    // Each kill fell into the backfill, and each start went on behind the one before.
    expect(killedAt).toEqual([...killedAt].sort((a, b) => (a < b ? -1 : 1)));
    expect(killedAt.at(-1)).toBeLessThan(chain.head);

    child = startChild(databaseUrl);
    await until(async () => (await cursor()) === chain.head + 1n, "the head");
    const comparison = await verifyMirror({ databaseUrl, source: chain, fromVersion: 0n, schema: "rebuild" });
    expect(comparison).toMatchObject({ equal: true, unbalancedJobs: 0, version: String(chain.head) });
    expect(comparison.tables.jobs?.rows).toBeGreaterThan(500);

    child.kill("SIGTERM");
    expect(await ended(child)).toBe(0);
  });
});
