import {
  nextLiveState,
  type TopicMessage,
  type WsServerMessage,
  zWsServerMessage,
} from "@computestream/protocol/api";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { formatCursor, type Position, parseCursor } from "./cursor.ts";
import { createHub, type Hub, type HubOptions, type Peer } from "./hub.ts";
import type { Happened } from "./live-topic.ts";
import type { Moment } from "./moment.ts";

const KIB = 1024;
const MIRROR = "a".repeat(12);

/** Commits written down by the test: at each version some jobs settle, or something else about them changes. */
function createFakeMirror() {
  const commits: Array<{ settled: string[]; changed: string[] }> = [];
  const mirror = {
    id: MIRROR,
    reads: [] as string[][],
    failing: false,
    gate: null as Promise<void> | null,
    /** Settlements that one answer may hold. */
    most: 1_000,
    get version() {
      return BigInt(commits.length);
    },
    commit(settled: string[], changed: string[] = []) {
      commits.push({ settled, changed });
      return mirror.version;
    },
    position: (): Position => ({ mirror: mirror.id, version: mirror.version }),
    ticks(job: string | null, after: bigint, until: bigint): Happened[] {
      const items: Happened[] = [];
      for (let version = after + 1n; version <= until; version += 1n) {
        for (const settled of commits[Number(version) - 1]?.settled ?? []) {
          if (job === null || job === settled) items.push({ version, json: `"${settled}@${version}"` });
        }
      }
      return items;
    },
    /** What a job, or the network, is after so many commits. */
    state(topic: string, version: bigint): Record<string, unknown> {
      const seen = commits.slice(0, Number(version));
      const job = topic.split(":")[1];
      const counts = { settled: 0, changed: 0 };
      for (const commit of seen) {
        counts.settled += commit.settled.filter((j) => !job || j === job).length;
        counts.changed += commit.changed.filter((j) => !job || j === job).length;
      }
      if (job) return { job, ...counts };
      const recent = seen.slice(-5).map((commit, i) => ({
        timestamp: Number(version) - Math.min(5, seen.length) + i + 1,
        settlements: commit.settled.length,
      }));
      return { ...counts, recent };
    },
    async read<T>(work: (moment: Moment) => Promise<T>): Promise<T> {
      const { version, id } = mirror;
      await mirror.gate;
      if (mirror.failing) throw new Error("the database is away");
      const moment: Moment = {
        mirror: id,
        version,
        async changesAfter(after, watched) {
          const topics = new Set<string>();
          const happened = new Map<string, Happened[]>();
          for (const { settled, changed } of commits.slice(Number(after), Number(version))) {
            for (const job of [...settled, ...changed]) topics.add(`job:${job}`);
          }
          topics.add("network");
          for (const topic of topics) {
            if (watched.has(topic))
              happened.set(topic, mirror.ticks(topic.split(":")[1] ?? null, after, version));
          }
          return {
            topics,
            happened: mirror.ticks(null, after, version).length > mirror.most ? null : happened,
          };
        },
        async states(topics) {
          mirror.reads.push(topics);
          await mirror.gate;
          return new Map(topics.map((topic) => [topic, mirror.state(topic, version)]));
        },
        async missed(asks) {
          return asks.map(({ topic, after, until }) => {
            const items = mirror.ticks(topic.split(":")[1] ?? null, after, until);
            return items.length > mirror.most ? null : items;
          });
        },
      };
      return work(moment);
    },
  };
  return mirror;
}

/** A client: what it was sent, and what it makes of it by the protocol's own rule. */
function createClient() {
  const topics = new Map<string, { state: unknown; cursor: string; ticks: string[]; resets: number }>();
  const client = {
    received: [] as WsServerMessage[],
    topics,
    bufferedBytes: 0,
    dropped: null as string | null,
    send({ text }: { text: string }) {
      const message = JSON.parse(text) as WsServerMessage;
      client.received.push(message);
      if (message.type !== "snapshot" && message.type !== "update") return;
      const known = topics.get(message.topic) ?? { state: undefined, cursor: "", ticks: [], resets: 0 };
      known.state = nextLiveState(known.state, message as TopicMessage);
      known.cursor = message.cursor;
      if (message.type === "snapshot" && message.resume === "reset") known.resets += 1;
      known.ticks.push(...((message.ticks ?? []) as unknown as string[]));
      topics.set(message.topic, known);
    },
    drop(code: string) {
      client.dropped = code;
    },
  };
  return client;
}

