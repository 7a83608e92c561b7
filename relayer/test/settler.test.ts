/** A tick on a real Redis; chain and submitter are stand-ins, for failures a real chain doesn't give on demand. */
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import type { SignedUsage } from "@computestream/protocol";
import { type ChainClient, ChainError, type Outcome, type StreamView } from "@computestream/protocol/client";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Submission } from "../src/chain/submitter.ts";
import { createMetrics } from "../src/metrics.ts";
import { type AttestationStore, createAttestationStore } from "../src/store/attestations.ts";
import { createDeadLetterStore, type DeadLetterStore } from "../src/store/dead-letters.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import { createBatchSizer } from "../src/tick/batch-size.ts";
import { createSettler, type Settler } from "../src/tick/settler.ts";
import { address, CHAIN } from "./fakes.ts";

const logger = pino({ level: "silent" });
let redis: RedisPart;
let connections: RedisConnections;
let store: AttestationStore;
let letters: DeadLetterStore;
let settler: Settler;
/** A chain of streams started at 1000 that earn a unit a second. */
let streams: Map<string, StreamView>;
let sent: string[][];
let poisonous: Set<string>;
/** The code that the chain skips a job's entry with. */
let skipped: Map<string, bigint>;
let nowSecs: bigint;
/** Seconds that pass with each transaction. */
let chainMoves: bigint;
let exists: boolean;
/** What the intake has read of streams. */
let recent: ReturnType<typeof recentOf>;
const recentOf = () => new Map<string, { view: StreamView; ageMs: number }>();

beforeAll(async () => {
  redis = await startRedis();
  connections = await connectRedis(redis.url, logger);
});
afterAll(async () => {
  await connections?.close();
  await redis?.close();
});

const job = (n: number): string => address(n.toString(16).padStart(2, "0"));
const stream = (address: string): StreamView => ({
  job: address,
  payer: "0x1",
  payee: "0x2",
  asset: "0xa",
  attestKey: "0x",
  ratePerHour: 3600n,
  deposited: 1000n,
  maxDurationSecs: 1000n,
  fundedSecs: 1000n,
  holdbackSecs: 0n,
  heldRatePerHour: 3600n,
  startedAt: 1000n,
  endedAt: 0n,
  proveUntil: 0n,
  seq: 0n,
  secondsAttested: 0n,
  secondsConfirmed: 0n,
  secondsBilled: 0n,
  acc: 0n,
  earned: 0n,
  paid: 0n,
  feePaid: 0n,
  keeperPaid: 0n,
  feeBps: 0n,
  keeperShareBps: 0n,
  balance: 1000n,
  lastProgressAt: 1000n,
  stalledAt: 0n,
  sealed: false,
  closed: false,
});
const usage = (address: string, seconds: bigint): SignedUsage => ({
  job: address,
  seq: seconds,
  secondsCum: seconds,
  tLast: 1000n + seconds,
  logRoot: "0x00",
  signature: "0x00",
});

async function send({ jobs, seqs }: Submission): Promise<Outcome> {
  sent.push(jobs);
  nowSecs += chainMoves;
  const base = { hash: "0x", version: 1n, gasUsed: 1n, timestampUsecs: 0n };
  if (jobs.some((address) => poisonous.has(address))) {
    return {
      ...base,
      success: false,
      events: [],
      failure: { code: "OUT_OF_GAS", module: null, message: "gas" },
    };
  }
  const events = jobs.map((address, index) => {
    const view = streams.get(address);
    const code = view ? skipped.get(address) : 1n;
    if (code !== undefined || !view) return { name: "SettlementSkipped", data: { job: address, code } };
    const seq = seqs[index] ?? 0n;
    const amount = seq - view.paid;
    const earned = { secondsBilled: seq, acc: seq * 3600n, earned: seq, paid: seq };
    streams.set(address, { ...view, seq, secondsAttested: seq, ...earned });
    const totals = { seconds_attested: seq, seconds_confirmed: 0n, seconds_billed: seq, paid: seq };
    const rest = { fee_paid: 0n, keeper_paid: 0n, balance: 1000n - seq, timestamp: nowSecs };
    return { name: "StreamSettled", data: { job: address, seq, amount, ...totals, ...rest } };
  });
  return { ...base, success: true, events: events as Outcome["events"], failure: null };
}

