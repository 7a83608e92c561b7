/** A relayer process on the real modules and a real Redis: exact amounts, whatever dies on the way. */
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createAttestationStore } from "../src/store/attestations.ts";
import { createDeadLetterStore } from "../src/store/dead-letters.ts";
import { createIntentStore, type JournalEntry } from "../src/store/intents.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import {
  LONG as LONG_WINDOWS,
  type Provider,
  post,
  type RelayerProcess,
  SHORT,
  startWorld,
  type World,
} from "./world.ts";

// 10_000_007 base units an hour: 2777.779... a second, so that every second leaves a remainder.
const RATE = 10_000_007n;
const LONG = { timeout: 30_000, interval: 100 };
const NO_OUTPUT = { exitCode: 0n, outputUris: [], outputSha256: "0x", outputRoot: "0x", outputSize: 0n };

let world: World;
let provider: Provider;
let redis: RedisPart;
let store: RedisConnections;
let running: RelayerProcess[];

beforeAll(async () => {
  world = await startWorld();
  provider = await world.register(RATE);
});
afterAll(() => world?.close());
beforeEach(async () => {
  redis = await startRedis();
  store = await connectRedis(redis.url, pino({ level: "silent" }));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((relayer) => relayer.process.close()));
  await store.close();
  await redis.close();
});

async function startRelayer(env: Record<string, string> = {}): Promise<RelayerProcess> {
  const relayer = await world.startRelayer(redis.url, env);
  running.push(relayer);
  return relayer;
}

const keys = () => createKeys(world.chain.deployment);
const intents = () => createIntentStore(store.commands, keys(), world.relayerAddress);
const stream = async (job: string) => {
  const view = await world.client.getStream(job);
  if (!view) throw new Error("no stream");
  return view;
};

/** Every signed transaction has one result, and no number was signed twice. */
function expectWholeJournal(journal: JournalEntry[]): void {
  const signed = journal.flatMap((entry) => (entry.type === "intent" ? [entry] : []));
  const ended = journal.flatMap((entry) => (entry.type === "result" ? [entry] : []));
  expect(ended.map((entry) => entry.hash).sort()).toEqual(signed.map((entry) => entry.hash).sort());
  const numbers = signed.map((entry) => entry.sequenceNumber);
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(ended.map((entry) => entry.result).filter((result) => result !== "committed")).toEqual([]);
}

/** What every settlement of the job paid, from the chain's own log. */
async function settlements(job: string) {
  const found: Array<{ keeper: string; amount: bigint; fee: bigint }> = [];
  for (let start = 0n; ; ) {
    const page = await world.client.transactions(start, 100);
    for (const { events } of page) {
      for (const { event } of events) {
        if (event.name === "StreamSettled" && event.data.job === job) found.push(event.data);
      }
    }
    const last = page.at(-1);
    if (!last) return found;
    start = last.version + 1n;
  }
}

