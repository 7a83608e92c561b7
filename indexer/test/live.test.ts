/** The live feed against a real mirror: what a client holds at any time is what REST and the rows say. */
import { fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  nextLiveState,
  type SnapshotMessage,
  STREAM_FIELDS,
  type TopicMessage,
  type WsServerMessage,
  zWsServerMessage,
} from "@computestream/protocol/api";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { reindex } from "../src/reindex.ts";
import type { Service } from "../src/service.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain, type HandWrittenChain } from "./hand-written-chain.ts";
import {
  accepted,
  address,
  BUYER,
  created,
  parameters,
  registered,
  settledTo,
  started,
  T0,
} from "./histories.ts";
import { run, serve, startDatabases, until, untilMirrored } from "./parts.ts";
import { revealed } from "./revealed-chain.ts";

const ORIGIN = "http://localhost:3000";
const PROVIDER = address("f1");
const JOB = address("e1");
const CHILD = fileURLToPath(new URL("./indexer-child.ts", import.meta.url));

let databases: Awaited<ReturnType<typeof startDatabases>>;
const closers: Array<() => unknown> = [];
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => databases?.close());

async function startMarket(overrides: Parameters<typeof serve>[2] = {}) {
  const databaseUrl = await databases.database();
  const chain = createHandWrittenChain();
  chain.append(T0, [
    parameters(),
    registered(PROVIDER),
    ...created(JOB, { provider: PROVIDER, deposit: "600000" }),
  ]);
  chain.append(T0 + 1, [accepted(JOB, PROVIDER)]);
  chain.append(T0 + 10, started(JOB, { provider: PROVIDER, atSecs: T0 + 10, deposit: "600000" }));
  const service = await serve(databaseUrl, chain, overrides);
  closers.push(() => service.close());
  await untilMirrored(service.url, chain.head);
  let secs = 0;
  /** One more second at 10,000, of which 100 is the fee. */
  const settle = () => {
    secs += 1;
    const so = (each: number) => String(each * secs);
    const paid = { paid: so(10_000), feePaid: so(100), balance: String(600_000 - 10_000 * secs) };
    return chain.append(T0 + 10 + secs, [
      settledTo(JOB, { seq: secs, secs, amount: "10000", fee: "100", ...paid }),
    ]);
  };
  return { databaseUrl, chain, service, url: service.url, settle };
}

/** Reads events until closed. */
function eventStream(url: string, headers: Record<string, string> = {}) {
  const events: Array<{ id: string | null; message: WsServerMessage }> = [];
  let comments = 0;
  const stop = new AbortController();
  const response = fetch(url, { headers, signal: stop.signal });
  const ended = (async () => {
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of (await response).body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const lines = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        if (lines[0]?.startsWith(":")) comments += 1;
        const data = lines.find((line) => line.startsWith("data: "))?.slice(6);
        const id = lines.find((line) => line.startsWith("id: "))?.slice(4) ?? null;
        if (data) events.push({ id, message: zWsServerMessage.parse(JSON.parse(data)) });
      }
    }
  })();
  ended.catch(() => undefined);
  closers.push(() => stop.abort());
  return { response, events, ended, comments: () => comments, close: () => stop.abort() };
}

const next = (stream: ReturnType<typeof eventStream>, count: number) =>
  until(async () => stream.events.length >= count && stream.events, `${count} events`);

