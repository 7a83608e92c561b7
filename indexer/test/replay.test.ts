import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectClient } from "../src/db/client.ts";
import { advanceCursor, readCursor } from "../src/db/cursor.ts";
import { writeBatch } from "../src/indexing/write-batch.ts";
import { compareMirrors, dropRebuild, isFaithful, rebuildInto } from "../src/rebuild.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain } from "./hand-written-chain.ts";
import {
  accepted,
  address,
  closed,
  completed,
  created,
  jobSettled,
  parameters,
  refunded,
  registered,
  sealed,
  settledTo,
  started,
  T0,
} from "./histories.ts";
import { run, startDatabases } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(() => databases?.close());

const PROVIDER = address("f1");
const JOB = address("e1");

/** 36,000,000 an hour is 10,000 a second; the fee is 1 %; 60 s are 600,000. */
function lifeOfOneJob() {
  const chain = createHandWrittenChain();
  chain.append(T0, [parameters()]);
  chain.append(T0, [registered(PROVIDER)]);
  chain.append(T0 + 1, created(JOB, { provider: PROVIDER, deposit: "600000" }));
  chain.append(T0 + 2, [accepted(JOB, PROVIDER)]);
  chain.append(T0 + 10, started(JOB, { provider: PROVIDER, atSecs: T0 + 10, deposit: "600000" }));
  const tick = { amount: "10000", fee: "100" };
  chain.append(T0 + 11, [
    settledTo(JOB, { seq: 1, secs: 1, ...tick, paid: "10000", feePaid: "100", balance: "590000" }),
  ]);
  chain.append(T0 + 12, [
    settledTo(JOB, { seq: 2, secs: 2, ...tick, paid: "20000", feePaid: "200", balance: "580000" }),
  ]);
  chain.append(T0 + 15, [
    settledTo(JOB, {
      seq: 5,
      secs: 5,
      amount: "30000",
      fee: "300",
      paid: "50000",
      feePaid: "500",
      balance: "550000",
    }),
    refunded(JOB, "550000", "0"),
    sealed(JOB, 5, "0"),
    completed(JOB, PROVIDER),
    closed(JOB, { secs: 5, paid: "50000", feePaid: "500" }),
    jobSettled(JOB, {
      provider: PROVIDER,
      outcome: 3,
      seconds: "5",
      deposited: "600000",
      paid: "49500",
      fees: "500",
      refunded: "550000",
    }),
  ]);
  return chain;
}

const SCHEMA = "public";