beforeEach(async () => {
  await connections.commands.flushall();
  const keys = createKeys(CHAIN);
  store = createAttestationStore(connections.commands, keys);
  letters = createDeadLetterStore(connections.commands, keys);
  streams = new Map();
  sent = [];
  poisonous = new Set();
  skipped = new Map();
  nowSecs = 1010n;
  chainMoves = 0n;
  exists = true;
  recent = recentOf();
  settler = settlerWith(send);
});

function settlerWith(
  submit: (submission: Submission) => Promise<Outcome>,
  over: Partial<Parameters<typeof createSettler>[0]> = {},
): Settler {
  return createSettler({
    client: {
      deployment: { packageAddress: CHAIN.packageAddress },
      explain: (text: string) => ({ code: text, module: null, message: text }),
      getStreams: async (asked: string[]) => asked.flatMap((address) => streams.get(address) ?? []),
    } as unknown as ChainClient,
    views: {
      noteStreams: () => undefined,
      recentStream: (job) => recent.get(job) ?? null,
      forget: () => undefined,
      freshJob: async () => (exists ? ({} as never) : null),
      nowSecs: () => nowSecs,
      refreshClock: async () => nowSecs,
    },
    store,
    deadLetters: letters,
    submitter: { send: submit },
    batchesAtOnce: 1,
    sizer: createBatchSizer({ entriesMax: 4, gasMax: 200_000 }),
    policy: { minIntervalSecs: 0n, maxAgeSecs: 60n, gasMultiple: 0n, exposureMax: null },
    cost: () => ({ entry: 0n, asset: "0xa" }),
    metrics: createMetrics(),
    logger,
    ...over,
  });
}

async function open(count: number, seconds: bigint): Promise<string[]> {
  const jobs = Array.from({ length: count }, (_, index) => job(index + 1));
  for (const address of jobs) {
    if (!streams.has(address)) streams.set(address, stream(address));
    await store.put(usage(address, seconds));
  }
  return jobs;
}
const paid = (jobs: string[]) => jobs.map((address) => streams.get(address)?.paid);

