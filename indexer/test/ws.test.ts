import {
  nextLiveState,
  type WsServerMessage,
  zJob,
  zProvider,
  zStats,
  zWsServerMessage,
} from "@computestream/protocol/api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { z } from "zod";
import type { Service } from "../src/service.ts";
import { createHandWrittenChain, type HandWrittenChain } from "./hand-written-chain.ts";
import { accepted, address, created, parameters, registered, settledTo, started, T0 } from "./histories.ts";
import { serve, startDatabases, until, untilMirrored } from "./parts.ts";

const PROVIDER = address("f1");
const JOB = address("e1");
const ORIGIN = "http://localhost:3000";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let databaseUrl: string;
let chain: HandWrittenChain;
let service: Service;
const open: WebSocket[] = [];

beforeAll(async () => {
  databases = await startDatabases();
  databaseUrl = await databases.database();
  chain = createHandWrittenChain();
  chain.append(T0, [
    parameters(),
    registered(PROVIDER),
    ...created(JOB, { provider: PROVIDER, deposit: "600000" }),
  ]);
  chain.append(T0 + 1, [accepted(JOB, PROVIDER)]);
  chain.append(T0 + 10, started(JOB, { provider: PROVIDER, atSecs: T0 + 10, deposit: "600000" }));
  service = await serve(databaseUrl, chain);
  await untilMirrored(service.url, chain.head);
}, 60_000);
afterEach(() => {
  for (const ws of open.splice(0)) ws.terminate();
});
afterAll(async () => {
  await service?.close();
  await databases?.close();
});

async function connect(url = service.url, origin: string | null = ORIGIN) {
  const ws = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, origin === null ? {} : { origin });
  open.push(ws);
  const messages: WsServerMessage[] = [];
  ws.on("message", (data) => messages.push(zWsServerMessage.parse(JSON.parse(String(data)))));
  await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
  const next = <T extends WsServerMessage["type"]>(type: T, topic?: string) =>
    until(
      async () => {
        const index = messages.findIndex(
          (m) => m.type === type && (!topic || ("topic" in m && m.topic === topic)),
        );
        return index >= 0 && (messages.splice(index, 1)[0] as Extract<WsServerMessage, { type: T }>);
      },
      `${type} ${topic ?? ""}`,
    );
  return { ws, messages, next, send: (message: unknown) => ws.send(JSON.stringify(message)) };
}

let secs = 0;
function settleOnce() {
  secs += 1;
  return chain.append(T0 + 10 + secs, [
    settledTo(JOB, {
      seq: secs,
      secs,
      amount: "10000",
      fee: "100",
      paid: String(10_000 * secs),
      feePaid: String(100 * secs),
      balance: String(600_000 - 10_000 * secs),
    }),
  ]);
}