describe("the mirror in PostgreSQL", () => {
  it("doesn't call a mirror faithful that has the same rows, but money that nobody paid", () => {
    const exact = { equal: true, unbalancedJobs: 0, unbalancedStakes: 0, unbalancedAssets: 0 };
    expect(isFaithful(exact)).toBe(true);
    for (const wrong of [
      { equal: false },
      { unbalancedJobs: 1 },
      { unbalancedStakes: 1 },
      { unbalancedAssets: 1 },
    ]) {
      expect(isFaithful({ ...exact, ...wrong }), JSON.stringify(wrong)).toBe(false);
    }
  });

  it("conserves each job's money at every version", async () => {
    const databaseUrl = await databases.database();
    const chain = lifeOfOneJob();
    const seen: string[] = [];
    for (let version = 0n; version <= chain.head; version += 1n) {
      await rebuildInto({
        databaseUrl,
        schema: SCHEMA,
        source: chain,
        fromVersion: 0n,
        untilVersion: version,
      });
      const [job] = await run(
        databaseUrl,
        "SELECT deposited, paid - fee_paid AS net, fee_paid, refunded, balance FROM jobs WHERE job = $1",
        [JOB],
      );
      if (!job) continue;
      const [deposited, net, fees, back, balance] = Object.values(job).map((v) => BigInt(v as string));
      seen.push([deposited, net, fees, back, balance].join(" "));
      expect(deposited).toBe((net ?? 0n) + (fees ?? 0n) + (back ?? 0n) + (balance ?? 0n));
    }
    expect(seen).toEqual([
      "600000 0 0 0 600000",
      "600000 0 0 0 600000",
      "600000 0 0 0 600000",
      "600000 9900 100 0 590000",
      "600000 19800 200 0 580000",
      "600000 49500 500 550000 0",
    ]);
  });

  it("is the same however the history is cut into batches, and after every event came twice", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    busyMarket(chain, 700);
    await rebuildInto({
      databaseUrl,
      schema: SCHEMA,
      source: chain,
      fromVersion: 0n,
      untilVersion: chain.head,
    });

    // One transaction at a time into another schema, then all of it again from a rewound cursor.
    await rebuildInto({ databaseUrl, schema: "single", source: chain, fromVersion: 0n, untilVersion: 0n });
    const client = await connectClient({ databaseUrl, schema: "single" });
    const all = [];
    for (let from = 1n; from <= chain.head; from += 100n) all.push(...(await chain.transactions(from, 100)));
    const violations: string[] = [];
    for (const record of all) violations.push(...(await writeBatch(client, [record])).violations);
    expect(violations).toEqual([]);
    const end = await readCursor(client);
    await advanceCursor(client, { nextVersion: 1n, lastHash: null, lastTimestampUsecs: 0n });
    for (let i = 0; i < all.length; i += 37) await writeBatch(client, all.slice(i, i + 37));
    expect(await readCursor(client)).toEqual(end);

    const comparison = await compareMirrors(client, SCHEMA, "single");
    await client.end();
    await dropRebuild(databaseUrl, "single");
    expect(comparison).toMatchObject({
      equal: true,
      unbalancedJobs: 0,
      unbalancedStakes: 0,
      unbalancedAssets: 0,
    });
    expect(comparison?.tables.jobs?.rows).toBeGreaterThan(50);
    expect(comparison?.tables.stream_ticks?.rows).toBeGreaterThan(100);
    expect(comparison?.tables.cases?.rows).toBeGreaterThan(5);
    expect(comparison?.tables.faults?.rows).toBeGreaterThan(5);
  });

  it("tells of a row that differs from the rebuild", async () => {
    const databaseUrl = await databases.database();
    const chain = lifeOfOneJob();
    const options = { databaseUrl, source: chain, fromVersion: 0n, untilVersion: chain.head };
    await rebuildInto({ ...options, schema: SCHEMA });
    await rebuildInto({ ...options, schema: "again" });
    await run(databaseUrl, "UPDATE jobs SET refunded = refunded + 1");
    await run(databaseUrl, "UPDATE providers SET slashed = slashed + 1");
    await run(databaseUrl, "DELETE FROM stream_ticks WHERE seq = 2");
    await run(
      databaseUrl,
      "INSERT INTO faults SELECT job, provider, 1, buyer, 0, 0, 0, 0, 0, created_tx FROM jobs",
    );
    await run(
      databaseUrl,
      `INSERT INTO cases SELECT 9, 0, job, provider, buyer, 1, 7, 0, NULL, '', NULL, 99, 1 FROM jobs`,
    );
    const client = await connectClient({ databaseUrl });
    const comparison = await compareMirrors(client, SCHEMA, "again");
    await client.end();
    expect(comparison).toMatchObject({
      equal: false,
      unbalancedJobs: 1,
      unbalancedStakes: 1,
      // A bond of 7 that nobody paid.
      unbalancedAssets: 1,
      tables: {
        jobs: { rows: 1, onlyLive: 1, onlyRebuilt: 1 },
        stream_ticks: { rows: 2, onlyLive: 0, onlyRebuilt: 1 },
        providers: { rows: 1, onlyLive: 1, onlyRebuilt: 1 },
        cases: { rows: 1, onlyLive: 1, onlyRebuilt: 0 },
        faults: { rows: 1, onlyLive: 1, onlyRebuilt: 0 },
        market_parameters: { rows: 1, onlyLive: 0, onlyRebuilt: 0 },
      },
    });
  });

  it("keeps rows and cursor together: a batch that fails leaves nothing behind", async () => {
    const databaseUrl = await databases.database();
    const chain = lifeOfOneJob();
    await rebuildInto({ databaseUrl, schema: SCHEMA, source: chain, fromVersion: 0n, untilVersion: 2n });
    // The next batch creates a job and then speaks of one that was never created.
    chain.append(T0 + 20, [accepted(address("dead"), PROVIDER)]);
    await expect(
      rebuildInto({ databaseUrl, schema: SCHEMA, source: chain, fromVersion: 0n, untilVersion: chain.head }),
    ).rejects.toMatchObject({ code: "MIRROR_CORRUPT" });
    expect(await run(databaseUrl, "SELECT next_version FROM chain_cursor")).toEqual([{ next_version: "3" }]);
    expect(await run(databaseUrl, "SELECT 1 FROM jobs")).toEqual([]);
    expect(await run(databaseUrl, "SELECT 1 FROM events WHERE version > 2")).toEqual([]);
  });

  it("takes whatever a hostile signer writes", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    const max = "18446744073709551615";
    chain.append(T0, [
      parameters(),
      registered(PROVIDER, {
        name: "a\u0000b",
        region: "\ud800",
        gpu_count: max,
        vram_gb: max,
        price_per_hour: max,
        gpu_price_per_hour: max,
        staked: max,
      }),
      // Nobody can stake that much twice, but the sum isn't what stops us.
      ["stake::StakeAdded", { provider: PROVIDER, amount: max, staked: max }],
      ...created(JOB, {
        provider: PROVIDER,
        deposit: max,
        rate: max,
        maxSecs: max,
        holdback: max,
        requirements: { gpus: max, min_stake: max, region: "\u0000" },
        spec: '{"version":1,"title":"x\\u0000y"}\u0000',
      }),
      accepted(JOB, PROVIDER, { rate: max, gpuMask: max }),
      ...started(JOB, { provider: PROVIDER, atSecs: T0, deposit: max, rate: max, maxSecs: max }),
      [
        "stream::StreamSettled",
        {
          ...{ job: JOB, payee: PROVIDER, keeper: PROVIDER, seq: max, balance: max },
          ...{ seconds_attested: max, seconds_confirmed: max, seconds_billed: max },
          ...{ amount: max, fee: max, keeper_fee: max, paid: max, fee_paid: max, keeper_paid: max },
        },
      ],
      sealed(JOB, 0, max),
      ["stream::StreamClosed", { job: JOB, seconds_billed: max, paid: max, fee_paid: max, keeper_paid: max }],
      // Anyone may put any address into a batch of settlements.
      ["stream::SettlementSkipped", { job: address("dead"), keeper: address("1"), code: "99" }],
    ]);
    await rebuildInto({
      databaseUrl,
      schema: SCHEMA,
      source: chain,
      fromVersion: 0n,
      untilVersion: chain.head,
    });
    expect(
      await run(databaseUrl, "SELECT name, region, gpu_count, price_per_hour, stake_added FROM providers"),
    ).toEqual([
      {
        name: "a\uFFFDb",
        region: "\uFFFD",
        gpu_count: max,
        price_per_hour: max,
        stake_added: "36893488147419103230",
      },
    ]);
    expect(await run(databaseUrl, "SELECT job, deposited, title, region, gpus, acc FROM jobs")).toEqual([
      {
        job: JOB,
        deposited: max,
        title: "Untitled job",
        region: "\uFFFD",
        gpus: max,
        // 2^64 - 1 squared.
        acc: "340282366920938463426481119284349108225",
      },
    ]);
    expect(await run(databaseUrl, "SELECT job FROM events WHERE name = 'SettlementSkipped'")).toEqual([
      { job: address("dead") },
    ]);
  });
});
