/** Rate limits against a real Redis, and as a client meets them. */
import { get as httpGet } from "node:http";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import type { ApiErrorDto } from "@computestream/protocol/api";
import { createRedisKeys } from "@computestream/protocol/redis-keys";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { DEFAULT_QUOTAS, type Quotas } from "../src/limits/classes.ts";
import { createLimiter, type Limiter } from "../src/limits/limiter.ts";
import { createSharedWindow } from "../src/limits/script.ts";
import { createWindow } from "../src/limits/window.ts";
import { createLogger } from "../src/logger.ts";
import { createRedisLink, type RedisLink } from "../src/redis/client.ts";
import type { Service } from "../src/service.ts";
import { createHandWrittenChain, deploymentOf } from "./hand-written-chain.ts";
import { parameters, registered, T0 } from "./histories.ts";
import { readerOf, serve, startDatabases, until, untilMirrored } from "./parts.ts";

let redis: RedisPart;
let admin: Redis;
beforeAll(async () => {
  redis = await startRedis();
  admin = new Redis(redis.url);
  admin.on("error", () => undefined);
}, 60_000);
afterAll(async () => {
  admin?.disconnect();
  await redis?.close();
});
beforeEach(() => admin.flushall());

const log = createLogger("silent");
const keys = createRedisKeys(deploymentOf());
const quotas = (some: Partial<Quotas>): Quotas => ({ ...DEFAULT_QUOTAS, ...some });
const THREE = quotas({ read: { perAddress: 3, perWallet: 2 } });
const HERE = { address: "203.0.113.5" };
// A whole second, so that seconds below can be counted from it.
const NOW = 1_900_000_000_000;

async function link(): Promise<RedisLink> {
  const made = createRedisLink({ url: redis.url, log, commandTimeoutMs: 2_000 });
  await made.ready(10_000);
  return made;
}

async function times(
  limiter: Limiter,
  n: number,
  nowMs: number,
  asker: { address: string } | { wallet: string } = HERE,
) {
  const verdicts = [];
  for (let i = 0; i < n; i += 1) verdicts.push(await limiter.take("read", asker, nowMs));
  return verdicts.map(({ ok }) => ok);
}

describe("the window in Redis", () => {
  it("counts as the one in process does, at every step of a random history", async () => {
    const connection = await link();
    const take = createSharedWindow(connection);
    const own = createWindow();
    let [nowMs, seed] = [NOW, 7];
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    for (let step = 0; step < 1_500; step += 1) {
      nowMs += random(step % 100 === 0 ? 90_000 : 900);
      const before = own.used(nowMs);
      const expected = before < 20;
      if (expected) own.add(1, nowMs);
      expect(await take("k", 20, nowMs), `step ${step}`).toEqual({
        taken: expected,
        used: before + (expected ? 1 : 0),
        oldestSlice: own.oldestSlice(nowMs),
      });
    }
    // Nothing of what is over is kept.
    expect(await admin.hlen("k")).toBeLessThanOrEqual(61);
    expect(await admin.pttl("k")).toBeLessThanOrEqual(61_000);
    connection.close();
  });

  it("isn't stopped by an instance whose clock is far ahead", async () => {
    const connection = await link();
    const take = createSharedWindow(connection);
    for (let i = 0; i < 3; i += 1) await take("k", 3, NOW + 3_600_000);
    expect(await take("k", 3, NOW)).toMatchObject({ taken: true, used: 1 });
    connection.close();
  });
});