describe("settlement", () => {
  it("pays each proven second exactly, refuses forged, replayed and foreign attestations", async () => {
    const relayer = await startRelayer();
    const job = await world.job(provider, 60n);
    for (let second = 1n; second <= 5n; second += 1n) {
      await world.reachSecond(job, second);
      expect(await post(relayer, world.attest(provider, job, second))).toEqual({ status: 200, code: null });
    }
    // floor(10_000_007 * 5 / 3600) = floor(50_000_035 / 3600) = 13_888; fee floor(13_888 / 100) = 138.
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(13_888n);
    expect(await stream(job.job)).toMatchObject({ seq: 5n, secondsBilled: 5n, feePaid: 138n });

    const other = await world.register(RATE);
    const otherJob = await world.job(other, 60n);
    const genuine = world.attest(provider, job, 6n);
    await world.reachSecond(job, 6n);
    for (const [usage, code] of [
      [{ ...genuine, secondsCum: 7n }, "BAD_SIGNATURE"],
      [world.attest(other, job, 6n), "BAD_SIGNATURE"],
      [{ ...genuine, job: otherJob.job }, "BAD_SIGNATURE"],
      [world.attest(provider, job, 4n), "SEQ_STALE"],
      [world.attest(provider, job, 6n, { seq: 5n }), "EQUIVOCATION"],
      [world.attest(provider, job, 4n, { seq: 6n }), "SECONDS_WENT_BACK"],
      [world.attest(provider, job, 40n), "TIME_IN_FUTURE"],
      [world.attest(provider, { ...job, job: `0x${"ab".repeat(32)}` }, 6n), "JOB_UNKNOWN"],
    ] as const) {
      expect(await post(relayer, usage)).toEqual({ status: 422, code });
    }
    expect((await stream(job.job)).paid).toBe(13_888n);

    const newest = await fetch(`${relayer.url}/api/v1/jobs/${job.job}/attestation`);
    expect(await newest.json()).toMatchObject({ job: job.job, seq: "5", secondsCum: "5" });

    // The provider ends it with its sixth second: floor(60_000_042 / 3600) = 16_666.
    await world.execute(provider.account, world.client.payloads.complete(job.job, NO_OUTPUT, genuine));
    expect(await stream(job.job)).toMatchObject({ paid: 16_666n, feePaid: 166n, closed: true, balance: 0n });
    // Facts of a running job are remembered for moments; the tick's look at the stream ends that.
    await expect
      .poll(async () => (await post(relayer, world.attest(provider, job, 7n))).code, LONG)
      .toBe("JOB_NOT_RUNNING");
    await expect
      .poll(() => createAttestationStore(store.commands, keys()).openJobs(), LONG)
      .not.toContain(job.job);

    const paid = await settlements(job.job);
    expect(paid.reduce((sum, { amount }) => sum + amount, 0n)).toBe(16_666n);
    expect(paid.reduce((sum, { fee }) => sum + fee, 0n)).toBe(166n);
    await relayer.process.close();
    expect((await relayer.process.exited).code).toBe(0);
    expectWholeJournal(await intents().journal());
    expect(await intents().open()).toEqual([]);
  });

  it("settles many streams in batches of the size it was given", async () => {
    const jobs = [];
    for (let count = 0; count < 5; count += 1) jobs.push(await world.job(provider, 60n));
    const last = jobs.at(-1);
    if (!last) throw new Error("no jobs");
    await world.reachSecond(last, 3n);
    const relayer = await startRelayer({ BATCH_SIZE: "2" });
    await post(relayer, ...jobs.map((job) => world.attest(provider, job, 3n)));
    // floor(30_000_021 / 3600) = 8_333.
    for (const job of jobs) await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(8_333n);
    await relayer.process.close();
    const journal = await intents().journal();
    const sizes = journal.flatMap((entry) => (entry.type === "intent" ? [entry.jobs.length] : []));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5);
    expectWholeJournal(journal);
  });

  it("puts an attestation the chain refuses on the dead-letter list and settles its neighbours", async () => {
    const [good, bad] = [await world.job(provider, 60n), await world.job(provider, 60n)];
    await world.reachSecond(bad, 2n);
    const relayer = await startRelayer();
    // Past the intake, straight into the store: as if the intake had been wrong.
    const forged = { ...world.attest(provider, bad, 2n), signature: `0x${"00".repeat(64)}` };
    await createAttestationStore(store.commands, keys()).put(forged);
    await post(relayer, world.attest(provider, good, 2n));
    // floor(20_000_014 / 3600) = 5_555.
    await expect.poll(async () => (await stream(good.job)).paid, LONG).toBe(5_555n);
    const letters = createDeadLetterStore(store.commands, keys());
    await expect.poll(async () => (await letters.all()).get(bad.job)?.code, LONG).toBe("E_BAD_SIGNATURE");
    expect((await stream(bad.job)).paid).toBe(0n);
  });
});

