/**
 * Who listens to which topic, and what they get: a snapshot, then updates and ticks, the newest state for the slow.
 * It doesn't know sockets or SQL: peers and the reader of topics are given to it.
 */
import type { TickDto, WsServerMessage } from "@computestream/protocol/api";
import type { TopicData } from "./topics.ts";

export interface Peer {
  send(text: string): void;
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedBytes: number;
  drop(code: string, message: string): void;
}

/** What one or more commits changed. */
export interface Changes {
  version: bigint;
  topics: Iterable<string>;
  ticks: TickDto[];
}

export interface HubOptions {
  readTopics(topics: string[]): Promise<Map<string, TopicData>>;
  onError(error: unknown): void;
  maxTopicsPerPeer?: number;
  /** Above this a peer gets no more ticks, and one update of each topic once it has caught up. */
  softLimitBytes?: number;
  /** Above this it is dropped. */
  hardLimitBytes?: number;
  /** Least time between two updates of a topic that is dear to read. */
  minIntervalMs?: (topic: string) => number;
  retryMs?: number;
}

interface Subscription {
  /** Messages held back until the snapshot has been sent; null afterwards. */
  held: Array<{ version: bigint; text: string }> | null;
  /** An update was left out because the peer was slow. */
  stale: boolean;
}

const DEFAULT_INTERVALS: Record<string, number> = { network: 250, providers: 1_000 };

export type Hub = ReturnType<typeof createHub>;