describe("/api/v1/live", () => {
  it("tells snapshots, then changes, unbuffered and readable from another origin", async () => {
    const { url, settle } = await startMarket();
    const stream = eventStream(`${url}/api/v1/live?topics=job:0xe1,network`, { origin: ORIGIN });
    const { status, headers } = await stream.response;
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      "access-control-allow-origin": ORIGIN,
    });
    expect((await next(stream, 2)).map(({ message }) => message)).toMatchObject([
      {
        type: "snapshot",
        topic: `job:${JOB}`,
        resume: "none",
        data: { state: "Running", balance: "600000" },
      },
      { type: "snapshot", topic: "network", resume: "none", data: { jobsRunning: 1 } },
    ]);
    settle();
    const [first, second] = (await next(stream, 4)).slice(2);
    expect(first?.message).toMatchObject({
      type: "update",
      topic: `job:${JOB}`,
      set: { balance: "590000" },
      ticks: [{ amount: "10000" }],
    });
    expect(second?.message).toMatchObject({
      type: "update",
      topic: "network",
      set: { volumeSettled: "10000" },
    });
    expect(second?.id).toBe(
      [first, second].map((event) => (event?.message as TopicMessage | undefined)?.cursor).join(","),
    );
  });

  it("goes on where an id says, by the browser's header or by ?since=", async () => {
    const { url, settle } = await startMarket();
    const path = `${url}/api/v1/live?topics=stream:0xe1,network`;
    const first = eventStream(path);
    await next(first, 2);
    settle();
    const id = (await next(first, 4)).at(-1)?.id ?? "";
    first.close();
    const versions = [settle(), settle()].map(String);
    await untilMirrored(url, BigInt(versions[1] ?? 0));
    for (const [target, headers] of [
      [path, { "last-event-id": id }],
      [`${path}&since=${id}`, {}],
      // The header is newer than the address.
      [`${path}&since=${id.split(",")[0]?.slice(0, 13)}1`, { "last-event-id": id }],
    ] as const) {
      const back = eventStream(target, headers);
      const got = (await next(back, 2)).map(({ message }) => message as SnapshotMessage);
      for (const message of got) {
        expect(message).toMatchObject({ type: "snapshot", resume: "complete" });
        expect(message.ticks?.map((tick) => tick.version)).toEqual(versions);
      }
      expect(Object.keys(got[0]?.data as object).sort()).toEqual([...STREAM_FIELDS].sort());
      back.close();
    }
    const strange = eventStream(path, { "last-event-id": "from another server" });
    expect((await next(strange, 2))[0]?.message).toMatchObject({
      resume: "reset",
      reason: "MIRROR_REPLACED",
    });
  });

  it("shares its limits with WebSockets, gives places back, and ends with the service", async () => {
    const { url, service } = await startMarket({ liveMaxPerAddress: 2 });
    const ws = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`);
    await new Promise((resolve) => ws.once("open", resolve));
    const stream = eventStream(`${url}/api/v1/live`);
    await next(stream, 1);
    const refused = await fetch(`${url}/api/v1/live`);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(await refused.json()).toMatchObject({ error: { code: "TOO_MANY_FROM_ADDRESS" } });
    ws.close();
    const again = await until(async () => {
      const one = eventStream(`${url}/api/v1/live`);
      return (await one.response).status === 200 && one;
    }, "a place");
    await service.close();
    await Promise.all([stream.ended, again.ended]);
  });

  it("answers HEAD without opening a stream, and names a wrong topic", async () => {
    const { url } = await startMarket();
    const head = await fetch(`${url}/api/v1/live`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
      "",
    ]);
    const wrong = await fetch(`${url}/api/v1/live?topics=network,job:nobody`);
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { error: { code: "INVALID_PARAMETER", field: "topics" } },
    ]);
  });
});

/** A client by the protocol's own rules, that may lose its connection at any time. */
function createClient(topics: string[]) {
  const held = new Map<string, { data: unknown; cursor: string; lines: string[]; resets: string[] }>();
  let ws: WebSocket | null = null;
  const client = {
    held,
    get isConnected() {
      return ws !== null;
    },
    async connect(url: string) {
      const current = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`);
      ws = current;
      current.on("error", () => undefined);
      current.on("close", () => {
        if (ws === current) ws = null;
      });
      current.on("message", (text) => {
        if (ws !== current) return;
        const message = zWsServerMessage.parse(JSON.parse(String(text)));
        if (message.type === "error") throw new Error(message.message);
        if (message.type === "ping") return;
        const { topic, cursor } = message;
        const known = held.get(topic) ?? { data: undefined, cursor, lines: [], resets: [] };
        known.data = nextLiveState(known.data, message);
        known.cursor = cursor;
        if (message.type === "snapshot" && message.resume === "reset")
          known.resets.push(message.reason ?? "");
        for (const line of [...(message.ticks ?? []), ...(message.entries ?? [])]) {
          known.lines.push([line.version, line.index, "part" in line ? line.part : 0].join(":"));
        }
        held.set(topic, known);
      });
      await new Promise((resolve) => current.once("open", resolve).once("close", resolve));
      if (current.readyState !== current.OPEN) return;
      const since = Object.fromEntries([...held].map(([topic, { cursor }]) => [topic, cursor]));
      current.send(JSON.stringify({ type: "subscribe", topics, since }));
    },
    disconnect() {
      ws?.terminate();
      ws = null;
    },
  };
  closers.push(client.disconnect);
  return client;
}

