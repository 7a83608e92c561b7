/**
 * Indexes the chain again into a schema of its own and compares it with the live mirror, row by row.
 * It doesn't touch the live tables.
 */
import type { Client } from "pg";
import { openCursor } from "./chain/identity.ts";
import type { ChainSource } from "./chain/source.ts";
import { streamTransactions } from "./chain/stream.ts";
import { connectClient, withTransaction } from "./db/client.ts";
import { readCursor } from "./db/cursor.ts";
import { createSeries } from "./db/series.ts";
import { MIRROR_TABLES } from "./db/tables.ts";
import { createBatchSizer } from "./indexing/batch-size.ts";
import { writeBatch } from "./indexing/write-batch.ts";
import { migrate } from "./migrate.ts";

export interface TableComparison {
  rows: number;
  /** Rows of the one that the other doesn't have. */
  onlyLive: number;
  onlyRebuilt: number;
}

export interface Comparison {
  equal: boolean;
  /** Last version in both. */
  version: string;
  /** Jobs in the live mirror whose money doesn't add up. */
  unbalancedJobs: number;
  /** Providers in the live mirror whose stake doesn't. */
  unbalancedStakes: number;
  /** Assets in the live mirror of which the ledgers and what escrows, stakes and bonds hold aren't zero together. */
  unbalancedAssets: number;
  tables: Record<string, TableComparison>;
}

/** Whether both have the same rows and no money in them is unaccounted for. */
export function isFaithful(mirror: Omit<Comparison, "version" | "tables">): boolean {
  return mirror.equal && mirror.unbalancedJobs + mirror.unbalancedStakes + mirror.unbalancedAssets === 0;
}

/** Brings `schema`, made if absent, up to and including `untilVersion`; throws what indexing throws. */
export async function rebuildInto(options: {
  databaseUrl: string;
  schema: string;
  source: ChainSource;
  fromVersion: bigint;
  untilVersion: bigint;
  signal?: AbortSignal;
}): Promise<void> {
  const { databaseUrl, schema, source } = options;
  const admin = await connectClient({ databaseUrl });
  try {
    await admin.query(`CREATE SCHEMA IF NOT EXISTS ${admin.escapeIdentifier(schema)}`);
  } finally {
    await admin.end();
  }
  await migrate({ databaseUrl, schema });
  const client = await connectClient({ databaseUrl, schema });
  try {
    const cursor = await openCursor(client, source, options.fromVersion);
    const sizer = createBatchSizer();
    const series = createSeries(client);
    const batches = streamTransactions(source, {
      nextVersion: cursor.nextVersion,
      lastHash: cursor.lastHash,
      untilVersion: options.untilVersion,
      batchLimit: () => sizer.limit,
      pollIntervalMs: 100,
      signal: options.signal ?? new AbortController().signal,
    });
    for await (const batch of batches) {
      const startedAtMs = performance.now();
      const { events } = await writeBatch(client, batch, series);
      sizer.wrote({ events: events.length, ms: performance.now() - startedAtMs });
    }
  } finally {
    await client.end();
  }
}

export async function dropRebuild(databaseUrl: string, schema: string): Promise<void> {
  const client = await connectClient({ databaseUrl });
  try {
    await client.query(`DROP SCHEMA IF EXISTS ${client.escapeIdentifier(schema)} CASCADE`);
  } finally {
    await client.end();
  }
}

/** Null when the two don't stand at the same version: they can only be compared there. */
export async function compareMirrors(
  client: Client,
  live: string,
  rebuilt: string,
): Promise<Comparison | null> {
  const table = (schema: string, name: string) =>
    `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
  return withTransaction(
    client,
    async () => {
      const { rows: cursors } = await client.query(
        `SELECT a.next_version - 1 AS live, b.next_version - 1 AS rebuilt
         FROM ${table(live, "chain_cursor")} a, ${table(rebuilt, "chain_cursor")} b`,
      );
      if (cursors[0]?.live === undefined || cursors[0].live !== cursors[0].rebuilt) return null;
      const tables: Record<string, TableComparison> = {};
      for (const name of MIRROR_TABLES) {
        const [a, b] = [table(live, name), table(rebuilt, name)];
        const { rows } = await client.query(
          `SELECT (SELECT count(*)::int FROM ${a}) AS "rows",
                  (SELECT count(*)::int FROM (TABLE ${a} EXCEPT ALL TABLE ${b}) d) AS "onlyLive",
                  (SELECT count(*)::int FROM (TABLE ${b} EXCEPT ALL TABLE ${a}) d) AS "onlyRebuilt"`,
        );
        tables[name] = rows[0];
      }
      const { rows: unbalanced } = await client.query(
        `SELECT (SELECT count(*)::int FROM ${table(live, "jobs")}
                 WHERE deposited <> paid + refunded + balance OR NOT held BETWEEN 0 AND balance
                    OR fee_paid > paid OR keeper_paid > fee_paid) AS jobs,
                (SELECT count(*)::int FROM ${table(live, "providers")}
                 WHERE stake_added <> stake_withdrawn + slashed + staked + unbonding) AS stakes,
                (SELECT count(*)::int FROM (
                   SELECT FROM (
                     SELECT asset, amount FROM ${table(live, "ledger_entries")}
                     UNION ALL SELECT asset, balance FROM ${table(live, "jobs")}
                     UNION ALL SELECT asset, staked + unbonding FROM ${table(live, "providers")}
                     UNION ALL SELECT j.asset, c.bond FROM ${table(live, "cases")} c
                       JOIN ${table(live, "jobs")} j ON j.job = c.job WHERE c.closed_version IS NULL
                   ) held GROUP BY asset HAVING sum(amount) <> 0) wrong) AS assets`,
      );
      return {
        equal: Object.values(tables).every((t) => t.onlyLive === 0 && t.onlyRebuilt === 0),
        version: String(cursors[0].live),
        unbalancedJobs: unbalanced[0].jobs,
        unbalancedStakes: unbalanced[0].stakes,
        unbalancedAssets: unbalanced[0].assets,
        tables,
      };
    },
    "ISOLATION LEVEL REPEATABLE READ READ ONLY",
  );
}

/** Rebuilds beside a mirror that may be moving, until both stand at one version, and compares there. */
export async function verifyMirror(options: {
  databaseUrl: string;
  source: ChainSource;
  fromVersion: bigint;
  schema: string;
  attempts?: number;
}): Promise<Comparison> {
  const client = await connectClient({ databaseUrl: options.databaseUrl });
  try {
    const { rows } = await client.query("SELECT current_schema() AS schema");
    for (let attempt = 0; attempt < (options.attempts ?? 50); attempt += 1) {
      const cursor = await readCursor(client);
      if (!cursor) throw new Error("the database has no mirror yet: start the indexer first");
      await rebuildInto({ ...options, untilVersion: cursor.nextVersion - 1n });
      const comparison = await compareMirrors(client, rows[0].schema, options.schema);
      if (comparison) return comparison;
    }
    throw new Error(
      "the mirror moved on each time before it could be compared: try again when there is less traffic",
    );
  } finally {
    await client.end();
    await dropRebuild(options.databaseUrl, options.schema);
  }
}
