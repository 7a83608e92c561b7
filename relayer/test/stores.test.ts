/** The Redis scripts on a real Redis. */

import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import type { LogMessage, SignedUsage } from "@computestream/protocol";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { StartupError } from "../src/errors.ts";
import { createAttestationStore } from "../src/store/attestations.ts";
import { createDeadLetterStore, retryDelaySecs } from "../src/store/dead-letters.ts";
import { createLogStore } from "../src/store/logs.ts";
import { createQuoteStore, type StoredQuote } from "../src/store/quotes.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import { createSponsoredStore } from "../src/store/sponsored.ts";

const logger = pino({ level: "silent" });
const JOB = `0x${"11".repeat(32)}`;
const keys = createKeys({ chainId: 4, packageAddress: "0x33" });
let redis: RedisPart;
let connections: RedisConnections;

beforeAll(async () => {
  redis = await startRedis();
  connections = await connectRedis(redis.url, logger);
});
afterAll(async () => {
  await connections?.close();
  await redis?.close();
});
beforeEach(() => connections.commands.flushall());

const usage = (seq: bigint, secondsCum: bigint, mark = "00"): SignedUsage => ({
  job: JOB,
  seq,
  secondsCum,
  tLast: 1000n + secondsCum,
  logRoot: `0x${mark.repeat(32)}`,
  signature: `0x${mark.repeat(64)}`,
});

describe("quotes", () => {
  const limits = { all: 3, ofAddress: 2 };
  const store = () => createQuoteStore(connections.commands, keys, limits);
  const quote = (mark: string): StoredQuote => ({
    id: mark.repeat(32),
    asset: JOB,
    address: JOB,
    expiresAt: 1_300n,
    terms: { payer: JOB, clerk: JOB, redeemBy: 1_480n, nonce: "0x01", orderHash: JOB },
    order: {
      provider: JOB,
      image: "image",
      spec: "{}",
      gpus: 0n,
      maxDurationSecs: 60n,
      maxRatePerHour: 1n,
      deposit: 1n,
      holdbackSecs: 0n,
      priority: 5,
      buyerKey: "0x",
    },
  });

  it("keeps so many of one address and so many in all, until they are forgotten", async () => {
    const [a, b, c] = [quote("a"), quote("b"), quote("c")] as const;
    expect(await store().put(a, { from: "1.1.1.1", nowMs: 0 })).toBe("kept");
    expect(await store().put(b, { from: "1.1.1.1", nowMs: 1 })).toBe("kept");
    expect(await store().put(c, { from: "1.1.1.1", nowMs: 2 })).toBe("too_many_of_address");
    expect(await store().get(c.id)).toBe(null);
    expect(await store().put(c, { from: "2.2.2.2", nowMs: 3 })).toBe("kept");
    expect(await store().put(quote("d"), { from: "3.3.3.3", nowMs: 4 })).toBe("too_many");
    expect(await store().get(a.id)).toEqual(a);
    // A quarter of an hour later the first is gone.
    expect(await store().put(quote("d"), { from: "1.1.1.1", nowMs: 900_000 })).toBe("kept");
    expect(await store().put(quote("e"), { from: "1.1.1.1", nowMs: 900_000 })).toBe("too_many_of_address");
  });

  it("doesn't forget a quote while its payment isn't known to have failed", async () => {
    const sponsored = createSponsoredStore(connections.commands, keys);
    const paid = quote("a");
    await store().put(paid, { from: "1.1.1.1", nowMs: 0 });
    const leftSecs = () => connections.commands.ttl(keys.quote(paid.id));
    expect(await leftSecs()).toBeLessThanOrEqual(900);
    const record = {
      hash: "0x01",
      bytes: "0xff",
      sender: JOB,
      sequenceNumber: "0",
      expiresAt: "1350",
      function: "f",
      maxFee: "100",
      purpose: "quote",
      claim: paid.id,
      binding: "b",
    };
    const limits = { perWallet: 9, perFunction: 9, budget: 1_000n };
    await sponsored.claim(record, { token: "t", busyMs: 1, limits, nowMs: 0 });
    // The node may be away for longer than anybody would wait for an unpaid one.
    expect(await leftSecs()).toBeGreaterThan(29 * 86_400);
    const never = { result: "never", code: null, message: null } as const;
    await sponsored.resolve(record, never, { due: true, nowMs: 0, spent: 0n });
    expect(await leftSecs()).toBeLessThanOrEqual(900);
  });
});