describe("the WebSocket", () => {
  it("sends snapshots, then each commit's ticks and updates", async () => {
    const client = await connect();
    client.send({ type: "subscribe", topics: ["network", "job:0xe1", `provider:${PROVIDER}`, "providers"] });
    const job = await client.next("snapshot", `job:${JOB}`);
    expect(zJob.parse(job.data)).toMatchObject({ state: "Running", paidToProvider: "0" });
    const before = await client.next("snapshot", "network");
    expect(zStats.parse(before.data)).toMatchObject({ jobsRunning: 1 });
    expect(zProvider.parse((await client.next("snapshot", `provider:${PROVIDER}`)).data).name).toBe("rig");
    expect(z.array(zProvider).parse((await client.next("snapshot", "providers")).data)).toHaveLength(1);

    const version = settleOnce();
    const update = await client.next("update", `job:${JOB}`);
    expect(update.ticks).toMatchObject([{ job: JOB, amount: "10000", version: String(version) }]);
    expect(update.cursor.split("-")[1]).toBe(String(version));
    expect(update.set).toMatchObject({ paidToProvider: "9900", fees: "100", balance: "590000" });
    expect(zJob.parse(nextLiveState(job.data, update))).toMatchObject({
      state: "Running",
      balance: "590000",
    });
    const network = await client.next("update", "network");
    expect(network.ticks).toEqual(update.ticks);
    const stats = zStats.parse(nextLiveState(before.data, network));
    expect([stats.volumeSettled, stats.recent.length, stats.recent.at(-1)?.amount]).toEqual([
      "10000",
      120,
      "10000",
    ]);
  });

  it("answers null for what doesn't exist yet, and tells when it does", async () => {
    const client = await connect();
    const later = address("1a7e");
    client.send({ type: "subscribe", topics: [`job:${later}`] });
    expect((await client.next("snapshot")).data).toBeNull();
    chain.append(T0 + 90, created(later, { provider: PROVIDER, deposit: "5" }));
    expect(zJob.parse((await client.next("update", `job:${later}`)).data).deposited).toBe("5");
  });

  it("stops after unsubscribe and starts over after a second subscribe", async () => {
    const client = await connect();
    client.send({ type: "subscribe", topics: [`job:${JOB}`] });
    await client.next("snapshot");
    client.send({ type: "unsubscribe", topics: [`job:${JOB}`] });
    client.send({ type: "subscribe", topics: ["network"] });
    await client.next("snapshot", "network");
    settleOnce();
    await client.next("update", "network");
    expect(client.messages.filter((m) => "topic" in m && m.topic === `job:${JOB}`)).toEqual([]);
    client.send({ type: "subscribe", topics: ["network"] });
    await client.next("snapshot", "network");
  });

  it("names what is wrong with a message and goes on", async () => {
    const client = await connect();
    for (const bad of [
      { type: "dance" },
      { type: "subscribe", topics: ["job:nobody"] },
      { type: "subscribe", topics: [] },
    ]) {
      client.send(bad);
      expect(await client.next("error")).toMatchObject({ code: "INVALID_MESSAGE" });
    }
    client.ws.send("{");
    expect(await client.next("error")).toMatchObject({ code: "INVALID_MESSAGE" });
    const many = (from: number) =>
      Array.from({ length: 50 }, (_, i) => `job:${address((from + i).toString(16))}`);
    client.send({ type: "subscribe", topics: many(1000) });
    client.send({ type: "subscribe", topics: many(2000) });
    client.send({ type: "subscribe", topics: many(3000) });
    expect(await client.next("error")).toMatchObject({ code: "TOO_MANY_TOPICS" });
    client.send({ type: "pong" });
    client.send({ type: "unsubscribe", topics: many(1000) });
    client.send({ type: "subscribe", topics: ["network"] });
    await client.next("snapshot", "network");
  });

  it("refuses other origins and other paths, and takes programs without an origin", async () => {
    await expect(connect(service.url, "http://evil.example")).rejects.toThrow("403");
    await expect(connect(`${service.url}/elsewhere`)).rejects.toThrow("404");
    const program = await connect(service.url, null);
    program.send({ type: "subscribe", topics: ["network"] });
    await program.next("snapshot");
  });

  it("drops a connection that sends too large a message", async () => {
    const client = await connect();
    const closed = new Promise((resolve) => client.ws.once("close", resolve));
    client.send({ type: "subscribe", topics: ["x".repeat(20_000)] });
    expect(await closed).toBe(1009);
  });
});

describe("two instances on one database", () => {
  it("write once, both push, and the second takes over", async () => {
    const second = await serve(databaseUrl, chain);
    try {
      await until(async () => second.indexing.role === "standby", "the standby");
      const client = await connect(second.url);
      client.send({ type: "subscribe", topics: [`job:${JOB}`] });
      await client.next("snapshot");
      settleOnce();
      expect((await client.next("update", `job:${JOB}`)).ticks).toHaveLength(1);

      await service.close();
      const version = settleOnce();
      await until(async () => second.indexing.role === "writer", "the new writer");
      await untilMirrored(second.url, version);
      const update = await client.next("update", `job:${JOB}`);
      expect(update.ticks?.map((tick) => tick.version)).toEqual([String(version)]);
    } finally {
      await second.close();
    }
  });
});
