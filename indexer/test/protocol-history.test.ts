/**
 * The mirror follows random histories of the real modules on the real VM, read from the devnet's own REST server in
 * steps of any size, with restarts and lost connections: at every stop it says what the chain's views say, and at the
 * end it equals a mirror that was built in one go. `INDEXER_HISTORIES=1000` for a long run, `INDEXER_SEED` for others.
 */
import type { Client } from "pg";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { History } from "../../move/fuzz/steps.ts";
import { createDice, type Dice } from "../../move/fuzz/steps.ts";
import { connectClient } from "../src/db/client.ts";
import { MIRROR_TABLES } from "../src/db/tables.ts";
import { type Indexer, startIndexer } from "../src/indexing/indexer.ts";
import { createMetrics, type Metrics } from "../src/metrics.ts";
import { migrate } from "../src/migrate.ts";
import { compareMirrors, isFaithful, rebuildInto } from "../src/rebuild.ts";
import { startDatabases } from "./parts.ts";
import {
  createProtocolHistories,
  movedElsewhere,
  type PlayedHistory,
  type ProtocolHistories,
} from "./protocol-histories.ts";
import { differencesFrom, ledgerDifferencesFrom } from "./protocol-mirror.ts";
import { type ProtocolNode, startProtocolNode } from "./protocol-node.ts";
import { quoteDifferencesFrom } from "./quote-mirror.ts";

const HISTORIES = Number(process.env.INDEXER_HISTORIES ?? 10);
const SEED = Number(process.env.INDEXER_SEED ?? 20_261_121);
/** A rare event is looked for in so many more. */
const MOST = HISTORIES + 400;
const LIVE = "live";
const REBUILT = "rebuilt";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let histories: ProtocolHistories;
let databaseUrl: string;
let admin: Client;
let live: Client;

beforeAll(async () => {
  databases = await startDatabases();
  histories = await createProtocolHistories();
  databaseUrl = await databases.database();
  admin = await connectClient({ databaseUrl });
  for (const schema of [LIVE, REBUILT]) {
    await admin.query(`CREATE SCHEMA ${schema}`);
    await migrate({ databaseUrl, schema });
  }
  live = await connectClient({ databaseUrl, schema: LIVE });
}, 180_000);

afterAll(async () => {
  histories?.close();
  await live?.end();
  await admin?.end();
  await databases?.close();
});

async function emptyMirrors(): Promise<void> {
  const tables = [LIVE, REBUILT].flatMap((schema) =>
    ["chain_cursor", ...MIRROR_TABLES].map((table) => `${schema}.${table}`),
  );
  // One round trip; TRUNCATE makes files anew for each partition and takes longer.
  await admin.query(tables.map((table) => `DELETE FROM ${table}`).join(";"));
}

interface Followed {
  stops: number;
  restarts: number;
  retries: number;
}

describe("the mirror of random histories", () => {
  it(`says what the chain says, ${HISTORIES} histories long, whatever happens to the indexer`, async () => {
    const seen = new Set<string>();
    const total = { histories: 0, transactions: 0, events: 0, stops: 0, restarts: 0, retries: 0 };
    const missing = () => histories.declaredEvents.filter((name) => !seen.has(name));
    for (const [n, history] of histories.draw(MOST, SEED).entries()) {
      if (n >= HISTORIES && missing().length === 0) break;
      const played = histories.play(history);
      const fresh = newNames(played, seen);
      // Beyond those asked for, only what brings an event that hasn't come.
      if (n >= HISTORIES && fresh.length === 0) continue;
      const followed = await follow(played, createDice([SEED % 10_007, n % 10_007, 1]), () =>
        name(n, history),
      );
      for (const event of fresh) seen.add(event);
      total.histories += 1;
      total.transactions += played.transactions.length;
      total.events += played.transactions.reduce((sum, { run }) => sum + eventsOf(run).length, 0);
      for (const key of ["stops", "restarts", "retries"] as const) total[key] += followed[key];
    }
    console.info(JSON.stringify(total));
    expect(missing(), "events that never came").toEqual([]);
    expect(total.restarts).toBeGreaterThan(0);
  }, 3_600_000);
});

