/**
 * An instance of the indexer in a process of its own, over a chain on which running jobs are settled at a fixed rate.
 * It doesn't know who listens; its parent asks it for its figures.
 */

import { createLogger } from "../../indexer/src/logger.ts";
import { startService } from "../../indexer/src/service.ts";
import { createHandWrittenChain } from "../../indexer/test/hand-written-chain.ts";
import {
  accepted,
  address,
  created,
  parameters,
  registered,
  settledTo,
  started,
  T0,
} from "../../indexer/test/histories.ts";
import { configOf } from "../../indexer/test/parts.ts";

export interface InstanceFigures {
  cpuMs: number;
  rssBytes: number;
  /** Settlements so far. */
  ticks: number;
}

const [databaseUrl = "", jobCount = "0", ticksPerCommit = "0", commitEveryMs = "0"] = process.argv.slice(2);
const provider = address("f1");
const jobs = Array.from({ length: Number(jobCount) }, (_, i) =>
  address(`e${i.toString(16).padStart(6, "0")}`),
);
const seconds = new Map<string, number>();
const chain = createHandWrittenChain();
chain.append(T0, [parameters(), registered(provider)]);
for (const job of jobs) {
  const terms = { provider, deposit: "1000000000" };
  chain.append(T0 + 1, [
    ...created(job, terms),
    accepted(job, provider),
    ...started(job, { ...terms, atSecs: T0 + 1 }),
  ]);
}

const config = configOf(databaseUrl, chain, {
  rateLimits: null,
  liveMaxConnections: 100_000,
  liveMaxPerAddress: 100_000,
  pollIntervalMs: 200,
});
const service = await startService(config, chain, createLogger("warn"));
let turn = 0;
let ticks = 0;
let timer: NodeJS.Timeout | undefined;

function settle(): void {
  const events = Array.from({ length: Number(ticksPerCommit) }, () => {
    const job = jobs[turn++ % jobs.length] ?? "";
    const secs = (seconds.get(job) ?? 0) + 1;
    seconds.set(job, secs);
    ticks += 1;
    const paid = {
      paid: String(10_000 * secs),
      feePaid: String(100 * secs),
      balance: String(1_000_000_000 - 10_000 * secs),
    };
    return settledTo(job, { seq: secs, secs, amount: "10000", fee: "100", ...paid });
  });
  chain.append(T0 + 2 + Math.floor(ticks / Number(ticksPerCommit)), events);
}

process.on("message", (message) => {
  if (message === "settle") timer = setInterval(settle, Number(commitEveryMs));
  if (message === "figures") {
    const { user, system } = process.cpuUsage();
    const figures: InstanceFigures = {
      cpuMs: (user + system) / 1000,
      rssBytes: process.memoryUsage.rss(),
      ticks,
    };
    process.send?.({ figures });
  }
  if (message === "close") {
    clearInterval(timer);
    void service.close().then(() => process.exit(0));
  }
});
process.send?.({ ready: { url: service.url, head: String(chain.head), jobs } });
