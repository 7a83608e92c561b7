/** Leases of shards in a real Redis. */
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createShardKeeper, SHARDS, type ShardKeeper, shardOf } from "../src/chain/shards.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";

const TTL_MS = 600;
const WAIT = { timeout: 30_000, interval: 20 };
const JOBS = Array.from({ length: SHARDS }, (_, n) => `0x${n.toString(16).padStart(64, "0")}`);

let redis: RedisPart;
let connections: RedisConnections;

beforeAll(async () => {
  redis = await startRedis();
  connections = await connectRedis(redis.url, pino({ level: "silent" }));
});
afterAll(async () => {
  await connections?.close();
  await redis?.close();
});

function keeper(instance: string, options: { isAble?: () => boolean } = {}): ShardKeeper {
  return createShardKeeper({
    redis: connections.commands,
    keys: createKeys({ chainId: 4, packageAddress: "0x33" }),
    instance,
    ttlMs: TTL_MS,
    isAble: options.isAble ?? (() => true),
    logger: pino({ level: "silent" }),
  });
}
const owned = (...keepers: ShardKeeper[]) => JOBS.map((job) => keepers.filter((one) => one.owns(job)).length);

it("covers every stream once, and passes on what one that falls silent or goes has held", async () => {
  const first = keeper("0xa");
  await first.renew();
  expect(owned(first)).toEqual(Array(SHARDS).fill(1));

  const second = keeper("0xb");
  second.start();
  // The second takes nothing that the first still holds: never two at a time.
  await second.renew();
  expect(Math.max(...owned(first, second))).toBe(1);
  await first.renew();
  await expect.poll(() => owned(first, second), WAIT).toEqual(Array(SHARDS).fill(1));
  expect(first.held).toBeGreaterThan(10);
  expect(second.held).toBeGreaterThan(10);

  // The first renews no more, as if killed: within its lease nobody else has its shards, after it the second has all.
  await expect.poll(() => second.held, WAIT).toBe(SHARDS);
  expect(first.held).toBe(0);

  const third = keeper("0xc");
  third.start();
  await expect.poll(() => third.held, WAIT).toBeGreaterThan(10);
  await second.close();
  expect(second.held).toBe(0);
  await expect.poll(() => third.held, WAIT).toBe(SHARDS);
  await third.close();
});

it("leaves everything to others while it can't submit", async () => {
  const standby = keeper("0xd", { isAble: () => false });
  await standby.renew();
  expect(standby.owns(JOBS[0] as string)).toBe(false);
  const able = keeper("0xe");
  await able.renew();
  expect(able.owns(JOBS[shardOf(JOBS[5] as string)] as string)).toBe(true);
  await able.close();
});