export function createHub(options: HubOptions) {
  const maxTopics = options.maxTopicsPerPeer ?? 100;
  const softLimit = options.softLimitBytes ?? 512 * 1024;
  const hardLimit = options.hardLimitBytes ?? 4 * 1024 * 1024;
  const interval = options.minIntervalMs ?? ((topic: string) => DEFAULT_INTERVALS[topic] ?? 0);
  const retryMs = options.retryMs ?? 1_000;

  const topics = new Map<string, Map<Peer, Subscription>>();
  const peers = new Map<Peer, Set<string>>();
  const dirty = new Set<string>();
  const lastReadMs = new Map<string, number>();
  let flushing = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  /** Sends the snapshot of each topic; a repeat sends it again. */
  async function subscribe(peer: Peer, wanted: string[]): Promise<void> {
    const mine = peers.get(peer) ?? new Set();
    peers.set(peer, mine);
    const total = new Set([...mine, ...wanted]).size;
    if (total > maxTopics) {
      return sendTo(peer, {
        type: "error",
        code: "TOO_MANY_TOPICS",
        message: `one connection takes ${maxTopics} topics, this would be ${total}: unsubscribe from some`,
      });
    }
    const waiting = new Map<string, Subscription>();
    for (const topic of wanted) {
      mine.add(topic);
      const subscription: Subscription = { held: [], stale: false };
      waiting.set(topic, subscription);
      const listeners = topics.get(topic) ?? new Map();
      topics.set(topic, listeners.set(peer, subscription));
    }
    let data: Map<string, TopicData>;
    try {
      data = await options.readTopics([...waiting.keys()]);
    } catch (error) {
      options.onError(error);
      for (const [topic, subscription] of waiting)
        if (isCurrent(peer, topic, subscription)) leave(peer, topic);
      return sendTo(peer, {
        type: "error",
        code: "SNAPSHOT_FAILED",
        message: "the state can't be read right now: subscribe again",
      });
    }
    for (const [topic, subscription] of waiting) {
      const snapshot = data.get(topic);
      // Unsubscribed, or subscribed anew, while we were reading.
      if (!snapshot || !isCurrent(peer, topic, subscription)) continue;
      const { version } = snapshot;
      sendTo(peer, { type: "snapshot", topic, version: version.toString(), data: snapshot.data });
      for (const message of subscription.held ?? []) if (message.version > version) peer.send(message.text);
      subscription.held = null;
    }
  }

  function unsubscribe(peer: Peer, unwanted: string[]): void {
    for (const topic of unwanted) leave(peer, topic);
  }

  /** Forgets a peer whose connection is gone. */
  function remove(peer: Peer): void {
    for (const topic of peers.get(peer) ?? []) leave(peer, topic);
    peers.delete(peer);
  }

  /** Passes on ticks at once and updates as soon as their data is read. */
  function publish(changes: Changes): void {
    for (const tick of changes.ticks) {
      for (const topic of [`job:${tick.job}`, "network"]) {
        if (!topics.has(topic)) continue;
        const text = encode({ type: "tick", topic, version: tick.version, tick });
        for (const [peer, subscription] of topics.get(topic) ?? []) {
          if (peer.bufferedBytes <= softLimit) deliver(peer, subscription, BigInt(tick.version), text);
        }
      }
    }
    for (const topic of changes.topics) if (topics.has(topic)) dirty.add(topic);
    void flush();
  }

  /** Every topic may have changed: after a time in which changes weren't heard of. */
  function touchAll(): void {
    for (const topic of topics.keys()) dirty.add(topic);
    void flush();
  }

  /** To be called now and then: brings slow peers up to date once they have caught up. */
  function tend(): void {
    for (const peer of peers.keys()) {
      if (peer.bufferedBytes > hardLimit) tooSlow(peer);
    }
    for (const [topic, listeners] of topics) {
      for (const [peer, subscription] of listeners) {
        if (subscription.stale && peer.bufferedBytes <= softLimit) dirty.add(topic);
      }
    }
    void flush();
  }

  async function flush(): Promise<void> {
    if (flushing || closed) return;
    flushing = true;
    try {
      for (;;) {
        const now = Date.now();
        const due = [...dirty].filter((topic) => now - (lastReadMs.get(topic) ?? 0) >= interval(topic));
        if (due.length === 0) break;
        for (const topic of due) {
          dirty.delete(topic);
          lastReadMs.set(topic, now);
        }
        try {
          const data = await options.readTopics(due);
          for (const [topic, update] of data) broadcast(topic, update);
        } catch (error) {
          options.onError(error);
          for (const topic of due) if (topics.has(topic)) dirty.add(topic);
          schedule(retryMs);
          return;
        }
      }
      for (const topic of dirty) schedule(interval(topic) - (Date.now() - (lastReadMs.get(topic) ?? 0)));
    } finally {
      flushing = false;
    }
  }

  function schedule(delayMs: number): void {
    if (timer || closed) return;
    timer = setTimeout(
      () => {
        timer = undefined;
        void flush();
      },
      Math.max(1, delayMs),
    );
  }

  function broadcast(topic: string, { version, data }: TopicData): void {
    const text = encode({ type: "update", topic, version: version.toString(), data });
    for (const [peer, subscription] of topics.get(topic) ?? []) {
      subscription.stale = peer.bufferedBytes > softLimit;
      if (!subscription.stale) deliver(peer, subscription, version, text);
    }
  }

  function deliver(peer: Peer, subscription: Subscription, version: bigint, text: string): void {
    if (subscription.held) subscription.held.push({ version, text });
    else peer.send(text);
    if (peer.bufferedBytes > hardLimit) tooSlow(peer);
  }

  function tooSlow(peer: Peer): void {
    remove(peer);
    peer.drop("SLOW_CLIENT", "the connection takes less than it subscribed to: reconnect with fewer topics");
  }

  function leave(peer: Peer, topic: string): void {
    peers.get(peer)?.delete(topic);
    const listeners = topics.get(topic);
    listeners?.delete(peer);
    if (listeners?.size !== 0) return;
    topics.delete(topic);
    dirty.delete(topic);
    lastReadMs.delete(topic);
  }

  const isCurrent = (peer: Peer, topic: string, subscription: Subscription) =>
    topics.get(topic)?.get(peer) === subscription;

  return {
    subscribe,
    unsubscribe,
    remove,
    publish,
    touchAll,
    tend,
    /** Whether anybody listens to anything. */
    get isIdle() {
      return topics.size === 0;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

export function encode(message: WsServerMessage): string {
  return JSON.stringify(message);
}

function sendTo(peer: Peer, message: WsServerMessage): void {
  peer.send(encode(message));
}
