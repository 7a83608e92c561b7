/**
 * How much of a large market each of the API's reads looks at: with every filter alone and every two together, and
 * with what is rare. A list that reads a large table from end to end is found here and not by whoever asks for it.
 */
import type { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toApiError } from "../src/api/error-mapper.ts";
import { connectClient, createPool } from "../src/db/client.ts";
import { listCases } from "../src/db/queries/cases.ts";
import { type EventFilter, listEvents } from "../src/db/queries/events.ts";
import { networkHistory, paidToProvider, providerHistory } from "../src/db/queries/history.ts";
import { countJobs, type JobFilter, listJobs, listRunningStreams } from "../src/db/queries/jobs.ts";
import { listLedger } from "../src/db/queries/ledger.ts";
import { listAssets } from "../src/db/queries/market.ts";
import { listProviders, type ProviderFilter, type ProviderKey } from "../src/db/queries/providers.ts";
import { listQuoteRefunds, listQuotes, type QuoteFilter } from "../src/db/queries/quotes.ts";
import { networkTotals, recentSettlements } from "../src/db/queries/stats.ts";
import { listTicks } from "../src/db/queries/ticks.ts";
import { walletBalances } from "../src/db/queries/wallets.ts";
import type { Queryable } from "../src/db/table.ts";
import { migrate } from "../src/migrate.ts";
import { ASSET } from "./hand-written-chain.ts";
import { T0 } from "./histories.ts";
import {
  fillLargeMarket,
  HEAVY_BUYER,
  HEAVY_OWNER,
  HEAVY_PROVIDER,
  LONG_JOB,
  MIDDLE_SECS,
  OTHER_ASSET,
  RARE_BUYER,
  SIZE,
  TREASURY,
} from "./large-market.ts";
import { startDatabases } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let databaseUrl: string;
let client: Client;

beforeAll(async () => {
  databases = await startDatabases();
  databaseUrl = await databases.database();
  await migrate({ databaseUrl });
  client = await connectClient({ databaseUrl });
  await fillLargeMarket(client);
}, 180_000);

afterAll(async () => {
  await client?.end();
  await databases?.close();
});

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Index Recheck"?: number;
  Plans?: PlanNode[];
}