/** From the busy market: a few of its jobs and wallets. */
async function busyTopics(databaseUrl: string): Promise<string[]> {
  const jobs = await run(databaseUrl, "SELECT job FROM jobs ORDER BY md5(job) LIMIT 6");
  const owners = await run(
    databaseUrl,
    "SELECT owner, min(provider) AS provider FROM providers GROUP BY owner LIMIT 1",
  );
  return [
    "network",
    "providers",
    `wallet:${BUYER}`,
    `wallet:${owners[0]?.owner}`,
    `provider:${owners[0]?.provider}`,
    ...jobs.flatMap(({ job }) => [`job:${job}`, `stream:${job}`]),
  ];
}

/** The rows' own list of what a topic tells one by one. */
async function linesOf(databaseUrl: string, topic: string, after: bigint): Promise<string[]> {
  const [kind, of] = topic.split(":");
  const sql = {
    network:
      "SELECT version, event_index, 0 AS part FROM stream_ticks WHERE version > $1 AND $2::text IS NULL ORDER BY 1, 2",
    job: "SELECT version, event_index, 0 AS part FROM stream_ticks WHERE version > $1 AND job = $2 ORDER BY 1, 2",
    wallet:
      "SELECT version, event_index, line AS part FROM ledger_entries WHERE version > $1 AND wallet = $2 ORDER BY 1, 2, 3",
  }[kind === "stream" ? "job" : (kind ?? "")];
  if (!sql) return [];
  return (await run(databaseUrl, sql, [after.toString(), of ?? null])).map((row) =>
    Object.values(row).join(":"),
  );
}

const REST: Record<string, (of: string) => string> = {
  network: () => "/api/v1/stats",
  providers: () => "/api/v1/providers?limit=200",
  job: (of) => `/api/v1/jobs/${of}`,
  provider: (of) => `/api/v1/providers/${of}`,
  wallet: (of) => `/api/v1/wallets/${of}`,
};

/** A chain of which only so much is there yet. */
function growing(whole: HandWrittenChain) {
  let head = 0n;
  return {
    source: revealed(whole, () => head),
    get head() {
      return head;
    },
    grow(by: number) {
      head += BigInt(by);
      if (head > whole.head) head = whole.head;
    },
  };
}

