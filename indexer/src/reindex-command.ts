/**
 * Command: `npm run reindex`: tells a reindex's progress as JSON lines; stopped by a signal it can be run again.
 * It doesn't know how tables change places.
 */
import { createChainClient } from "@computestream/protocol/client";
import { loadConfig } from "./config.ts";
import { waitForDatabase } from "./db/client.ts";
import { errorCode, errorMessage } from "./errors.ts";
import { migrate } from "./migrate.ts";
import { type ReindexProgress, reindex } from "./reindex.ts";

const TELL_EVERY_MS = 1_000;

async function main(): Promise<void> {
  const { databaseUrl, databaseWaitMs, deployment, nodeUrl, startVersion } = loadConfig();
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await waitForDatabase(databaseUrl, databaseWaitMs);
  await migrate({ databaseUrl });

  const startedAtMs = performance.now();
  let toldAtMs = startedAtMs;
  let events = 0;
  const onProgress = (progress: ReindexProgress) => {
    events += progress.events;
    const now = performance.now();
    if (now - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = now;
    tell({
      msg: "reindexing",
      version: progress.version.toString(),
      goal: progress.goal.toString(),
      eventsPerSecond: Math.round((events / (now - startedAtMs)) * 1000),
    });
  };
  const source = createChainClient({ deployment, nodeUrl });
  try {
    const done = await reindex({
      databaseUrl,
      source,
      fromVersion: startVersion,
      fresh: process.argv.includes("--fresh"),
      signal: stop.signal,
      onProgress,
    });
    tell({ msg: "swapped", version: done.version.toString(), resumed: done.resumed, events });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    tell({ msg: "stopped", remedy: "run it again: it goes on from here" });
    process.exitCode = 1;
  }
}

function tell(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

main().catch((error: unknown) => {
  console.error(`${errorCode(error)}: ${errorMessage(error)}`);
  process.exitCode = 1;
});