describe("attestations", () => {
  const store = () => createAttestationStore(connections.commands, keys);

  it("keeps the newest, compared as whole u64 numbers", async () => {
    const put = async (seq: bigint, secs: bigint) => store().put(usage(seq, secs));
    expect(await put(9n, 9n)).toBe("stored");
    expect(await put(10n, 10n)).toBe("stored");
    expect(await put(9n, 9n)).toBe("stale");
    // Neighbours that are one number to a double.
    expect(await put(9_007_199_254_740_992n, 11n)).toBe("stored");
    expect(await put(9_007_199_254_740_993n, 12n)).toBe("stored");
    expect(await put(9_007_199_254_740_992n, 11n)).toBe("stale");
    expect(await store().newest(JOB)).toEqual(usage(9_007_199_254_740_993n, 12n));
    expect(await store().openJobs()).toEqual([JOB]);
  });

  it("takes a repeat, and keeps both sides of a contradiction as evidence", async () => {
    await store().put(usage(5n, 5n, "aa"));
    expect(await store().put(usage(5n, 5n, "aa"))).toBe("repeat");
    expect(await store().put(usage(5n, 6n, "bb"))).toBe("equivocation");
    expect(await store().put(usage(5n, 5n, "bb"))).toBe("equivocation");
    expect(await store().put(usage(6n, 4n, "cc"))).toBe("went_back");
    expect(await store().newest(JOB)).toEqual(usage(5n, 5n, "aa"));
    const record = (seq: string, secs: string, tLast: string, mark: string) => ({
      seq,
      secondsCum: secs,
      tLast,
      logRoot: `0x${mark.repeat(32)}`,
      signature: `0x${mark.repeat(64)}`,
    });
    const evidence = await store().evidence(JOB);
    expect(evidence).toHaveLength(2);
    expect(evidence).toContainEqual({
      kind: "equivocation",
      first: record("5", "5", "1005", "aa"),
      second: record("5", "6", "1006", "bb"),
    });
    expect(evidence).toContainEqual({
      kind: "went_back",
      first: record("5", "5", "1005", "aa"),
      second: record("6", "4", "1004", "cc"),
    });
  });

  it("keeps a dropped job's attestation readable, and opens the job again when a newer one comes", async () => {
    await store().put(usage(1n, 1n));
    await store().drop(JOB);
    expect(await store().openCount()).toBe(0);
    expect(await store().newest(JOB)).toEqual(usage(1n, 1n));
    await store().put(usage(2n, 2n));
    expect(await store().openJobs()).toEqual([JOB]);
    expect(await connections.commands.ttl(keys.attestation(JOB))).toBe(-1);
  });

  it("reads many at once and leaves out what isn't there", async () => {
    await store().put(usage(1n, 1n));
    const found = await store().newestOf([JOB, `0x${"12".repeat(32)}`]);
    expect([...found]).toEqual([[JOB, usage(1n, 1n)]]);
  });

  it("knows its scripts again after Redis forgot them", async () => {
    const one = store();
    await one.put(usage(1n, 1n));
    await connections.commands.script("FLUSH");
    expect(await one.put(usage(2n, 2n))).toBe("stored");
  });
});