let mirror: ReturnType<typeof createFakeMirror>;
const hubs: Hub[] = [];
function makeHub(options: Partial<HubOptions> = {}): Hub {
  const hub = createHub({ read: mirror.read, onError: () => undefined, minIntervalMs: () => 0, ...options });
  hubs.push(hub);
  return hub;
}

beforeEach(() => {
  mirror = createFakeMirror();
  mirror.commit([]);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  for (const hub of hubs.splice(0)) hub.close();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const kinds = (client: { received: WsServerMessage[] }) =>
  client.received.map((m) => {
    if (m.type !== "snapshot" && m.type !== "update") return m.type;
    const ticks = (m.ticks ?? []) as unknown as string[];
    return [m.type, m.topic, parseCursor(m.cursor).version, ...ticks].join(" ");
  });

async function commit(hub: Hub, settled: string[], changed: string[] = []) {
  mirror.commit(settled, changed);
  hub.wake();
  await settle();
}

describe("createHub", () => {
  it("sends a snapshot, then only what is other, and the same state comes out", async () => {
    const hub = makeHub();
    const client = createClient();
    hub.subscribe(client, ["job:a", "network"]);
    await settle();
    await commit(hub, ["a", "b"]);
    expect(client.received).toEqual([
      {
        type: "snapshot",
        topic: "job:a",
        cursor: `${MIRROR}-1`,
        resume: "none",
        data: { job: "a", settled: 0, changed: 0 },
      },
      {
        type: "snapshot",
        topic: "network",
        cursor: `${MIRROR}-1`,
        resume: "none",
        data: { settled: 0, changed: 0, recent: [{ timestamp: 1, settlements: 0 }] },
      },
      { type: "update", topic: "job:a", cursor: `${MIRROR}-2`, set: { settled: 1 }, ticks: ["a@2"] },
      {
        type: "update",
        topic: "network",
        cursor: `${MIRROR}-2`,
        set: { settled: 2 },
        list: { field: "recent", key: "timestamp", put: [{ timestamp: 2, settlements: 2 }] },
        ticks: ["a@2", "b@2"],
      },
    ]);
    expect(client.topics.get("network")?.state).toEqual(mirror.state("network", 2n));
  });

  it("reads a topic once for all who listen, and not at all when nobody does", async () => {
    const hub = makeHub();
    const clients = [createClient(), createClient(), createClient()];
    for (const client of clients) hub.subscribe(client, ["job:a"]);
    await settle();
    mirror.reads = [];
    await commit(hub, ["a"], ["unwatched"]);
    expect(mirror.reads).toEqual([["job:a"]]);
    for (const client of clients) expect(kinds(client)).toEqual(["snapshot job:a 1", "update job:a 2 a@2"]);
    for (const client of clients) hub.remove(client);
    await commit(hub, ["a"]);
    expect(mirror.reads).toHaveLength(1);
    expect(hub.isIdle).toBe(true);
  });

  it("answers a newcomer from what it told the others, without reading again", async () => {
    const hub = makeHub();
    hub.subscribe(createClient(), ["job:a"]);
    await settle();
    mirror.reads = [];
    const late = createClient();
    hub.subscribe(late, ["job:a"]);
    await settle();
    expect([kinds(late), mirror.reads]).toEqual([["snapshot job:a 1"], []]);
  });

  it("tells what was committed while a snapshot was read", async () => {
    const hub = makeHub();
    const client = createClient();
    let openGate = () => {};
    mirror.gate = new Promise((resolve) => {
      openGate = resolve;
    });
    hub.subscribe(client, ["job:a"]);
    await settle();
    await commit(hub, ["a"]);
    expect(client.received).toEqual([]);
    openGate();
    await settle();
    expect(kinds(client)).toEqual(["snapshot job:a 1", "update job:a 2 a@2"]);
  });

  it("spaces the updates of a dear topic, and loses no settlement between them", async () => {
    const hub = makeHub({ minIntervalMs: (topic) => (topic.kind === "network" ? 1_000 : 0) });
    const client = createClient();
    hub.subscribe(client, ["network"]);
    await settle();
    await vi.advanceTimersByTimeAsync(1_000);
    for (let i = 0; i < 4; i += 1) {
      await commit(hub, ["a"]);
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(kinds(client)).toEqual(["snapshot network 1", "update network 2 a@2"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(kinds(client).slice(2)).toEqual(["update network 5 a@3 a@4 a@5"]);
  });

  it("tells a client that comes back exactly what it missed", async () => {
    const hub = makeHub();
    hub.subscribe(createClient(), ["job:a"]);
    await settle();
    for (const settled of [["a"], ["b"], ["a", "a"]]) await commit(hub, settled);
    const back = createClient();
    hub.subscribe(back, ["job:a"], () => ({ mirror: MIRROR, version: 2n }));
    await settle();
    expect(back.received).toEqual([
      {
        type: "snapshot",
        topic: "job:a",
        cursor: `${MIRROR}-4`,
        resume: "complete",
        data: { job: "a", settled: 3, changed: 0 },
        ticks: ["a@4", "a@4"],
      },
    ]);
  });

  it("tells a client that comes back from an instance that was further exactly what it missed", async () => {
    const hub = makeHub({ minIntervalMs: () => 60_000 });
    const client = createClient();
    hub.subscribe(client, ["network"]);
    await settle();
    await commit(hub, ["a"]);
    await commit(hub, ["b"]);
    expect(kinds(client)).toEqual(["snapshot network 1"]);
    const back = createClient();
    hub.subscribe(back, ["network"], () => ({ mirror: MIRROR, version: 2n }));
    await settle();
    expect(kinds(back)).toEqual(["snapshot network 3 b@3"]);
    expect(kinds(client)).toEqual(["snapshot network 1", "update network 3 a@2 b@3"]);
  });

  it("takes a client's word for what it was told elsewhere while a moment from before that is read", async () => {
    const hub = makeHub();
    const stayed = createClient();
    hub.subscribe(stayed, ["job:a"]);
    await settle();
    let openGate = () => {};
    mirror.gate = new Promise((resolve) => {
      openGate = resolve;
    });
    await commit(hub, ["a"]);
    mirror.commit(["a"]);
    const back = createClient();
    hub.subscribe(back, ["job:a"], () => ({ mirror: MIRROR, version: 3n }));
    openGate();
    await settle();
    expect(back.received).toMatchObject([{ type: "snapshot", resume: "complete", data: { settled: 2 } }]);
    expect(kinds(stayed)).toEqual(["snapshot job:a 1", "update job:a 2 a@2", "update job:a 3 a@3"]);
  });

  it.each([
    ["TOO_FAR_BEHIND", { mirror: MIRROR, version: 1n }],
    ["MIRROR_REPLACED", { mirror: "b".repeat(12), version: 1n }],
    ["CURSOR_AHEAD", { mirror: MIRROR, version: 900n }],
  ])("starts over, and says so: %s", async (reason, since) => {
    mirror.most = 3;
    const hub = makeHub();
    for (let i = 0; i < 4; i += 1) mirror.commit(["a"]);
    const client = createClient();
    hub.subscribe(client, ["job:a"], () => since);
    await settle();
    expect(client.received).toMatchObject([
      { type: "snapshot", resume: "reset", reason, data: { settled: 4 } },
    ]);
    expect(client.received[0]).not.toHaveProperty("ticks");
  });

  it("starts everybody over when other tables take the mirror's place", async () => {
    const hub = makeHub();
    const client = createClient();
    hub.subscribe(client, ["job:a", "network"]);
    await settle();
    mirror.id = "c".repeat(12);
    await commit(hub, ["a"]);
    expect(client.received.slice(2)).toMatchObject([
      {
        type: "snapshot",
        topic: "job:a",
        cursor: `${mirror.id}-2`,
        resume: "reset",
        reason: "MIRROR_REPLACED",
      },
      {
        type: "snapshot",
        topic: "network",
        cursor: `${mirror.id}-2`,
        resume: "reset",
        reason: "MIRROR_REPLACED",
      },
    ]);
    await commit(hub, ["a"]);
    expect(kinds(client).slice(4)).toEqual(["update job:a 3 a@3", "update network 3 a@3"]);
  });

  it("lets nobody miss a settlement of a burst too large to push, nor wait for its topic's turn", async () => {
    const hub = makeHub({ minIntervalMs: () => 60_000 });
    const [job, network] = [createClient(), createClient()];
    hub.subscribe(job, ["job:a"]);
    hub.subscribe(network, ["network"]);
    await settle();
    mirror.most = 3;
    await commit(hub, ["a", "b", "c", "a"]);
    expect(kinds(job).slice(1)).toEqual(["snapshot job:a 2 a@2 a@2"]);
    expect(network.received.slice(1)).toMatchObject([
      { resume: "reset", reason: "TOO_FAR_BEHIND", data: { settled: 4 } },
    ]);
  });

  it("gives a slow peer nothing until it has caught up, then what it missed at once", async () => {
    const hub = makeHub({ softLimitBytes: 100 * KIB });
    const [slow, quick] = [createClient(), createClient()];
    for (const client of [slow, quick]) hub.subscribe(client, ["job:a"]);
    await settle();
    slow.bufferedBytes = 200 * KIB;
    for (let i = 0; i < 3; i += 1) await commit(hub, ["a"]);
    hub.tend();
    await settle();
    expect(kinds(slow)).toEqual(["snapshot job:a 1"]);
    expect(kinds(quick)).toHaveLength(4);
    slow.bufferedBytes = 0;
    hub.tend();
    await settle();
    expect(kinds(slow)).toEqual(["snapshot job:a 1", "snapshot job:a 4 a@2 a@3 a@4"]);
    await commit(hub, ["a"]);
    expect(kinds(slow).at(-1)).toBe("update job:a 5 a@5");
  });

  it("drops a peer that takes nothing for too long, and one that is too far behind", async () => {
    const hub = makeHub({ softLimitBytes: KIB, hardLimitBytes: 10 * KIB, slowForMs: 5_000 });
    const [stuck, far, busy] = [createClient(), createClient(), createClient()];
    for (const client of [stuck, far, busy]) hub.subscribe(client, ["job:a"]);
    await settle();
    stuck.bufferedBytes = busy.bufferedBytes = 2 * KIB;
    far.bufferedBytes = 11 * KIB;
    hub.tend();
    expect([stuck.dropped, far.dropped, busy.dropped]).toEqual([null, "SLOW_CLIENT", null]);
    await vi.advanceTimersByTimeAsync(3_000);
    busy.bufferedBytes = 0;
    hub.tend();
    busy.bufferedBytes = 2 * KIB;
    await vi.advanceTimersByTimeAsync(3_000);
    hub.tend();
    expect([stuck.dropped, busy.dropped]).toEqual(["SLOW_CLIENT", null]);
  });

  it("tries again when nothing can be read, and nobody loses anything", async () => {
    const hub = makeHub({ retryMs: 500 });
    const [old, late] = [createClient(), createClient()];
    hub.subscribe(old, ["job:a"]);
    await settle();
    mirror.failing = true;
    await commit(hub, ["a"]);
    hub.subscribe(late, ["job:a"]);
    await vi.advanceTimersByTimeAsync(600);
    expect([kinds(old), kinds(late)]).toEqual([["snapshot job:a 1"], []]);
    mirror.failing = false;
    await vi.advanceTimersByTimeAsync(600);
    expect(kinds(old).at(-1)).toBe("update job:a 2 a@2");
    expect(kinds(late)).toEqual(["snapshot job:a 2"]);
  });

  it("finds commits that nobody told of", async () => {
    const hub = makeHub({ listenAgainMs: 2_000 });
    const client = createClient();
    hub.subscribe(client, ["job:a"]);
    await settle();
    mirror.commit(["a"]);
    hub.tend();
    await settle();
    expect(kinds(client)).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    hub.tend();
    await settle();
    expect(kinds(client).at(-1)).toBe("update job:a 2 a@2");
  });

  it("counts topics once per peer", async () => {
    const hub = makeHub({ maxTopicsPerPeer: 2 });
    const client = createClient();
    hub.subscribe(client, ["job:a", "job:b"]);
    await settle();
    hub.subscribe(client, ["job:a"]);
    await settle();
    hub.subscribe(client, ["job:c"]);
    expect(client.received.at(-1)).toMatchObject({ type: "error", code: "TOO_MANY_TOPICS", field: "topics" });
    hub.unsubscribe(client, ["job:b"]);
    hub.subscribe(client, ["job:c"]);
    await settle();
    expect(kinds(client)).toEqual([
      "snapshot job:a 1",
      "snapshot job:b 1",
      "snapshot job:a 1",
      "error",
      "snapshot job:c 1",
    ]);
  });
});

describe("clients that come and go at random", () => {
  const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  it.each(SEEDS)("hold what one that stayed holds, and saw the same settlements (seed %i)", async (seed) => {
    let random = seed * 7919;
    const below = (n: number) => {
      random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((random / 2 ** 32) * n);
    };
    const jobs = ["a", "b", "c", "d"];
    const names = ["network", ...jobs.map((job) => `job:${job}`)];
    // Two instances on one mirror, one of which tells dear topics late.
    const instances = [
      makeHub({ softLimitBytes: 100 }),
      makeHub({ softLimitBytes: 100, minIntervalMs: (t) => (t.kind === "network" ? 30 : 0) }),
    ];
    const stayed = createClient();
    instances[0]?.subscribe(stayed, names);
    await settle();
    const roamers = Array.from({ length: 6 }, () => ({
      client: createClient(),
      at: null as Hub | null,
      peer: null as Peer | null,
    }));
    const start = mirror.version;

    const connect = (roamer: (typeof roamers)[number]) => {
      const hub = instances[below(2)] as Hub;
      const { client } = roamer;
      // A connection of its own, that may be cut while messages are on their way.
      const peer: Peer = {
        send: (frame) => {
          if (roamer.peer === peer) client.send(frame);
        },
        get bufferedBytes() {
          return client.bufferedBytes;
        },
        drop: () => undefined,
      };
      roamer.at = hub;
      roamer.peer = peer;
      hub.subscribe(peer, names, (name) => {
        const cursor = client.topics.get(name)?.cursor;
        return cursor ? parseCursor(cursor) : { mirror: MIRROR, version: start };
      });
    };
    const disconnect = (roamer: (typeof roamers)[number]) => {
      if (roamer.peer) roamer.at?.remove(roamer.peer);
      roamer.at = roamer.peer = null;
      roamer.client.bufferedBytes = 0;
    };

    for (let step = 0; step < 300; step += 1) {
      const dice = below(10);
      const roamer = roamers[below(roamers.length)] as (typeof roamers)[number];
      if (dice < 5) {
        const settled = jobs.filter(() => below(3) === 0);
        mirror.commit(
          [...settled, ...(below(4) === 0 ? settled : [])],
          jobs.filter(() => below(8) === 0),
        );
        // Sometimes only one instance hears of it in time.
        for (const hub of instances) if (below(5) > 0) hub.wake();
      } else if (dice < 7) {
        if (roamer.at) disconnect(roamer);
        else connect(roamer);
      } else if (dice < 8) roamer.client.bufferedBytes = roamer.at && below(2) === 0 ? 500 : 0;
      else if (dice < 9) for (const hub of instances) hub.tend();
      if (below(3) === 0) await vi.advanceTimersByTimeAsync(below(20));
      else for (let i = below(6); i > 0; i -= 1) await Promise.resolve();
    }
    for (const roamer of roamers) {
      roamer.client.bufferedBytes = 0;
      if (!roamer.at) connect(roamer);
    }
    for (const hub of instances) hub.tend();
    for (const hub of instances) hub.wake();
    await vi.advanceTimersByTimeAsync(1_000);

    for (const name of names) {
      const kept = stayed.topics.get(name);
      expect(kept?.state).toEqual(mirror.state(name, mirror.version));
      expect(kept?.ticks).toEqual(
        mirror.ticks(name.split(":")[1] ?? null, start, mirror.version).map(({ json }) => JSON.parse(json)),
      );
      for (const { client } of roamers) {
        expect(client.topics.get(name)?.state).toEqual(kept?.state);
        expect(client.topics.get(name)?.ticks).toEqual(kept?.ticks);
      }
    }
    for (const { client } of roamers) {
      for (const { resets } of client.topics.values()) expect(resets).toBe(0);
      for (const message of client.received) {
        expect(zWsServerMessage.safeParse({ ...message, ticks: undefined }).error).toBeUndefined();
      }
    }
    expect(formatCursor(mirror.position())).toMatch(/^a{12}-\d+$/);
  });
});