const name = (n: number, { preset, stage, steps }: History) =>
  `history ${n} of INDEXER_SEED=${SEED} (market ${preset}, stage ${stage}, ${steps.length} steps)`;

function eventsOf({ result }: PlayedHistory["transactions"][number]["run"]): string[] {
  if (!result.ok) return [];
  return result.events.flatMap(({ type }) => {
    const [address, , event] = type.split("::");
    return address !== undefined && BigInt(address) === 0xcafen && event ? [event] : [];
  });
}

function newNames(played: PlayedHistory, seen: Set<string>): string[] {
  return [...new Set(played.transactions.flatMap(({ run }) => eventsOf(run)))].filter((e) => !seen.has(e));
}

/** Follows one history from version 0 on; throws where mirror and chain differ. */
async function follow(played: PlayedHistory, dice: Dice, who: () => string): Promise<Followed> {
  await emptyMirrors();
  const node = await startProtocolNode(histories, played.transactions);
  const metrics = createMetrics();
  const followed = { stops: 0, restarts: 0, retries: 0 };
  let indexer = start(node, metrics);
  try {
    const last = BigInt(played.transactions.length);
    while (node.head < last) {
      node.reveal(dice.pick([1, 1, 1, 2, 3, 5, 8, 40]));
      if (dice.chance(12)) {
        await indexer.close();
        indexer = start(node, metrics);
        followed.restarts += 1;
      } else if (dice.chance(5)) {
        await new Promise((resolve) => setTimeout(resolve, dice.roll(8)));
        await cutWriter();
      }
      await caughtUp(node, indexer, who);
      if (node.head < last && !dice.chance(40)) continue;
      const { after } = played.transactions[Number(node.head) - 1] ?? {};
      if (!after) continue;
      followed.stops += 1;
      const done = played.transactions.slice(0, Number(node.head));
      const elsewhere = movedElsewhere(histories.chain, done);
      const found = [
        ...(await differencesFrom(live, histories.chain, after)),
        ...(await ledgerDifferencesFrom(live, histories.chain, after, elsewhere)),
        ...(await quoteDifferencesFrom(live, histories.chain, after, done)),
      ];
      if (found.length > 0) throw new Error(`${who()}, version ${node.head}: ${found.join("; ")}`);
    }
    await indexer.close();
    const violations = (await metrics.conservationViolations.get()).values[0]?.value;
    if (violations !== 0) throw new Error(`${who()}: ${violations} times money didn't add up`);
    followed.retries = (await metrics.retries.get()).values.reduce((sum, { value }) => sum + value, 0);
    await rebuildInto({
      ...{ databaseUrl, schema: REBUILT, source: node.client, fromVersion: 0n, untilVersion: last },
    });
    const comparison = await compareMirrors(admin, LIVE, REBUILT);
    if (!comparison || !isFaithful(comparison)) {
      throw new Error(`${who()}: the rebuild differs: ${JSON.stringify(comparison)}`);
    }
  } finally {
    await indexer.close();
    await node.close();
  }
  return followed;
}

function start(node: ProtocolNode, metrics: Metrics): Indexer {
  return startIndexer({
    database: { databaseUrl, schema: LIVE },
    source: node.client,
    startVersion: 0n,
    pollIntervalMs: 1,
    keepDays: 0,
    metrics,
    log: pino({ level: "silent" }),
  });
}

/** Ends the writer's connection on the server's side, in the middle of whatever it does. */
async function cutWriter(): Promise<void> {
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
}

async function caughtUp(node: ProtocolNode, indexer: Indexer, who: () => string): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { rows } = await live.query("SELECT next_version FROM chain_cursor");
    if (rows[0] !== undefined && BigInt(rows[0].next_version) === node.head + 1n) return;
    const { problem } = indexer.status;
    if (problem?.fatal) throw new Error(`${who()}: ${problem.code} ${problem.message}`);
    if (Date.now() > deadline) throw new Error(`${who()}: version ${node.head} isn't reached`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