describe("the limiter", () => {
  it("is exact at its boundary, by count and by time", async () => {
    const connection = await link();
    const limiter = createLimiter({ quotas: THREE, redis: connection, keys });
    expect(await times(limiter, 2, NOW + 900)).toEqual([true, true]);
    expect(await times(limiter, 2, NOW + 30_000)).toEqual([true, false]);
    const refused = await limiter.take("read", HERE, NOW + 30_000);
    // The two of second 0 are free at second 61: 31 seconds from here.
    expect(refused).toEqual({
      ok: false,
      limit: { policy: "read", of: "address", quota: 3, remaining: 0, resetSecs: 31 },
    });
    expect(await times(limiter, 1, NOW + 60_999)).toEqual([false]);
    expect(await times(limiter, 3, NOW + 61_000)).toEqual([true, true, false]);
    connection.close();
  });

  it("is one for two instances, and another for another deployment in the same Redis", async () => {
    const [first, second] = [await link(), await link()];
    const a = createLimiter({ quotas: THREE, redis: first, keys });
    const b = createLimiter({ quotas: THREE, redis: second, keys });
    const both = [await times(a, 2, NOW), await times(b, 2, NOW), await times(a, 1, NOW)];
    expect(both).toEqual([[true, true], [true, false], [false]]);
    const elsewhere = createLimiter({
      quotas: THREE,
      redis: first,
      keys: createRedisKeys(deploymentOf({ chainId: 126 })),
    });
    expect(await times(elsewhere, 4, NOW)).toEqual([true, true, true, false]);
    first.close();
    second.close();
  });

  it("lets through exactly the quota of a thousand that come at once, at two instances", async () => {
    const [first, second] = [await link(), await link()];
    const hundred = quotas({ read: { perAddress: 100, perWallet: 1 } });
    const limiters = [first, second].map((redisLink) =>
      createLimiter({ quotas: hundred, redis: redisLink, keys }),
    );
    const verdicts = await Promise.all(
      Array.from({ length: 1_000 }, (_, i) => (limiters[i % 2] as Limiter).take("read", HERE, NOW)),
    );
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(100);
    first.close();
    second.close();
  });

  it("counts wallets by themselves, and one's flood isn't another's", async () => {
    const connection = await link();
    const limiter = createLimiter({ quotas: THREE, redis: connection, keys });
    expect(await times(limiter, 3, NOW, { wallet: "0xa" })).toEqual([true, true, false]);
    expect(await times(limiter, 3, NOW, { wallet: "0xb" })).toEqual([true, true, false]);
    expect(await times(limiter, 50, NOW)).toEqual([true, true, true, ...Array(47).fill(false)]);
    expect(await times(limiter, 3, NOW, { address: "203.0.113.6" })).toEqual([true, true, true]);
    connection.close();
  });

  it("goes on where it was when Redis is killed, comes back, or is emptied", async () => {
    const connection = await link();
    const limiter = createLimiter({ quotas: THREE, redis: connection, keys });
    expect(await times(limiter, 2, NOW)).toEqual([true, true]);
    await redis.kill();
    expect(await times(limiter, 2, NOW + 1_000)).toEqual([true, false]);
    await redis.restart();
    await until(async () => connection.state === "ok", "Redis to be back");
    expect(await times(limiter, 1, NOW + 2_000)).toEqual([false]);
    await admin.flushall();
    expect(await times(limiter, 1, NOW + 3_000)).toEqual([false]);
    // The two of second 0 are free, that of second 1 isn't.
    expect(await times(limiter, 3, NOW + 61_000)).toEqual([true, true, false]);
    connection.close();
  });

  it("limits without any Redis", async () => {
    const limiter = createLimiter({ quotas: THREE, redis: createRedisLink({ url: null, log }), keys });
    expect(await times(limiter, 4, NOW)).toEqual([true, true, true, false]);
    expect(await times(limiter, 1, NOW + 61_000)).toEqual([true]);
  });
});