describe("logs", () => {
  const PROVIDER = `0x${"77".repeat(32)}`;
  const line = (offset: number, text = `line ${offset}`): LogMessage => ({
    type: "log",
    job: JOB,
    offset,
    stream: "stdout",
    at: 1,
    text,
  });
  const store = (limits?: { maxMessages?: number; maxBytes?: number; maxProviderBytes?: number }) =>
    createLogStore(connections.commands, connections.subscriber, keys, limits);

  it("keeps order, drops repeats, reads on from an offset", async () => {
    const logs = await store();
    expect(await logs.append(line(0), PROVIDER)).toBe(true);
    expect(await logs.append(line(1), PROVIDER)).toBe(true);
    expect(await logs.append(line(1), PROVIDER)).toBe(false);
    expect(await logs.append(line(0), PROVIDER)).toBe(false);
    expect(await logs.append(line(2), PROVIDER)).toBe(true);
    expect(await logs.read(JOB, -1, 10)).toEqual([line(0), line(1), line(2)]);
    expect(await logs.read(JOB, 1, 10)).toEqual([line(2)]);
    expect(await logs.read(JOB, -1, 1)).toEqual([line(0)]);
    await logs.close();
  });

  it("stays within its number of messages and of bytes, dropping the oldest", async () => {
    const few = await store({ maxMessages: 3 });
    for (let offset = 0; offset < 10; offset += 1) await few.append(line(offset), PROVIDER);
    expect((await few.read(JOB, -1, 100)).map((message) => message.offset)).toEqual([7, 8, 9]);
    await connections.commands.flushall();
    const small = await store({ maxBytes: 3000 });
    for (let offset = 0; offset < 10; offset += 1)
      await small.append(line(offset, "x".repeat(1000)), PROVIDER);
    expect((await small.read(JOB, -1, 100)).map((message) => message.offset)).toEqual([8, 9]);
    await few.close();
    await small.close();
  });

  it("keeps all logs of one provider within its share, and takes none of another's", async () => {
    const [a, b, c, d] = ["a1", "b1", "c1", "d1"].map((byte) => `0x${byte.repeat(32)}`) as [
      string,
      ...string[],
    ];
    const OTHER = `0x${"78".repeat(32)}`;
    // A line of 1,000 characters is some 1,150 bytes: two fit into 3,000, three don't.
    const logs = await store({ maxProviderBytes: 3_000 });
    const long = (job: string | undefined, offset = 0) => ({
      ...line(offset, "x".repeat(1_000)),
      job: job as string,
    });
    await logs.append(long(a), PROVIDER);
    await logs.append(long(b), PROVIDER);
    await logs.append(long(c), OTHER);
    const counts = async () => Promise.all([a, b, c, d].map((job) => logs.count(job as string)));
    expect(await counts()).toEqual([1, 1, 1, 0]);
    await logs.append(long(d), PROVIDER);
    expect(await counts()).toEqual([0, 1, 1, 1]);
    // The one written to now stays, however old the others are.
    await logs.append(long(d, 1), PROVIDER);
    expect(await counts()).toEqual([0, 0, 1, 2]);
    await logs.close();
  });

  it("wakes readers of that job, of any instance", async () => {
    const [writer, reader] = [await store(), await store()];
    let woken = 0;
    const stop = reader.onAppend(JOB, () => {
      woken += 1;
    });
    await writer.append({ ...line(0), job: `0x${"12".repeat(32)}` }, PROVIDER);
    await writer.append(line(0), PROVIDER);
    await expect.poll(() => woken, { timeout: 15_000 }).toBe(1);
    stop();
    await writer.append(line(1), PROVIDER);
    expect((await reader.read(JOB, -1, 10)).length).toBe(2);
    expect(woken).toBe(1);
    await writer.close();
    await reader.close();
  });
});

describe("dead letters", () => {
  it("tries again after half a minute, doubling up to an hour", async () => {
    expect([1, 2, 3, 8, 50].map(retryDelaySecs)).toEqual([30, 60, 120, 3600, 3600]);
    const letters = createDeadLetterStore(connections.commands, keys);
    await letters.add({ job: JOB, seq: 1n, code: "E_X", message: "x" }, 1000n);
    const second = await letters.add({ job: JOB, seq: 2n, code: "E_X", message: "x" }, 2000n);
    expect(second).toEqual({
      job: JOB,
      seq: "2",
      code: "E_X",
      message: "x",
      attempts: 2,
      at: 2000,
      retryAt: 2060,
    });
    expect([...(await letters.all()).keys()]).toEqual([JOB]);
    await letters.remove(JOB);
    expect((await letters.all()).size).toBe(0);
  });
});

describe("connection", () => {
  it("says in one sentence that Redis is absent, without its password", async () => {
    const error = await connectRedis("redis://:secret@127.0.0.1:1", logger).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StartupError);
    const { message, remedy } = error as StartupError;
    expect(message).toBe("Redis at redis://127.0.0.1:1 can't be reached (connect ECONNREFUSED 127.0.0.1:1).");
    expect(remedy).toContain("REDIS_URL");
  });

  it("fails at once while Redis is away, and works again when it is back, with what it held", async () => {
    const part = await startRedis();
    const away = await connectRedis(part.url, logger);
    const store = createAttestationStore(away.commands, keys);
    await store.put(usage(1n, 1n));
    await part.kill();
    await expect(store.put(usage(2n, 2n))).rejects.toMatchObject({ code: "REDIS_UNAVAILABLE", status: 503 });
    await part.restart();
    await expect.poll(() => store.put(usage(2n, 2n)).catch(() => null), { timeout: 15_000 }).toBe("stored");
    await away.close();
    await part.close();
  });
});
