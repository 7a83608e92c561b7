import type { TickDto, WsServerMessage } from "@computestream/protocol/api";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createHub, type Hub, type HubOptions, type Peer } from "./hub.ts";
import type { TopicData } from "./topics.ts";

const KIB = 1024;

function createPeer() {
  const received: WsServerMessage[] = [];
  const peer: Peer & { bufferedBytes: number; received: WsServerMessage[]; dropped: string | null } = {
    received,
    bufferedBytes: 0,
    dropped: null,
    send: (text) => received.push(JSON.parse(text)),
    drop(code) {
      peer.dropped = code;
    },
  };
  return peer;
}

let version: bigint;
let reads: string[][];
let gate: Promise<void> | null;
let failing: boolean;
const readTopics = async (topics: string[]): Promise<Map<string, TopicData>> => {
  reads.push(topics);
  const at = version;
  await gate;
  if (failing) throw new Error("the database is away");
  return new Map(topics.map((topic) => [topic, { version: at, data: `${topic}@${at}` }]));
};

const hubs: Hub[] = [];
function makeHub(options: Partial<HubOptions> = {}): Hub {
  const hub = createHub({ readTopics, onError: () => undefined, minIntervalMs: () => 0, ...options });
  hubs.push(hub);
  return hub;
}

beforeEach(() => {
  version = 1n;
  reads = [];
  gate = null;
  failing = false;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  for (const hub of hubs.splice(0)) hub.close();
  vi.useRealTimers();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const kinds = (peer: { received: WsServerMessage[] }) =>
  peer.received.map((m) => ("version" in m ? `${m.type} ${m.topic} ${m.version}` : m.type));
const tick = (job: string, at: bigint) => ({ job, version: String(at) }) as TickDto;

describe("createHub", () => {
  it("holds what happens while a snapshot is read, and drops what the snapshot already has", async () => {
    const hub = makeHub();
    const peer = createPeer();
    let openGate = () => {};
    gate = new Promise((resolve) => {
      openGate = resolve;
    });
    version = 5n;
    const subscribed = hub.subscribe(peer, ["job:a"]);
    hub.publish({ version: 5n, topics: [], ticks: [tick("a", 5n)] });
    hub.publish({ version: 6n, topics: [], ticks: [tick("a", 6n)] });
    expect(peer.received).toEqual([]);
    openGate();
    await subscribed;
    expect(kinds(peer)).toEqual(["snapshot job:a 5", "tick job:a 6"]);
  });

  it("reads a topic once for all who listen, and not at all when nobody does", async () => {
    const hub = makeHub();
    const peers = [createPeer(), createPeer(), createPeer()];
    for (const peer of peers) await hub.subscribe(peer, ["job:a"]);
    reads = [];
    version = 2n;
    hub.publish({ version: 2n, topics: ["job:a", "job:unwatched"], ticks: [] });
    await settle();
    expect(reads).toEqual([["job:a"]]);
    for (const peer of peers) expect(kinds(peer).at(-1)).toBe("update job:a 2");
    for (const peer of peers) hub.remove(peer);
    hub.publish({ version: 3n, topics: ["job:a"], ticks: [tick("a", 3n)] });
    await settle();
    expect(reads).toHaveLength(1);
    expect(hub.isIdle).toBe(true);
  });

  it("spaces the updates of a dear topic and sends the last one", async () => {
    const hub = makeHub({ minIntervalMs: () => 1_000 });
    const peer = createPeer();
    await hub.subscribe(peer, ["network"]);
    for (version = 2n; version <= 9n; version += 1n) {
      hub.publish({ version, topics: ["network"], ticks: [] });
      await vi.advanceTimersByTimeAsync(10);
    }
    expect(kinds(peer)).toEqual(["snapshot network 1", "update network 2"]);
    version = 9n;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(kinds(peer)).toEqual(["snapshot network 1", "update network 2", "update network 9"]);
  });

  it("gives a slow peer the newest state once it has caught up, and others everything meanwhile", async () => {
    const hub = makeHub({ softLimitBytes: 100 * KIB, hardLimitBytes: 1000 * KIB });
    const slow = createPeer();
    const quick = createPeer();
    await hub.subscribe(slow, ["job:a"]);
    await hub.subscribe(quick, ["job:a"]);
    slow.bufferedBytes = 200 * KIB;
    for (version = 2n; version <= 4n; version += 1n) {
      hub.publish({ version, topics: ["job:a"], ticks: [tick("a", version)] });
      await settle();
    }
    version = 4n;
    expect(kinds(slow)).toEqual(["snapshot job:a 1"]);
    expect(kinds(quick)).toHaveLength(7);
    hub.tend();
    await settle();
    expect(kinds(slow)).toEqual(["snapshot job:a 1"]);
    slow.bufferedBytes = 0;
    hub.tend();
    await settle();
    expect(kinds(slow)).toEqual(["snapshot job:a 1", "update job:a 4"]);
    const { length } = slow.received;
    hub.tend();
    await settle();
    expect(slow.received).toHaveLength(length);
  });

  it("drops a peer that is too far behind", async () => {
    const hub = makeHub({ softLimitBytes: KIB, hardLimitBytes: 10 * KIB });
    const peer = createPeer();
    await hub.subscribe(peer, ["job:a"]);
    peer.bufferedBytes = 11 * KIB;
    hub.tend();
    expect(peer.dropped).toBe("SLOW_CLIENT");
    expect(hub.isIdle).toBe(true);
  });

  it("tries again when the state can't be read", async () => {
    const hub = makeHub({ retryMs: 500 });
    const peer = createPeer();
    await hub.subscribe(peer, ["job:a"]);
    failing = true;
    version = 2n;
    hub.publish({ version: 2n, topics: ["job:a"], ticks: [] });
    await vi.advanceTimersByTimeAsync(600);
    expect(kinds(peer)).toEqual(["snapshot job:a 1"]);
    failing = false;
    await vi.advanceTimersByTimeAsync(600);
    expect(kinds(peer)).toEqual(["snapshot job:a 1", "update job:a 2"]);
  });

  it("tells when a snapshot can't be read and forgets the subscription", async () => {
    const hub = makeHub();
    const peer = createPeer();
    failing = true;
    await hub.subscribe(peer, ["job:a"]);
    expect(peer.received).toMatchObject([{ type: "error", code: "SNAPSHOT_FAILED" }]);
    expect(hub.isIdle).toBe(true);
  });

  it("counts topics once per peer", async () => {
    const hub = makeHub({ maxTopicsPerPeer: 2 });
    const peer = createPeer();
    await hub.subscribe(peer, ["job:a", "job:b"]);
    await hub.subscribe(peer, ["job:a"]);
    await hub.subscribe(peer, ["job:c"]);
    expect(kinds(peer)).toEqual(["snapshot job:a 1", "snapshot job:b 1", "snapshot job:a 1", "error"]);
    hub.unsubscribe(peer, ["job:b"]);
    await hub.subscribe(peer, ["job:c"]);
    expect(kinds(peer).at(-1)).toBe("snapshot job:c 1");
  });
});
