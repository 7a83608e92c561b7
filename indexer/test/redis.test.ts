/** A service with a real Redis: what its loss, slowness and return change, and what they don't. */
import { once } from "node:events";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { nextLiveState, type ProviderAnswer, zWsServerMessage } from "@computestream/protocol/api";
import { createRedisKeys } from "@computestream/protocol/redis-keys";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { createLogger } from "../src/logger.ts";
import { createRedisLink } from "../src/redis/client.ts";
import { createHandWrittenChain, deploymentOf, type RawEvent } from "./hand-written-chain.ts";
import { address, created, parameters, registered, T0 } from "./histories.ts";
import { readerOf, serve, startDatabases, until, untilMirrored } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let redis: RedisPart;
beforeAll(async () => {
  [databases, redis] = await Promise.all([startDatabases(), startRedis()]);
}, 60_000);
afterAll(() => Promise.all([databases?.close(), redis?.close()]));

const log = createLogger(process.env.LOG_LEVEL ?? "silent");
const redisState = async (url: string) => (await readerOf(url)("/api/v1/health")).redis;

describe("the service", () => {
  it("tells of Redis in its health, which stays good without it", async () => {
    const chain = createHandWrittenChain();
    chain.append(T0, [parameters()]);
    const service = await serve(await databases.database(), chain, { redisUrl: redis.url });
    await untilMirrored(service.url, chain.head);
    expect(await redisState(service.url)).toBe("ok");
    await redis.kill();
    await until(async () => (await redisState(service.url)) === "unavailable", "Redis to be missed");
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
    await redis.restart();
    await until(async () => (await redisState(service.url)) === "ok", "Redis to be back");
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    expect(metrics).toContain("computestream_indexer_redis_up 1");
    await service.close();
  });

  it("starts and serves where no Redis answers", async () => {
    const chain = createHandWrittenChain();
    chain.append(T0, [parameters()]);
    const service = await serve(await databases.database(), chain, { redisUrl: "redis://127.0.0.1:1" });
    await untilMirrored(service.url, chain.head);
    expect(await redisState(service.url)).toBe("unavailable");
    await service.close();
  });

  it("says at /ready that it is ending while it still answers", async () => {
    const chain = createHandWrittenChain();
    chain.append(T0, [parameters()]);
    const service = await serve(await databases.database(), chain, { drainMs: 1_500 });
    await untilMirrored(service.url, chain.head);
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
    const closed = service.close();
    const ready = await fetch(`${service.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { ok: false }]);
    expect((await fetch(`${service.url}/api/v1/market`)).status).toBe(200);
    await closed;
    await expect(fetch(`${service.url}/ready`)).rejects.toThrow();
  });
});

describe("a link to Redis", () => {
  it("gives up on a Redis that is slow, leaves it alone, and comes back to it", async () => {
    const link = createRedisLink({ url: redis.url, log, commandTimeoutMs: 50 });
    const admin = new Redis(redis.url);
    await link.ready(5_000);
    let returns = 0;
    link.onReady(() => {
      returns += 1;
    });
    expect(await link.ask((connection) => connection.ping())).toBe("PONG");
    // Every command of every client waits for so long.
    await admin.call("CLIENT", "PAUSE", "2000", "ALL");
    const answers = [];
    for (let i = 0; i < 4; i += 1) answers.push(await link.ask((connection) => connection.ping()));
    expect([answers, link.state]).toEqual([Array(4).fill(undefined), "unavailable"]);
    await until(
      async () => (await link.ask((connection) => connection.ping())) === "PONG",
      "an answer after the pause",
    );
    expect([link.state, returns]).toEqual(["ok", 1]);
    link.close();
    expect(await link.ask((connection) => connection.ping())).toBeUndefined();
    admin.disconnect();
  });

  it("runs its scripts again after Redis has forgotten them", async () => {
    const link = createRedisLink({ url: redis.url, log });
    await link.ready(5_000);
    const double = link.script("csTestDouble", "return ARGV[1] * 2");
    expect(await double([], [21])).toBe(42);
    await link.ask((connection) => connection.script("FLUSH"));
    expect(await double([], [4])).toBe(8);
    link.close();
  });
});

it("names of keys tell deployments apart", () => {
  const here = createRedisKeys(deploymentOf());
  const otherChain = createRedisKeys(deploymentOf({ chainId: 126 }));
  const otherPackage = createRedisKeys(deploymentOf({ packageAddress: `0x${"7".repeat(64)}` }));
  const otherPrefix = createRedisKeys(deploymentOf(), "staging");
  const names = [here, otherChain, otherPackage, otherPrefix].flatMap((keys) => [
    keys.activeJobs,
    keys.activeProviders,
    keys.heartbeat("0x1"),
    keys.rateWindow("read", "0x1"),
    keys.answer("m", "0x1"),
  ]);
  expect(new Set(names).size).toBe(20);
});

describe("the active state", () => {
  const PROVIDER = address("f1");
  const SILENT = address("f2");
  const JOB = address("e1");
  const keys = createRedisKeys(deploymentOf());

  it("follows the mirror, is made anew when Redis has lost it, and isn't what is online without it", async () => {
    const admin = new Redis(redis.url);
    admin.on("error", () => undefined);
    const nowSecs = Math.floor(Date.now() / 1_000);
    const chain = createHandWrittenChain();
    chain.append(nowSecs - 500, [parameters(), registered(PROVIDER), registered(SILENT)]);
    chain.append(nowSecs - 400, created(JOB, { provider: PROVIDER, deposit: "600000" }));
    const service = await serve(await databases.database(), chain, { redisUrl: redis.url });
    const { url } = service;
    await untilMirrored(url, chain.head);
    const beat: RawEvent = ["provider_registry::ProviderHeartbeat", { provider: PROVIDER }];
    await untilMirrored(
      url,
      chain.append(nowSecs - 20, [
        beat,
        ["provider_registry::ProviderStatusChanged", { provider: SILENT, status: 3 }],
      ]),
    );
    const sets = async () => [
      await admin.smembers(keys.activeJobs),
      await admin.smembers(keys.activeProviders),
    ];
    await until(async () => JSON.stringify(await sets()) === JSON.stringify([[JOB], [PROVIDER]]), "the sets");
    expect(await admin.get(keys.heartbeat(PROVIDER))).toBe(String(nowSecs - 20));
    const ttl = await admin.ttl(keys.heartbeat(PROVIDER));
    expect([ttl > 0, ttl <= 40]).toEqual([true, true]);
    const online = async () => {
      const { items } = await readerOf(url)("/api/v1/providers", "?sort=newest");
      return items.filter((item) => item.online).map(({ provider }) => provider);
    };
    expect(await online()).toEqual([PROVIDER]);
    // As a node's own heartbeat, which the chain doesn't tell.
    await admin.set(keys.heartbeat(SILENT), String(nowSecs), "EX", 60);
    await until(async () => (await online()).length === 2, "the one that was silent");
    await redis.kill();
    await until(async () => (await online()).length === 1, "what the mirror alone tells");
    await redis.restart();
    await admin.del(keys.activeJobs, keys.activeProviders);
    await redis.kill();
    await redis.restart();
    await until(
      async () => JSON.stringify(await sets()) === JSON.stringify([[JOB], [PROVIDER]]),
      "the sets again",
    );
    admin.disconnect();
    await service.close();
  });

  it("has the live feed tell who is online, and who comes and goes without any commit", async () => {
    const admin = new Redis(redis.url);
    const nowSecs = Math.floor(Date.now() / 1_000);
    const chain = createHandWrittenChain();
    chain.append(nowSecs - 500, [parameters(), registered(PROVIDER), registered(SILENT)]);
    await admin.del(keys.heartbeat(PROVIDER), keys.heartbeat(SILENT));
    const service = await serve(await databases.database(), chain, { redisUrl: redis.url });
    await untilMirrored(service.url, chain.head);
    const told = new Map<string, unknown>();
    const socket = new WebSocket(`${service.url.replace("http", "ws")}/api/v1/ws`);
    let updates = 0;
    socket.on("message", (data) => {
      const message = zWsServerMessage.parse(JSON.parse(String(data)));
      if (message.type !== "snapshot" && message.type !== "update") return;
      updates += 1;
      told.set(message.topic, nextLiveState(told.get(message.topic), message));
    });
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "subscribe", topics: ["providers", `provider:${SILENT}`] }));
    type Told = Pick<ProviderAnswer, "provider" | "online">;
    const online = () => ({
      listed: ((told.get("providers") as Told[] | undefined) ?? [])
        .filter((provider) => provider.online)
        .map(({ provider }) => provider),
      alone: (told.get(`provider:${SILENT}`) as Told | undefined)?.online,
    });
    await until(async () => told.size === 2, "both snapshots");
    expect(online()).toEqual({ listed: [], alone: false });
    // As the relayer writes it; this one is 54 seconds old, so it runs out in six.
    const sign = Math.floor(Date.now() / 1_000) - 54;
    await admin.set(keys.heartbeat(SILENT), String(sign), "EX", 6);
    await until(async () => online().alone === true, "a sign of life to be told");
    await until(async () => online().listed.length === 1, "the list to tell it");
    expect(online()).toEqual({ listed: [SILENT], alone: true });
    await until(async () => online().alone === false, "its end to be told");
    await until(async () => online().listed.length === 0, "the list to tell it");
    // A snapshot of each, and each change once.
    expect(updates).toBe(6);
    socket.close();
    admin.disconnect();
    await service.close();
  });
});