describe("what dies on the way", () => {
  it("is killed and restarted during a stream: the same amounts, no transaction without a result", async () => {
    const job = await world.job(provider, 60n);
    let relayer = await startRelayer();
    for (let second = 1n; second <= 9n; second += 1n) {
      await world.reachSecond(job, second);
      await post(relayer, world.attest(provider, job, second));
      if (second % 3n === 0n) {
        await relayer.process.kill();
        relayer = await startRelayer();
      }
    }
    // floor(90_000_063 / 3600) = 25_000; fee 250.
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(25_000n);
    expect(await stream(job.job)).toMatchObject({ secondsBilled: 9n, feePaid: 250n });
    const paid = await settlements(job.job);
    expect(paid.reduce((sum, { amount }) => sum + amount, 0n)).toBe(25_000n);
    await relayer.process.close();
    expect(await intents().open()).toEqual([]);
    expectWholeJournal(await intents().journal());
  });

  it("leaves a signed and unsent transaction behind: the next start sends those very bytes", async () => {
    const job = await world.job(provider, 60n);
    await world.reachSecond(job, 4n);
    // What a killed process leaves between its journal and its submission.
    const lease = await intents().acquire("killed", 500);
    if (!lease) throw new Error("the lock is held");
    const { readFileSync } = await import("node:fs");
    const { Ed25519Account, Ed25519PrivateKey } = await import("@aptos-labs/ts-sdk");
    const { privateKey } = JSON.parse(readFileSync(world.keyFile, "utf8")) as { privateKey: string };
    const account = new Ed25519Account({ privateKey: new Ed25519PrivateKey(`ed25519-priv-${privateKey}`) });
    const usage = world.attest(provider, job, 4n);
    const transaction = await world.client.build(
      world.relayerAddress,
      world.client.payloads.processPayments([usage]),
    );
    const signed = world.client.sign(account, transaction);
    await intents().record(lease, {
      hash: signed.hash,
      bytes: `0x${Buffer.from(signed.bytes).toString("hex")}`,
      kind: "settle",
      jobs: [job.job],
      seqs: ["4"],
      sequenceNumber: `${signed.sequenceNumber}`,
      expiresAt: `${signed.expiresAt}`,
      fence: lease.fence,
    });
    await startRelayer();
    // floor(40_000_028 / 3600) = 11_111.
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(11_111n);
    await expect.poll(() => intents().open(), LONG).toEqual([]);
    expect(await intents().journal()).toMatchObject([
      { type: "intent", hash: signed.hash },
      { type: "result", hash: signed.hash, result: "committed" },
    ]);
  });

  it("has a second instance standing by, which takes over from a killed one; neither submits for the other", async () => {
    const job = await world.job(provider, 60n);
    const first = await startRelayer();
    const submits = async (relayer: RelayerProcess) =>
      ((await (await fetch(`${relayer.url}/api/v1/health`)).json()) as { submitter: boolean }).submitter;
    await expect.poll(() => submits(first), LONG).toBe(true);
    const second = await startRelayer();
    for (let second_ = 1n; second_ <= 3n; second_ += 1n) {
      await world.reachSecond(job, second_);
      await post(second, world.attest(provider, job, second_));
    }
    await expect.poll(async () => (await stream(job.job)).secondsBilled, LONG).toBe(3n);
    expect(await submits(second)).toBe(false);
    await first.process.kill();
    await world.reachSecond(job, 5n);
    await post(second, world.attest(provider, job, 5n));
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(13_888n);
    expect(await submits(second)).toBe(true);
    await second.process.close();
    const journal = await intents().journal();
    expectWholeJournal(journal);
    const fences = new Set(journal.flatMap((entry) => (entry.type === "intent" ? [entry.fence] : [])));
    expect([...fences]).toEqual([1, 2]);
  });

  it("loses Redis and gets it back: says so meanwhile, then goes on to the exact amount", async () => {
    const job = await world.job(provider, 60n);
    const relayer = await startRelayer();
    await world.reachSecond(job, 2n);
    await post(relayer, world.attest(provider, job, 2n));
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(5_555n);
    await redis.kill();
    const health = async () => {
      const response = await fetch(`${relayer.url}/api/v1/health`);
      const body = (await response.json()) as { checks: { redis: { ok: boolean } } };
      return `${response.status} ${body.checks.redis.ok}`;
    };
    await expect.poll(health, LONG).toBe("503 false");
    expect(await post(relayer, world.attest(provider, job, 3n))).toEqual({
      status: 503,
      code: "REDIS_UNAVAILABLE",
    });
    await redis.restart();
    await expect.poll(health, LONG).toBe("200 true");
    await world.reachSecond(job, 5n);
    await post(relayer, world.attest(provider, job, 5n));
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(13_888n);
    await relayer.process.close();
    expect(await intents().open()).toEqual([]);
  });

  it("goes on when Redis comes back empty: the provider's next attestation is enough", async () => {
    const job = await world.job(provider, 60n);
    const relayer = await startRelayer();
    await world.reachSecond(job, 2n);
    await post(relayer, world.attest(provider, job, 2n));
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(5_555n);
    await store.commands.flushall();
    await world.reachSecond(job, 5n);
    await post(relayer, world.attest(provider, job, 5n));
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(13_888n);
  });
});

