import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { WsServerMessage } from "@computestream/protocol/api";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { until } from "../../test/parts.ts";
import { createMetrics } from "../metrics.ts";
import { createGate } from "./gate.ts";
import { createHub, type HubOptions } from "./hub.ts";
import { attachWsServer } from "./server.ts";

const JOB = `job:0x${"a".padStart(64, "0")}`;
const MIB = 1024 * 1024;
const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Real sockets over a hub whose topics are as large as the test wants. */
async function start(
  options: Partial<HubOptions & Parameters<typeof attachWsServer>[0]> & {
    bytes?: number;
    total?: number;
    perAddress?: number;
  } = {},
) {
  let version = 0n;
  const hub = createHub({
    // Every version changes the topic's whole state.
    read: (work) =>
      work({
        mirror: "a".repeat(12),
        version,
        changesAfter: async () => ({ topics: new Set([JOB]), happened: new Map() }),
        states: async (topics) =>
          new Map(
            topics.map((topic) => [
              topic,
              { version: String(version), text: String(version % 10n).repeat(options.bytes ?? 10) },
            ]),
          ),
        missed: async (asks) => asks.map(() => []),
      }),
    onError: () => undefined,
    minIntervalMs: () => 0,
    ...options,
  });
  const tending = setInterval(hub.tend, 20);
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const metrics = createMetrics();
  const gate = createGate({ total: options.total ?? 100, perAddress: options.perAddress ?? 100 });
  const addressOf = () => "one";
  const ws = attachWsServer({ server, hub, gate, addressOf, corsOrigins: [], metrics, ...options });
  closers.push(async () => {
    await ws.close();
    clearInterval(tending);
    hub.close();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  async function connect(autoPong = true) {
    const client = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws`, { autoPong });
    const received: WsServerMessage[] = [];
    client.on("message", (data) => received.push(JSON.parse(String(data))));
    const closed = new Promise<number>((resolve) => client.once("close", resolve));
    await new Promise((resolve, reject) => client.once("open", resolve).once("error", reject));
    return { client, received, closed };
  }
  /** What an upgrade that is refused answers. */
  const get = () =>
    new Promise<IncomingMessage>((resolve) => {
      const client = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws`);
      client.on("unexpected-response", (_request, response) => resolve(response));
    });
  return {
    connect,
    get,
    close: ws.close,
    dropped: async () => (await metrics.wsDropped.get()).values.map((v) => [v.labels.code, v.value]),
    publish() {
      version += 1n;
      hub.wake();
      return version;
    },
  };
}

const lastVersion = (received: WsServerMessage[]) =>
  received
    .flatMap((m) => (m.type === "update" || m.type === "snapshot" ? [BigInt(m.cursor.slice(13))] : []))
    .at(-1);
const subscribe = (client: WebSocket) =>
  client.send(JSON.stringify({ type: "subscribe", topics: ["job:0xa"] }));