describe("the API", () => {
  let databases: Awaited<ReturnType<typeof startDatabases>>;
  let services: Service[] = [];
  beforeAll(async () => {
    databases = await startDatabases();
  }, 60_000);
  afterAll(() => databases?.close());

  async function start(rateLimits: Quotas, trustProxy = 0, instances = 1): Promise<string[]> {
    const chain = createHandWrittenChain();
    chain.append(T0, [parameters(), registered("0xf1")]);
    const databaseUrl = await databases.database();
    services = [];
    for (let i = 0; i < instances; i += 1) {
      const service = await serve(databaseUrl, chain, { redisUrl: redis.url, rateLimits, trustProxy });
      services.push(service);
      await untilMirrored(service.url, chain.head);
      await until(
        async () => (await readerOf(service.url)("/api/v1/health")).redis === "ok",
        "Redis to be reached",
      );
    }
    return services.map(({ url }) => url);
  }
  const stop = () => Promise.all(services.map((service) => service.close()));
  const status = async (url: string, headers: Record<string, string> = {}) =>
    (await fetch(url, { headers })).status;

  it("tells what is left, and refuses by name with the time to come again", async () => {
    const [url = ""] = await start(quotas({ discovery: { perAddress: 2, perWallet: 1 } }));
    const first = await fetch(`${url}/api/v1/providers`);
    expect(first.headers.get("ratelimit-policy")).toBe('"discovery";q=2;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"discovery";r=1;t=(60|61)$/);
    expect(first.headers.get("retry-after")).toBeNull();
    expect(await status(`${url}/api/v1/jobs?limit=1`)).toBe(200);
    // An old name is the same route, and an error costs as much.
    const refused = await fetch(`${url}/api/v1/nodes?nonsense=1`, {
      headers: { origin: "http://localhost:3000" },
    });
    expect(refused.status).toBe(429);
    const wait = Number(refused.headers.get("retry-after"));
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(61);
    expect(((await refused.json()) as ApiErrorDto).error).toMatchObject({
      code: "RATE_LIMITED",
      message: `this address has sent the 2 requests that it has in 60 seconds for lists: come again in ${wait} seconds`,
    });
    expect(refused.headers.get("cache-control")).toBe("no-store");
    const exposed = refused.headers.get("access-control-expose-headers");
    for (const name of ["ratelimit", "ratelimit-policy", "retry-after"]) expect(exposed).toContain(name);
    // Another class has its own.
    expect(await status(`${url}/api/v1/market`)).toBe(200);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('computestream_indexer_limit_refusals_total{class="discovery",of="address"} 1');
    await stop();
  });

  it("never limits health, readiness and metrics, and counts what isn't served", async () => {
    const [url = ""] = await start(quotas({ read: { perAddress: 1, perWallet: 1 } }));
    expect([await status(`${url}/nothing`), await status(`${url}/api/v1/market`)]).toEqual([404, 429]);
    for (const path of ["/health", "/api/v1/health", "/ready", "/metrics"]) {
      const answer = await fetch(`${url}${path}`);
      expect([path, answer.status, answer.headers.get("ratelimit")]).toEqual([path, 200, null]);
    }
    await stop();
  });

  it("counts searches and CSV as the dear requests that they are, however they are asked for", async () => {
    const [url = ""] = await start(quotas({ expensive: { perAddress: 3, perWallet: 1 } }));
    const jobs = `${url}/api/v1/jobs`;
    expect(await status(`${jobs}?format=csv`)).toBe(200);
    expect(await status(jobs, { accept: "text/csv" })).toBe(200);
    expect(await status(`${url}/api/v1/workers?q=gpu`)).toBe(200);
    expect(await status(`${jobs}?q=gpu`)).toBe(429);
    expect(await status(`${jobs}/?format=csv`)).toBe(429);
    expect(await status(jobs)).toBe(200);
    await stop();
  });

  it("knows the client behind a proxy, doesn't believe him, and lets no flood of one hinder another", async () => {
    const [url = ""] = await start(quotas({ read: { perAddress: 2, perWallet: 1 } }), 1);
    const ask = (forwarded: string) => status(`${url}/api/v1/market`, { "x-forwarded-for": forwarded });
    const flood = [];
    for (let i = 0; i < 40; i += 1) flood.push(await ask(`198.51.100.${i}, 203.0.113.5`));
    expect(flood.filter((code) => code === 200)).toHaveLength(2);
    expect(await ask("203.0.113.6")).toBe(200);
    // The hosts of one /64 are one.
    expect([await ask("2001:db8::1"), await ask("2001:db8::2"), await ask("2001:db8::3")]).toEqual([
      200, 200, 429,
    ]);
    expect(await ask("2001:db8:0:1::3")).toBe(200);
    await stop();
  });

  it("is one limit at two instances, and goes on while Redis is away", async () => {
    const [a = "", b = ""] = await start(quotas({ read: { perAddress: 4, perWallet: 1 } }), 0, 2);
    const ask = (url: string) => status(`${url}/api/v1/market`);
    expect([await ask(a), await ask(a), await ask(b), await ask(b)]).toEqual([200, 200, 200, 200]);
    expect([await ask(a), await ask(b)]).toEqual([429, 429]);
    await redis.kill();
    // What Redis refused last is refused for a second more.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    // Each has seen two itself: two more, and no failure.
    expect([await ask(a), await ask(a), await ask(a)]).toEqual([200, 200, 429]);
    expect((await readerOf(a)("/api/v1/health")).redis).toBe("unavailable");
    await redis.restart();
    await until(async () => (await readerOf(b)("/api/v1/health")).redis === "ok", "Redis to be back");
    expect([await ask(a), await ask(b)]).toEqual([429, 429]);
    await stop();
  });

  it("limits how often WebSockets are opened", async () => {
    const [url = ""] = await start(quotas({ connect: { perAddress: 2, perWallet: 1 } }));
    const open = () =>
      new Promise<string>((resolve) => {
        const ws = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`);
        ws.once("open", () => {
          ws.close();
          resolve("open");
        });
        ws.once("unexpected-response", (_request, response) => {
          resolve(`${response.statusCode} after ${Number(response.headers["retry-after"]) > 0}`);
          response.resume();
        });
        ws.once("error", () => undefined);
      });
    expect([await open(), await open(), await open()]).toEqual(["open", "open", "429 after true"]);
    await stop();
  });

  it("doesn't make a preflight cost anything", async () => {
    const [url = ""] = await start(quotas({ read: { perAddress: 1, perWallet: 1 } }));
    for (let i = 0; i < 3; i += 1) {
      const preflight = await fetch(`${url}/api/v1/market`, {
        method: "OPTIONS",
        headers: { origin: "http://localhost:3000" },
      });
      expect(preflight.status).toBe(204);
    }
    const head = await new Promise<number | undefined>((resolve) =>
      httpGet(`${url}/api/v1/market`, { method: "HEAD" }, (response) => resolve(response.statusCode)),
    );
    expect([head, await status(`${url}/api/v1/market`)]).toEqual([200, 429]);
    await stop();
  });
});
