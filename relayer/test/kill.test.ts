/**
 * Two relayers with keys of their own on the real modules, killed at random while the node fails now and then and Redis
 * is restarted: the amounts are what the arithmetic says, and every signed transaction has its outcome.
 * RELAYER_KILLS, RELAYER_KILL_STREAMS and RELAYER_KILL_SEED scale it.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import type { JobView, StreamView } from "@computestream/protocol/client";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createIntentStore } from "../src/store/intents.ts";
import { connectRedis, createKeys } from "../src/store/redis.ts";
import { type FaultyNode, randomOf, startFaultyNode } from "./faulty-node.ts";
import { address, type Provider, post, type RelayerProcess, startWorld, type World } from "./world.ts";

const KILLS = Number(process.env.RELAYER_KILLS ?? 4);
const STREAMS = Number(process.env.RELAYER_KILL_STREAMS ?? 12);
const SEED = Number(process.env.RELAYER_KILL_SEED ?? 20_261_121);
const SLOTS = 50;
/** 2777.779... a second: every second leaves a remainder. */
const RATE = 10_000_007n;
const POST_MAX = 250;
const random = randomOf(SEED);

interface Replica {
  keyFile: string;
  address: string;
  process: RelayerProcess;
}

let world: World;
let redis: RedisPart;
let node: FaultyNode;
const replicas: Replica[] = [];
const jobs: Array<{ job: JobView; provider: Provider }> = [];

beforeAll(async () => {
  world = await startWorld();
  redis = await startRedis();
  node = await startFaultyNode(world.chain.nodeUrl, { refuse: 0.03, loseAnswer: 0.05, random });
  for (let made = 0; made < STREAMS; made += SLOTS) {
    const provider = await world.register(RATE);
    for (let n = made; n < Math.min(made + SLOTS, STREAMS); n += 1) {
      jobs.push({ job: await world.job(provider, 14_400n), provider });
    }
  }
  for (let n = 0; n < 2; n += 1) {
    const account = Ed25519Account.generate();
    await world.chain.fund(address(account), 1_000_000_000_000n);
    const keyFile = join(world.home, `replica-${n}.json`);
    writeFileSync(keyFile, JSON.stringify({ privateKey: account.privateKey.toHexString() }), { mode: 0o600 });
    replicas.push({ keyFile, address: address(account), process: await start(keyFile) });
  }
}, 600_000);
afterAll(async () => {
  await node?.close();
  await world?.close();
  await redis?.close();
});

function start(keyFile: string): Promise<RelayerProcess> {
  return world.startRelayer(redis.url, {
    KEY_FILE: keyFile,
    NODE_URL: node.url,
    LOCK_TTL_MS: "1500",
    LOG_LEVEL: "info",
  });
}

/** The seconds that have passed of each job, told to a relayer that may be dead or dying. */
async function attestAll(to: Replica): Promise<void> {
  const nowSecs = BigInt(Math.floor(Date.now() / 1000));
  const usages = jobs.map(({ job, provider }) => world.attest(provider, job, nowSecs - job.startedAt));
  for (let at = 0; at < usages.length; at += POST_MAX) {
    await post(to.process, ...usages.slice(at, at + POST_MAX)).catch(() => undefined);
  }
}

async function streams(): Promise<Map<string, StreamView>> {
  const found = new Map<string, StreamView>();
  for (let at = 0; at < jobs.length; at += 100) {
    const part = jobs.slice(at, at + 100).map(({ job }) => job.job);
    for (const view of await world.client.getStreams(part)) found.set(view.job, view);
  }
  return found;
}

it(
  `pays ${STREAMS} streams exactly through ${KILLS} kills`,
  async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const victim = replicas[Math.floor(random() * 2)] as Replica;
      const other = replicas.find((replica) => replica !== victim) as Replica;
      await attestAll(random() < 0.5 ? victim : other);
      await sleep(random() * 1_500);
      await victim.process.process.kill();
      if (kill === Math.floor(KILLS / 2)) await redis.restart();
      await attestAll(other);
      await sleep(random() * 500);
      victim.process = await start(victim.keyFile);
    }
    node.heal();

    // The last second that is told of each job, some of them to one relayer, some to the other.
    const endSecs = BigInt(Math.floor(Date.now() / 1000));
    const told = jobs.map(({ job, provider }) => {
      const seconds = endSecs - job.startedAt;
      return { job, seconds, usage: world.attest(provider, job, seconds) };
    });
    const half = Math.ceil(told.length / 2);
    for (const [index, part] of [told.slice(0, half), told.slice(half)].entries()) {
      for (let at = 0; at < part.length; at += POST_MAX) {
        const usages = part.slice(at, at + POST_MAX).map(({ usage }) => usage);
        await expect
          .poll(async () => (await post((replicas[index] as Replica).process, ...usages)).status, {
            timeout: 60_000,
          })
          .toBe(200);
      }
    }
    await expect
      .poll(
        async () => {
          const views = await streams();
          return told.filter(({ job, seconds }) => views.get(job.job)?.secondsBilled !== seconds).length;
        },
        { timeout: 180_000, interval: 500 },
      )
      .toBe(0);

    const views = await streams();
    for (const { job, seconds } of told) {
      // floor(rate * seconds / 3600) in all, whatever the steps were; one per cent of it is the fee.
      const gross = (RATE * seconds) / 3_600n;
      expect(views.get(job.job)).toMatchObject({
        secondsBilled: seconds,
        paid: gross,
        feePaid: gross / 100n,
      });
    }

    for (const replica of replicas) await replica.process.process.close();
    const store = await connectRedis(redis.url, pino({ level: "silent" }));
    try {
      for (const replica of replicas) {
        const keys = createKeys(world.chain.deployment);
        const intents = createIntentStore(store.commands, keys, replica.address);
        expect(await intents.open()).toEqual([]);
        const journal = await intents.journal();
        const signed = journal.flatMap((entry) => (entry.type === "intent" ? [entry] : []));
        const ended = journal.flatMap((entry) => (entry.type === "result" ? [entry] : []));
        expect(ended.map(({ hash }) => hash).sort()).toEqual(signed.map(({ hash }) => hash).sort());
        expect(signed.length).toBeGreaterThan(0);
        // A number is signed again only after the transaction that had it certainly ended without using it.
        const used = ended.filter(({ result }) => result === "committed" || result === "failed");
        const numberOf = new Map(signed.map(({ hash, sequenceNumber }) => [hash, sequenceNumber]));
        expect(new Set(used.map(({ hash }) => numberOf.get(hash))).size).toBe(used.length);
        expect(ended.filter(({ result }) => result === "superseded")).toEqual([]);
      }
    } finally {
      await store.close();
    }
    expect(node.told.refused + node.told.unheard).toBeGreaterThan(0);
  },
  300_000 + KILLS * 30_000,
);