describe("attachWsServer", () => {
  it("keeps memory bounded for a reader that stalls, and brings it up to date when it reads again", async () => {
    const service = await start({ bytes: MIB, softLimitBytes: 2 * MIB, hardLimitBytes: 200 * MIB });
    const stalled = await service.connect();
    const quick = await service.connect();
    subscribe(stalled.client);
    subscribe(quick.client);
    await until(async () => stalled.received.length > 0 && quick.received.length > 0, "both snapshots");
    stalled.client.pause();
    let version = 0n;
    for (let i = 0; i < 40; i += 1) {
      version = service.publish();
      const goal = version;
      await until(async () => (lastVersion(quick.received) ?? 0n) >= goal, `update ${goal}`);
    }
    stalled.client.resume();
    await until(async () => lastVersion(stalled.received) === version, "the newest state");
    expect(quick.received.length).toBeGreaterThanOrEqual(41);
    expect(stalled.received.length).toBeLessThan(quick.received.length);
    expect(await service.dropped()).toEqual([]);
  });

  it("drops a reader that is further behind than the limit, and says why", async () => {
    const service = await start({ bytes: MIB, softLimitBytes: 100 * MIB, hardLimitBytes: 4 * MIB });
    const { client, received, closed } = await service.connect();
    subscribe(client);
    await until(async () => received.length > 0, "the snapshot");
    client.pause();
    await until(async () => {
      service.publish();
      return (await service.dropped()).length > 0;
    }, "the drop");
    expect(await service.dropped()).toEqual([["SLOW_CLIENT", 1]]);
    client.resume();
    expect(await closed).toBe(1013);
    expect(received.at(-1)).toMatchObject({ type: "error", code: "SLOW_CLIENT" });
  });

  it("drops who doesn't answer pings by protocol or message, and keeps who does either", async () => {
    const service = await start({ pingIntervalMs: 50, missedPings: 3 });
    const silent = await service.connect(false);
    const byMessage = await service.connect(false);
    byMessage.client.on("message", () => byMessage.client.send('{"type":"pong"}'));
    const byProtocol = await service.connect();
    expect(await silent.closed).toBe(1006);
    const pings = () => byMessage.received.filter((m) => m.type === "ping").length;
    const soFar = pings();
    await until(async () => pings() > soFar + 6, "more pings");
    expect(byMessage.client.readyState).toBe(WebSocket.OPEN);
    expect(byProtocol.client.readyState).toBe(WebSocket.OPEN);
    expect(await service.dropped()).toEqual([["SILENT", 1]]);
  });

  it("takes no more connections than it may, and says when to come back", async () => {
    const service = await start({ total: 2, perAddress: 1 });
    const first = await service.connect();
    await expect(service.connect()).rejects.toThrow("429");
    first.client.close();
    await first.closed;
    const full = await start({ total: 1 });
    await full.connect();
    await expect(full.connect()).rejects.toThrow("503");
    expect((await full.get()).headers["retry-after"]).toBe("5");
    // A place that was left is another's.
    await until(
      async () =>
        service.connect().then(
          () => true,
          () => false,
        ),
      "the place to be free again",
    );
  });

  it("drops who asks more often than it may, and nobody else", async () => {
    const service = await start({ messageBurst: 10, messagesPerSecond: 1 });
    const eager = await service.connect();
    const modest = await service.connect();
    subscribe(modest.client);
    for (let i = 0; i < 11; i += 1) subscribe(eager.client);
    expect(await eager.closed).toBe(1008);
    expect(eager.received.at(-1)).toMatchObject({ type: "error", code: "TOO_MANY_MESSAGES" });
    expect(await service.dropped()).toEqual([["TOO_MANY_MESSAGES", 1]]);
    const version = service.publish();
    await until(async () => lastVersion(modest.received) === version, "the modest one's update");
  });

  it("names the field of a wrong message, and keeps what was subscribed", async () => {
    const service = await start();
    const { client, received } = await service.connect();
    subscribe(client);
    await until(async () => received.length === 1, "the snapshot");
    const wrong = [
      ['{"type":"subscribe","topics":["job:0xa","job:nobody"]}', "topics.1"],
      ['{"type":"subscribe","topics":["job:0xb"],"since":"yesterday"}', "since"],
      ['{"type":"subscribe","topics":["job:0xb"],"since":{"network":"aaaaaaaaaaaa-1"}}', "since.network"],
      ['{"type":"dance"}', "type"],
      ["{", "message"],
    ];
    for (const [text] of wrong) client.send(text as string);
    await until(async () => received.length === 6, "five errors");
    expect(received.slice(1)).toMatchObject(
      wrong.map(([, field]) => ({ type: "error", code: "INVALID_MESSAGE", field })),
    );
    const version = service.publish();
    await until(async () => lastVersion(received) === version, "the update");
  });

  it("tells its clients when it goes away", async () => {
    const service = await start();
    const { closed } = await service.connect();
    await service.close();
    expect(await closed).toBe(1001);
  });
});