describe("keeper", () => {
  it("finalizes a terminated job after the claim window, paying only what was proven", async () => {
    await world.setWindows({ ...LONG_WINDOWS, claim: SHORT.claim });
    const job = await world.job(provider, 60n);
    const relayer = await startRelayer();
    await world.reachSecond(job, 2n);
    await post(relayer, world.attest(provider, job, 2n));
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(5_555n);
    await world.reachSecond(job, 4n);
    await world.execute(world.buyer, world.client.payloads.terminate(job.job, null));
    expect((await world.client.getJob(job.job))?.state).toBe("Terminated");
    await expect
      .poll(async () => (await world.client.getJob(job.job))?.state, { timeout: 60_000, interval: 200 })
      .toBe("Settled");
    // 60 seconds were funded: ceil(600_000_420 / 3600) = 166_667 in, 5_555 paid, the rest back.
    expect(await stream(job.job)).toMatchObject({
      deposited: 166_667n,
      paid: 5_555n,
      feePaid: 55n,
      balance: 0n,
    });
    await relayer.process.close();
    expect((await world.client.getJob(job.job))?.outcome).toBe("Terminated");
  });

  it("finalizes a completed job that held money back once nobody challenged it", async () => {
    await world.setWindows(LONG_WINDOWS);
    await world.setDisputeTerms({ challengeWindowSecs: 4n });
    const relayer = await startRelayer();
    const job = await world.job(provider, 60n, { holdbackSecs: 2n });
    await world.reachSecond(job, 5n);
    await post(relayer, world.attest(provider, job, 5n));
    // Three of five seconds: floor(30_000_021 / 3600) = 8_333. The last two wait for the buyer.
    await expect.poll(async () => (await stream(job.job)).paid, LONG).toBe(8_333n);
    await world.execute(provider.account, world.client.payloads.complete(job.job, NO_OUTPUT, null));
    expect(await world.client.getJob(job.job)).toMatchObject({ state: "Completed", outcome: null });
    expect(await stream(job.job)).toMatchObject({ paid: 8_333n, earned: 13_888n, sealed: true });
    await expect
      .poll(async () => (await world.client.getJob(job.job))?.outcome, { timeout: 60_000, interval: 200 })
      .toBe("Completed");
    expect(await stream(job.job)).toMatchObject({ paid: 13_888n, feePaid: 138n, balance: 0n, closed: true });
    const kinds = (await intents().journal()).flatMap((entry) =>
      entry.type === "intent" ? [entry.kind] : [],
    );
    expect(kinds.filter((kind) => kind !== "settle")).toEqual(["finalize"]);
  });

  it("flags a stream that fell silent, then expires it", async () => {
    await world.setWindows(SHORT);
    const relayer = await startRelayer();
    const job = await world.job(provider, 60n);
    await world.reachSecond(job, 1n);
    await post(relayer, world.attest(provider, job, 1n));
    await expect
      .poll(async () => (await world.client.getJob(job.job))?.outcome, { timeout: 60_000, interval: 200 })
      .toBe("Expired");
    // floor(10_000_007 / 3600) = 2_777.
    expect(await stream(job.job)).toMatchObject({ paid: 2_777n, closed: true, balance: 0n });
    const journal = await intents().journal();
    const kinds = journal.flatMap((entry) => (entry.type === "intent" ? [entry.kind] : []));
    expect(kinds).toEqual(["settle", "flag_stalled", "expire"]);
  });

  it("finalizes a job that fell silent with money held back once nobody challenged it", async () => {
    await world.setWindows(SHORT);
    await world.setDisputeTerms({ challengeWindowSecs: 6n });
    const relayer = await startRelayer();
    const job = await world.job(provider, 60n, { holdbackSecs: 2n });
    await world.reachSecond(job, 3n);
    await post(relayer, world.attest(provider, job, 3n));
    const state = async () => (await world.client.getJob(job.job))?.state;
    await expect.poll(state, { timeout: 60_000, interval: 100 }).toBe("Expired");
    // One of three seconds, floor(10_000_007 / 3600) = 2_777; the last two wait for the buyer. The rest is back.
    expect(await stream(job.job)).toMatchObject({
      paid: 2_777n,
      earned: 8_333n,
      balance: 5_556n,
      sealed: true,
    });
    await expect.poll(state, { timeout: 60_000, interval: 200 }).toBe("Settled");
    // floor(30_000_021 / 3600) = 8_333; fee floor(8_333 / 100) = 83.
    expect(await stream(job.job)).toMatchObject({ paid: 8_333n, feePaid: 83n, balance: 0n, closed: true });
    expect((await world.client.getJob(job.job))?.outcome).toBe("Expired");
    const journal = await intents().journal();
    const kinds = journal.flatMap((entry) => (entry.type === "intent" ? [entry.kind] : []));
    expect(kinds).toEqual(["settle", "flag_stalled", "expire", "finalize"]);
  });

  // Last: the chain's clock stays ahead.
  it("resolves an arbitration that nobody decided: the provider gets what was held", async () => {
    await world.setWindows(LONG_WINDOWS);
    await world.setDisputeTerms({ challengeWindowSecs: 300n, arbitrationWindowSecs: 60n });
    const relayer = await startRelayer();
    const job = await world.job(provider, 60n, { holdbackSecs: 60n });
    await world.reachSecond(job, 2n);
    await post(relayer, world.attest(provider, job, 2n));
    await world.execute(
      provider.account,
      world.client.payloads.complete(job.job, NO_OUTPUT, world.attest(provider, job, 2n)),
    );
    await world.execute(world.buyer, world.client.payloads.openArbitration(job.job, "nothing came out"));
    await world.chain.passSecs(60);
    await expect
      .poll(async () => (await world.client.getJob(job.job))?.outcome, { timeout: 60_000, interval: 200 })
      .toBe("Completed");
    // floor(20_000_014 / 3600) = 5_555, all of it held until the decision.
    expect(await stream(job.job)).toMatchObject({ paid: 5_555n, feePaid: 55n, balance: 0n });
    const journal = await intents().journal();
    expect(journal.flatMap((entry) => (entry.type === "intent" ? [entry.kind] : []))).toContain("resolve");
  });
});