describe("clients that lose their connections", () => {
  it("hold what one that stayed holds, of whichever instance, and saw the same lines, also across a reindex", async () => {
    const whole = createHandWrittenChain();
    busyMarket(whole, 1_200, 7);
    const chain = growing(whole);
    chain.grow(500);
    const databaseUrl = await databases.database();
    const services: Service[] = [];
    for (let i = 0; i < 2; i += 1) services.push(await serve(databaseUrl, chain.source));
    for (const service of services) closers.push(() => service.close());
    const urls = services.map(({ url }) => url);
    await untilMirrored(urls[0] ?? "", chain.head);
    const topics = await busyTopics(databaseUrl);
    const from = chain.head;

    let random = 99;
    const below = (n: number) => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((random / 2 ** 32) * n);
    };
    const stayed = createClient(topics);
    await stayed.connect(urls[0] ?? "");
    const roamers = Array.from({ length: 5 }, () => createClient(topics));
    for (const client of roamers) await client.connect(urls[below(2)] ?? "");
    const all = [stayed, ...roamers];
    await until(async () => all.every(({ held }) => held.size === topics.length), "all snapshots");

    while (chain.head < 900n) {
      chain.grow(1 + below(12));
      const client = roamers[below(roamers.length)];
      if (client?.isConnected) client.disconnect();
      else await client?.connect(urls[below(2)] ?? "");
      await pause(below(25));
    }
    for (const client of roamers) if (!client.isConnected) await client.connect(urls[below(2)] ?? "");

    const check = async (resets: string[]) => {
      const last = await untilMirrored(urls[0] ?? "", chain.head).then(() => chain.head);
      // A topic that nothing happened on keeps its older cursor, so what is compared is what is held.
      for (const topic of topics) {
        const [kind = "", of = ""] = topic.split(":");
        const path = REST[kind]?.(of);
        const answer = path
          ? ((await (await fetch(`${urls[0]}${path}`)).json()) as { items?: unknown })
          : undefined;
        const state = kind === "providers" ? answer?.items : answer;
        const lines = await linesOf(databaseUrl, topic, from);
        for (const client of all) {
          const same = async () => {
            const known = client.held.get(topic);
            return (
              JSON.stringify(known?.lines) === JSON.stringify(lines) && (!state || equal(known?.data, state))
            );
          };
          await until(same, `${topic} at ${last}`).catch(() => undefined);
          const known = client.held.get(topic);
          expect(known?.lines, topic).toEqual(lines);
          if (state) expect(known?.data, topic).toEqual(state);
          expect(known?.data, topic).toEqual(stayed.held.get(topic)?.data);
          expect(known?.resets, topic).toEqual(resets);
        }
      }
    };
    await check([]);
    const sum = (await linesOf(databaseUrl, "network", from)).length;
    expect(sum).toBeGreaterThan(100);

    await reindex({ databaseUrl, source: chain.source, fromVersion: 1n });
    const cursorsOf = () =>
      all.flatMap(({ held }) => [...held.values()].map(({ cursor }) => cursor.slice(0, 12)));
    const [{ mirror_id: mirror } = {}] = await run(databaseUrl, "SELECT mirror_id FROM chain_cursor");
    await until(async () => cursorsOf().every((id) => id === mirror), "everybody's new snapshots");
    await check(["MIRROR_REPLACED"]);
    chain.grow(200);
    await check(["MIRROR_REPLACED"]);
  }, 120_000);

  it("are told on by an instance whose neighbour, the writer, is killed", async () => {
    const databaseUrl = await databases.database();
    const chain = createHandWrittenChain();
    busyMarket(chain, 1_500);
    const child = fork(CHILD, ["serve", databaseUrl, "1500", "0"], {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "pipe", "inherit", "ipc"],
    });
    closers.push(() => child.kill("SIGKILL"));
    let head = 0n;
    const grow = (by: bigint) => {
      head = head + by > chain.head ? chain.head : head + by;
      if (child.connected) child.send(head.toString());
    };
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on("data", (text) => String(text).includes('"ready"') && resolve());
      child.once("exit", (code) => reject(new Error(`the child ended with ${code}`)));
    });
    grow(100n);
    const second = await serve(
      databaseUrl,
      revealed(chain, () => head),
    );
    closers.push(() => second.close());
    await until(async () => second.indexing.role === "standby", "the standby");
    await untilMirrored(second.url, head);
    const client = createClient(["network"]);
    await client.connect(second.url);
    const network = await until(async () => client.held.get("network"), "the snapshot");
    const from = BigInt(network.cursor.slice(13));
    await until(async () => {
      grow(7n);
      return network.lines.length > 20;
    }, "lines from the other's commits");
    expect(second.indexing.role).toBe("standby");
    child.kill("SIGKILL");
    grow(chain.head);
    await untilMirrored(second.url, chain.head);
    const lines = await linesOf(databaseUrl, "network", from);
    await until(
      async () => network.lines.length >= lines.length || network.resets.length > 0,
      "all lines",
    ).catch(() => undefined);
    expect([network.lines, network.resets]).toEqual([lines, []]);
    expect(second.indexing.role).toBe("writer");
  }, 60_000);
});

function equal(a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort()
            .map(([k, v]) => [k, sorted(v)]),
        )
      : Array.isArray(value)
        ? value.map(sorted)
        : value;
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}