/** Rows of `tables` that the statements of `work` looked at, whether they were wanted or not. */
async function rowsRead(work: (db: Queryable) => Promise<unknown>): Promise<Record<string, number>> {
  const read: Record<string, number> = {};
  const visit = (node: PlanNode): void => {
    const relation = node["Relation Name"]?.replace(/_(\d{8}|default)$/, "");
    if (relation !== undefined) {
      const rows =
        node["Actual Rows"] +
        (node["Rows Removed by Filter"] ?? 0) +
        (node["Rows Removed by Index Recheck"] ?? 0);
      read[relation] = (read[relation] ?? 0) + Math.ceil(rows * node["Actual Loops"]);
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  const explaining = {
    async query(query: string | { text: string; values?: unknown[] }, given?: unknown[]) {
      // A named query is planned with its values here, as a server does it the first times.
      const { text, values } = typeof query === "string" ? { text: query, values: given } : query;
      const { rows } = await client.query(`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${text}`, values);
      visit(rows[0]["QUERY PLAN"][0].Plan);
      return client.query(text, values);
    },
  };
  await work(explaining as unknown as Queryable);
  return read;
}

/** Each alone, and every two of different fields together. */
function combined<F extends object>(single: F[]): F[] {
  const pairs = single.flatMap((a, i) =>
    single
      .slice(i + 1)
      .filter((b) => !Object.keys(b).some((field) => field in a))
      .map((b) => ({ ...a, ...b })),
  );
  return [{} as F, ...single, ...pairs];
}

/** What of each table one page may look at. Some thousand rows of one party are rather sorted than read in order. */
const PAGE = 50;
const MOST = { events: 4_100, jobs: 3_500, stream_ticks: 1_500, ledger_entries: 200, cases: 200 };

const EVENT_FILTERS = combined<EventFilter>([
  { name: "AdminChanged" },
  { name: "StreamSettled" },
  { name: "ProviderHeartbeat" },
  { name: "StreamStalled" },
  { module: "market" },
  { module: "stream" },
  { module: "provider_registry" },
  { module: "dispute" },
  { job: LONG_JOB },
  { provider: HEAVY_PROVIDER },
  { exceptNames: ["StreamSettled"] },
]);

async function tooMuch(
  most: Partial<Record<string, number>>,
  asks: Array<[what: string, work: (db: Queryable) => Promise<unknown>]>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [what, work] of asks) {
    for (const [table, rows] of Object.entries(await rowsRead(work))) {
      if (rows > (most[table] ?? 5_000)) found.push(`${what}: ${rows} rows of ${table}`);
    }
  }
  return found;
}

describe("a page looks at little", () => {
  it("of the raw events, by whatever they are asked for", async () => {
    const asks = EVENT_FILTERS.flatMap((filter) =>
      (["newest", "oldest"] as const).map((order): [string, (db: Queryable) => Promise<unknown>] => [
        `${order} ${JSON.stringify(filter)}`,
        (db) => listEvents(db, { filter, order, after: null, limit: PAGE }),
      ]),
    );
    asks.push([
      "a job's steps from the middle on",
      (db) =>
        listEvents(db, {
          filter: { job: LONG_JOB, exceptNames: ["StreamSettled"] },
          order: "oldest",
          after: { version: String(SIZE.events / 2), index: 0 },
          limit: PAGE,
        }),
    ]);
    expect(await tooMuch(MOST, asks)).toEqual([]);
  }, 120_000);

  it("and it is the page that reading all of the events gives", async () => {
    const wrong: string[] = [];
    let found = 0;
    for (const filter of EVENT_FILTERS) {
      for (const order of ["newest", "oldest"] as const) {
        for (const after of [null, { version: String(SIZE.events / 2), index: 0 }]) {
          const page = await listEvents(client, { filter, order, after, limit: PAGE });
          const { rows } = await client.query(
            `SELECT version FROM events WHERE ($1::text IS NULL OR module = $1) AND ($2::text IS NULL OR name = $2)
               AND ($3::text IS NULL OR job = $3) AND ($4::text IS NULL OR provider = $4) AND name <> ALL($5)
               AND ($6::int8 IS NULL OR CASE WHEN $7 THEN version > $6 ELSE version < $6 END)
             ORDER BY CASE WHEN $7 THEN version ELSE -version END LIMIT $8`,
            [
              ...[filter.module, filter.name, filter.job, filter.provider, filter.exceptNames ?? []],
              ...[after?.version, order === "oldest", PAGE],
            ],
          );
          const [told, right] = [page.map((row) => String(row.version)), rows.map((row) => row.version)];
          if (told.join() !== right.join()) wrong.push(`${order} ${JSON.stringify(filter)}`);
          found += right.length;
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(found).toBeGreaterThan(1_000);
  }, 240_000);

  it("of the jobs, by whatever they are asked for", async () => {
    const single: JobFilter[] = [
      { buyer: HEAVY_BUYER },
      { buyer: RARE_BUYER },
      { provider: HEAVY_PROVIDER },
      { state: 0 },
      { state: 2 },
      { state: 5 },
      { state: 8 },
      { open: true },
      { open: false },
      { asset: ASSET },
      { asset: OTHER_ASSET },
      { q: "zebra" },
      { q: "render" },
      { q: "unheard" },
      { since: MIDDLE_SECS, until: MIDDLE_SECS + 10 },
      { until: T0 + 100 },
    ];
    const asks = combined(single).map((filter): [string, (db: Queryable) => Promise<unknown>] => [
      JSON.stringify(filter),
      (db) => listJobs(db, { filter, after: null, limit: PAGE }),
    ]);
    expect(await tooMuch(MOST, asks)).toEqual([]);
  }, 120_000);

  it("of the providers, for what buyers ask", async () => {
    const single: ProviderFilter[] = [
      { available: true, hasFreeCapacity: true },
      { gpu: "MI300X" },
      { gpu: "4090" },
      { q: "instinct" },
      { q: "rig" },
      { region: "sa-east" },
      { minVramGb: 80 },
      { minScore: 2_990 },
      { maxPricePerHour: "5001" },
      { owner: HEAVY_OWNER },
    ];
    const sorts: Array<ProviderKey["sort"]> = ["price", "newest", "score", "stake", "vram", "served"];
    const asks = sorts.flatMap((sort) =>
      combined(single).map((filter): [string, (db: Queryable) => Promise<unknown>] => [
        `${sort} ${JSON.stringify(filter)}`,
        (db) => listProviders(db, { filter, sort, after: null, limit: PAGE }),
      ]),
    );
    expect(await tooMuch({ providers: SIZE.providers }, asks)).toEqual([]);
  }, 120_000);

  it("at any depth", async () => {
    const position = { version: String(SIZE.jobs), index: 0 };
    const longJob = { job: LONG_JOB, created_at: BigInt(T0), state: 2, settled_at: 0n };
    const figure = { value: String(100_000_000 + SIZE.providers / 2), provider: HEAVY_PROVIDER };
    expect(
      await tooMuch({ ...MOST, jobs: 200, providers: 200 }, [
        ["jobs", (db) => listJobs(db, { filter: { buyer: HEAVY_BUYER }, after: position, limit: PAGE })],
        [
          "streams",
          (db) =>
            listRunningStreams(db, { after: { version: position.version, job: LONG_JOB }, limit: PAGE }),
        ],
        [
          "providers",
          (db) =>
            listProviders(db, {
              filter: {},
              sort: "stake",
              after: { sort: "stake", ...figure },
              limit: PAGE,
            }),
        ],
        [
          "ledger",
          (db) =>
            listLedger(db, {
              wallet: TREASURY,
              after: { version: String(SIZE.ledger / 2), index: 0, part: 0 },
              limit: PAGE,
            }),
        ],
        ["ticks", (db) => listTicks(db, { job: longJob, after: position, limit: PAGE })],
        ["cases", (db) => listCases(db, LONG_JOB)],
      ]),
    ).toEqual([]);
  });

  it("of quotes, by payer, job and what became of them", async () => {
    const single: QuoteFilter[] = [
      { payer: HEAVY_BUYER },
      { payer: RARE_BUYER },
      { job: LONG_JOB },
      { redeemed: true },
      // One of a thousand.
      { redeemed: false },
    ];
    const after = { version: String(SIZE.quotes / 2), index: 0 };
    const asks = combined(single).flatMap((filter) =>
      [null, after].map((from): [string, (db: Queryable) => Promise<unknown>] => [
        `${JSON.stringify(filter)} from ${from?.version ?? "the newest"}`,
        (db) => listQuotes(db, { filter, after: from, limit: PAGE }),
      ]),
    );
    const [mostRefunded] = await listQuotes(client, {
      filter: {},
      after: { version: "2", index: 0 },
      limit: 1,
    });
    asks.push(["refunds", (db) => listQuoteRefunds(db, mostRefunded?.quote ?? "", PAGE)]);
    expect(await tooMuch({ quotes: 200, quote_refunds: 100 }, asks)).toEqual([]);
  });

  it("where figures are asked for: totals are kept and not summed up", async () => {
    const day = { fromSecs: T0, untilSecs: T0 + 60 * 3_600, bucketSecs: 3_600 };
    const minutes = { fromSecs: T0, untilSecs: T0 + 60 * 60, bucketSecs: 60 };
    const of = { provider: HEAVY_PROVIDER, asset: ASSET };
    expect(
      await tooMuch(MOST, [
        ["stats", (db) => networkTotals(db, ASSET)],
        ["recent", (db) => recentSettlements(db, { asset: ASSET, lastSecond: T0 + 900, buckets: 120 })],
        ["history", (db) => networkHistory(db, day, ASSET)],
        ["provider by hour", (db) => providerHistory(db, day, of)],
        ["provider by minute", (db) => providerHistory(db, minutes, of)],
        ["paid", (db) => paidToProvider(db, of)],
        ["counts", (db) => countJobs(db, { party: "buyer", address: HEAVY_BUYER })],
        ["assets", (db) => listAssets(db, ASSET)],
        ["wallet", (db) => walletBalances(db, HEAVY_BUYER)],
      ]),
    ).toEqual([]);
  });
});

describe("a query that takes too long", () => {
  it("is cancelled by the server and answered with what to do", async () => {
    const pool = createPool({ databaseUrl, statementTimeoutMs: 50, onError: () => undefined });
    const error = await pool.query("SELECT pg_sleep(20)").catch((cause: unknown) => cause);
    await pool.end();
    const answer = toApiError(error);
    expect([answer.status, answer.code]).toEqual([503, "QUERY_TIMEOUT"]);
    expect(answer.message).toMatch(/ask for less/);
  });
});