describe("tick", () => {
  it("settles what is new, in batches, and nothing when nothing is", async () => {
    const jobs = await open(6, 5n);
    expect(await settler.tick()).toEqual({ open: 6, settled: 6, dropped: 0, poisoned: 0 });
    expect(sent.map((batch) => batch.length)).toEqual([4, 2]);
    expect(paid(jobs)).toEqual(Array(6).fill(5n));
    expect(await settler.tick()).toMatchObject({ settled: 0 });
    expect(sent.length).toBe(2);
    await store.put(usage(job(3), 7n));
    settler.touch(job(3));
    await settler.tick();
    expect(sent.at(-1)).toEqual([job(3)]);
    // Put by another instance, of which nothing is heard here: the store is looked at again before long.
    await store.put(usage(job(4), 7n));
    await settler.tick();
    expect(sent.at(-1)).toEqual([job(3)]);
    nowSecs += 2n;
    await settler.tick();
    expect(sent.at(-1)).toEqual([job(4)]);
  });

  it("doesn't read again what the intake has just read, until its time has come", async () => {
    const jobs = await open(3, 5n);
    const reads: string[][] = [];
    settler = settlerWith(send, {
      client: {
        deployment: { packageAddress: CHAIN.packageAddress },
        getStreams: async (asked: string[]) => {
          reads.push(asked);
          return asked.flatMap((address) => streams.get(address) ?? []);
        },
      } as unknown as ChainClient,
    });
    recent.set(job(1), { view: stream(job(1)), ageMs: 2_500 });
    // It is over: what that means is read from the chain.
    recent.set(job(2), { view: { ...stream(job(2)), closed: true }, ageMs: 0 });
    expect(await settler.tick()).toMatchObject({ settled: 3 });
    expect(reads.map((asked) => asked.toSorted())).toEqual([[job(2), job(3)]]);
    expect(paid(jobs)).toEqual([5n, 5n, 5n]);
    // Settled at 1010; idle from 1020 on. It was read at 1007 by the intake, at 1010 here.
    nowSecs = 1019n;
    await settler.tick();
    expect(reads.length).toBe(1);
    nowSecs = 1020n;
    await settler.tick();
    expect(reads.slice(1).map((asked) => asked.toSorted())).toEqual([jobs]);
  });

  it("settles what it has read of a great many streams before it reads the rest", async () => {
    const many = Array.from({ length: 2_001 }, (_, n) => `0x${(n + 1).toString(16).padStart(64, "0")}`);
    for (const address of many) streams.set(address, stream(address));
    await store.putMany(many.map((address) => usage(address, 5n)));
    settler = settlerWith(send, {
      sizer: createBatchSizer({ entriesMax: 500, gasMax: 10_000_000 }),
      tickMaxMs: 60_000,
    });
    expect(await settler.tick()).toMatchObject({ open: 2_001, settled: 2_000 });
    expect(await settler.tick()).toMatchObject({ settled: 1 });
    expect(paid(many).every((units) => units === 5n)).toBe(true);
  });

  it("finds the entry that makes a whole batch fail, settles the rest, and tries the bad one later", async () => {
    const jobs = await open(4, 5n);
    poisonous.add(job(2));
    expect(await settler.tick()).toMatchObject({ settled: 3, poisoned: 1 });
    expect(paid(jobs)).toEqual([5n, 0n, 5n, 5n]);
    expect([...(await letters.all()).values()]).toMatchObject([
      { job: job(2), seq: "5", code: "OUT_OF_GAS" },
    ]);

    poisonous.clear();
    await store.put(usage(job(2), 6n));
    await settler.tick();
    expect(streams.get(job(2))?.paid).toBe(0n);
    nowSecs += 30n;
    await settler.tick();
    expect(streams.get(job(2))?.paid).toBe(6n);
    // Off the list at once: its next second is not held back, and a stall of it would count again.
    expect((await letters.all()).size).toBe(0);
    await store.put(usage(job(2), 7n));
    await settler.tick();
    expect(streams.get(job(2))?.paid).toBe(7n);
  });

  it("buries a skipped entry with the chain's reason", async () => {
    await open(2, 5n);
    skipped.set(job(1), 103n);
    expect(await settler.tick()).toMatchObject({ settled: 1, poisoned: 1 });
    const letter = (await letters.all()).get(job(1));
    expect(letter?.code).toBe(`Move abort in ${CHAIN.packageAddress}::attestation: 0x67`);
  });

  it("doesn't bury an entry that was skipped because somebody else settled it first", async () => {
    await open(1, 5n);
    skipped.set(job(1), 103n);
    const first = stream(job(1));
    // Settled by another between this tick's look and its transaction.
    const views = [first, { ...first, seq: 6n, secondsAttested: 6n, paid: 6n }];
    streams.get = () => views.shift();
    expect(await settler.tick()).toMatchObject({ settled: 0, poisoned: 0 });
    expect((await letters.all()).size).toBe(0);
  });

  it("settles an entry later that the chain takes for early, and buries it never", async () => {
    await open(2, 5n);
    skipped.set(job(1), 110n);
    // 40 s ahead of the chain, of which it forgives 30.
    await store.put({ ...usage(job(1), 6n), tLast: nowSecs + 40n });
    expect(await settler.tick()).toMatchObject({ settled: 1, poisoned: 0 });
    expect((await letters.all()).size).toBe(0);
    skipped.clear();
    nowSecs += 9n;
    await settler.tick();
    expect(streams.get(job(1))?.paid).toBe(0n);
    nowSecs += 1n;
    await settler.tick();
    expect(streams.get(job(1))?.paid).toBe(6n);
  });

  it("neither buries nor tries again what came after the last moment to prove it", async () => {
    const [only = ""] = await open(1, 5n);
    streams.set(only, { ...stream(only), endedAt: 1006n, proveUntil: nowSecs + 1n });
    skipped.set(only, 2n);
    chainMoves = 1n;
    expect(await settler.tick()).toMatchObject({ settled: 0, poisoned: 0, dropped: 0 });
    expect((await letters.all()).size).toBe(0);
    await settler.tick();
    expect(sent).toEqual([[only]]);
  });

  it("drops a closed stream and its dead letter, and a job the chain has never heard of", async () => {
    const [first = "", second = ""] = await open(2, 5n);
    await letters.add({ job: first, seq: 1n, code: "X", message: "x" }, nowSecs);
    streams.set(first, { ...stream(first), closed: true });
    streams.delete(second);
    exists = false;
    expect(await settler.tick()).toMatchObject({ dropped: 2, settled: 0 });
    expect(await store.openJobs()).toEqual([]);
    expect((await letters.all()).size).toBe(0);
    expect(await store.newest(first)).not.toBe(null);
  });

  it("neither settles nor drops a sealed stream: its job still waits for the keeper", async () => {
    const [only = ""] = await open(1, 5n);
    streams.set(only, { ...stream(only), sealed: true });
    expect(await settler.tick()).toMatchObject({ dropped: 0, settled: 0 });
    expect(sent).toEqual([]);
    expect(await store.openJobs()).toEqual([only]);
  });

  it("keeps a job that a view left out while the chain still has it", async () => {
    const [only = ""] = await open(1, 5n);
    streams.delete(only);
    expect(await settler.tick()).toMatchObject({ dropped: 0 });
    expect(await store.openJobs()).toEqual([only]);
  });

  it("asks the chain about a stream that somebody else has settled meanwhile, and doesn't pay for it again", async () => {
    const [only = ""] = await open(1, 5n);
    let asked = 0;
    const repeating = settlerWith(
      async (submission) => {
        sent.push(submission.jobs);
        const view = streams.get(only);
        if (view) streams.set(only, { ...view, seq: 5n, secondsAttested: 5n, secondsBilled: 5n, paid: 5n });
        // A repeat changes nothing on chain and has no event.
        return { success: true, events: [], gasUsed: 1n, failure: null } as unknown as Outcome;
      },
      {
        client: {
          deployment: { packageAddress: CHAIN.packageAddress },
          getStreams: async (jobs: string[]) => {
            asked += 1;
            return jobs.flatMap((address) => streams.get(address) ?? []);
          },
        } as unknown as ChainClient,
      },
    );
    expect(await repeating.tick()).toMatchObject({ settled: 0, poisoned: 0 });
    expect(asked).toBe(2);
    await repeating.tick();
    expect(sent).toEqual([[only]]);
  });

  it("puts off what isn't worth its gas until everything is flushed", async () => {
    const jobs = await open(2, 5n);
    const patient = settlerWith(send, {
      policy: { minIntervalSecs: 1n, maxAgeSecs: 60n, gasMultiple: 2n, exposureMax: null },
      cost: () => ({ entry: 3n, asset: "0xa" }),
    });
    expect(await patient.tick()).toMatchObject({ settled: 0 });
    patient.flushNext();
    expect(await patient.tick()).toMatchObject({ settled: 2 });
    expect(paid(jobs)).toEqual([5n, 5n]);
  });

  it("leaves what it has no time for to the next tick, which settles what waits longest first", async () => {
    const jobs = await open(6, 5n);
    const hurried = settlerWith(send, { tickMaxMs: 0 });
    // Of the first four two are proven up to now and two were proven a moment ago; the last two wait longest.
    const provenAt = [1004n, 1003n, 1002n, 1001n, 1000n, 999n];
    for (const [index, address] of jobs.entries()) {
      streams.set(address, { ...stream(address), lastProgressAt: provenAt[index] ?? 0n });
    }
    await hurried.tick();
    expect(sent).toEqual([[job(6), job(5), job(4), job(3)]]);
    await hurried.tick();
    expect(sent[1]).toEqual([job(2), job(1)]);
    expect(paid(jobs)).toEqual(Array(6).fill(5n));
  });

  it("leaves a batch on its way when the time is over, and doesn't settle its streams again meanwhile", async () => {
    const jobs = await open(6, 5n);
    let arrive = (): void => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const slow = settlerWith(
      async (submission) => {
        sent.push(submission.jobs);
        await arrived;
        sent.pop();
        return send(submission);
      },
      { tickMaxMs: 0, batchesAtOnce: 2 },
    );
    expect(await slow.tick()).toMatchObject({ settled: 0 });
    expect(sent.map((batch) => batch.length)).toEqual([4]);
    const second = slow.tick();
    await vi.waitFor(() => expect(sent.length).toBe(2));
    expect([...new Set(sent.flat())].sort()).toEqual(jobs);
    expect(sent[1]?.length).toBe(2);
    arrive();
    expect(await second).toMatchObject({ settled: 6 });
    expect(paid(jobs)).toEqual(Array(6).fill(5n));
  });

  it("flushes what has been proven since a batch left, and whatever went wrong with that", async () => {
    const jobs = await open(6, 5n);
    let fail = (): void => undefined;
    const failed = new Promise<never>((_, reject) => {
      fail = () => reject(new ChainError({ code: "NODE_UNREACHABLE", module: null, message: "away" }));
    });
    let calls = 0;
    const slow = settlerWith(
      async (submission) => {
        calls += 1;
        return calls === 1 ? failed : send(submission);
      },
      { tickMaxMs: 0, batchesAtOnce: 2 },
    );
    await slow.tick();
    for (const address of jobs) await store.put(usage(address, 6n));
    slow.flushNext();
    const flushed = slow.tick();
    fail();
    expect(await flushed).toMatchObject({ settled: 6 });
    expect(paid(jobs)).toEqual(Array(6).fill(6n));
  });

  it("tells of a batch's failure at the next tick when its own had no time to wait for it", async () => {
    const jobs = await open(6, 5n);
    let calls = 0;
    const failing = settlerWith(
      async (submission) => {
        calls += 1;
        if (calls > 1) return send(submission);
        throw new ChainError(
          { code: "NODE_UNREACHABLE", module: null, message: "away" },
          { retryable: true },
        );
      },
      { tickMaxMs: 0 },
    );
    const first = await Promise.allSettled([failing.tick()]);
    const second = await Promise.allSettled([failing.tick()]);
    // Which of the two hears of it is a matter of moments; none of them keeps it to itself.
    expect([...first, ...second].map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    for (let n = 0; n < 3; n += 1) await failing.tick();
    expect(paid(jobs)).toEqual(Array(6).fill(5n));
    expect((await letters.all()).size).toBe(0);
  });

  it("leaves the streams of others alone", async () => {
    const jobs = await open(3, 5n);
    const half = settlerWith(send, { isMine: (job) => job !== jobs[1] });
    expect(await half.tick()).toMatchObject({ open: 2, settled: 2 });
    expect(paid(jobs)).toEqual([5n, 0n, 5n]);
  });

  it("loses nothing when the node goes away in the middle", async () => {
    const jobs = await open(6, 5n);
    let calls = 0;
    const failing = settlerWith(async (submission) => {
      calls += 1;
      if (calls === 2) {
        throw new ChainError(
          { code: "NODE_UNREACHABLE", module: null, message: "away" },
          { retryable: true },
        );
      }
      return send(submission);
    });
    await expect(failing.tick()).rejects.toThrow("NODE_UNREACHABLE");
    expect((await store.openJobs()).length).toBe(6);
    await failing.tick();
    expect(paid(jobs)).toEqual(Array(6).fill(5n));
    expect((await letters.all()).size).toBe(0);
  });
});
