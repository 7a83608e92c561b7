/**
 * `indexer.*`: how fast a generated history reaches a fresh PostgreSQL, against the same handlers writing row by row.
 * It doesn't measure a node: the history is in this process's memory, so the database and the indexer remain.
 */
import { randomBytes } from "node:crypto";
import { startPostgres } from "@computestream/dev-env/parts";
import type { TransactionRecord } from "@computestream/protocol/client";
import { rebuildInto } from "../indexer/src/rebuild.ts";
import { busyMarket } from "../indexer/test/busy-market.ts";
import { createHandWrittenChain, type HandWrittenChain } from "../indexer/test/hand-written-chain.ts";
import type { Figure } from "./figure.ts";
import { writeRowByRow } from "./indexer-row-by-row.ts";

/** Enough for a few seconds of the fast way. */
const TRANSACTIONS = 60_000;
/** What the slow way does in as many seconds. */
const BASELINE_TRANSACTIONS = 1_200;

export async function indexerBackfill(): Promise<Figure[]> {
  const server = await startPostgres();
  try {
    const chain = historyOf(TRANSACTIONS);
    const events = await countEvents(chain, chain.head);
    // A first run that isn't counted: the code is compiled and the server has its files.
    await backfill(server.url, chain, 2_000n);
    const perSecond = events / (await backfill(server.url, chain, chain.head));

    const until = BigInt(BASELINE_TRANSACTIONS);
    const baseline = (await countEvents(chain, until)) / (await rowByRow(server.url, chain, until));
    return [
      { name: "indexer.events_per_s", value: Math.round(perSecond), unit: "events/s", goal: 20_000 },
      {
        name: "indexer.vs_row_at_a_time",
        value: perSecond / baseline,
        unit: "x",
        goal: 10,
        baseline: Math.round(baseline),
      },
    ];
  } finally {
    await server.close();
  }
}

function historyOf(transactions: number): HandWrittenChain {
  const chain = createHandWrittenChain();
  busyMarket(chain, transactions);
  return chain;
}

async function countEvents(chain: HandWrittenChain, until: bigint): Promise<number> {
  let events = 0;
  for await (const record of recordsOf(chain, until)) events += record.events.length;
  return events;
}

async function* recordsOf(chain: HandWrittenChain, until: bigint): AsyncGenerator<TransactionRecord> {
  for (let from = 0n; from <= until; from += 100n) {
    for (const record of await chain.transactions(from, 100)) if (record.version <= until) yield record;
  }
}

/** Seconds from the first page to the last commit, into a schema of its own. */
async function backfill(databaseUrl: string, chain: HandWrittenChain, until: bigint): Promise<number> {
  const into = {
    databaseUrl,
    source: chain,
    schema: `bench_${randomBytes(4).toString("hex")}`,
    fromVersion: 0n,
  };
  await rebuildInto({ ...into, untilVersion: 0n });
  const startedAt = performance.now();
  await rebuildInto({ ...into, untilVersion: until });
  return (performance.now() - startedAt) / 1000;
}

async function rowByRow(databaseUrl: string, chain: HandWrittenChain, until: bigint): Promise<number> {
  const schema = `bench_${randomBytes(4).toString("hex")}`;
  await rebuildInto({ databaseUrl, schema, source: chain, fromVersion: 0n, untilVersion: 0n });
  const records: TransactionRecord[] = [];
  for await (const record of recordsOf(chain, until)) if (record.version > 0n) records.push(record);
  const startedAt = performance.now();
  await writeRowByRow({ databaseUrl, schema }, records);
  return (performance.now() - startedAt) / 1000;
}
