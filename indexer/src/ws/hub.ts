/**
 * Who listens to which topic, and what they get: a snapshot, then each change, in order and once; the newest state for
 * those who fell behind, with what they missed.
 * It doesn't know sockets or SQL: peers and the reader of moments are given to it.
 */
import type { ResetReason } from "@computestream/protocol/api";
import { formatCursor, type Position } from "./cursor.ts";
import { Frame } from "./frame.ts";
import { type Happened, LiveTopic, type Peer, type Wait } from "./live-topic.ts";
import type { Moment } from "./moment.ts";
import { intervalMsOf, partsOf } from "./topics.ts";

export type { Peer } from "./live-topic.ts";

export interface HubOptions {
  /** Everything that `work` reads is of one moment of one mirror. */
  read<T>(work: (moment: Moment) => Promise<T>): Promise<T>;
  onError(error: unknown): void;
  /** How long each round took, and of how many topics it read the state. */
  onRound?: (round: { ms: number; topics: number }) => void;
  maxTopicsPerPeer?: number;
  /** Above this a peer gets nothing more until it has taken it. */
  softLimitBytes?: number;
  /** Above this it is dropped. */
  hardLimitBytes?: number;
  /** A peer that is above the soft limit for so long is dropped. */
  slowForMs?: number;
  /** Least time between two updates of a topic. */
  minIntervalMs?: (topic: LiveTopic) => number;
  retryMs?: number;
  /** Commits of which nobody told are found after so long. */
  listenAgainMs?: number;
}

interface PeerState {
  topics: Set<string>;
  slowSinceMs: number | null;
  /** Of some topic it is told more once it has taken what it was sent. */
  isBehind: boolean;
}

/** Those who catch up in one round: each may have a long list to itself. */
const MAX_CATCHING_UP = 200;

export type Hub = ReturnType<typeof createHub>;

export function createHub(options: HubOptions) {
  const maxTopics = options.maxTopicsPerPeer ?? 100;
  const softLimit = options.softLimitBytes ?? 128 * 1024;
  const hardLimit = options.hardLimitBytes ?? 8 * 1024 * 1024;
  const slowForMs = options.slowForMs ?? 30_000;
  const retryMs = options.retryMs ?? 1_000;
  const listenAgainMs = options.listenAgainMs ?? 2_000;
  const intervalOf = options.minIntervalMs ?? ((topic) => intervalMsOf(topic.kind));

  const topics = new Map<string, LiveTopic>();
  const peers = new Map<Peer, PeerState>();
  /** Addresses of wallets that somebody listens to. */
  const wallets = new Set<string>();
  /** Who came during a round: they may have been told more, by another instance, than that round's moment holds. */
  const newcomers = new Set<Wait>();
  /** Topics that may have something to tell, or somebody to tell it to. */
  const busy = new Set<LiveTopic>();
  /** What of the mirror was heard of; null while nobody listens. */
  let heard: Position | null = null;
  let isRunning = false;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let lastRoundMs = 0;
  let closed = false;

  /** A snapshot of each topic follows, with what happened after `since` where it is given; a repeat sends it again. */
  function subscribe(
    peer: Peer,
    wanted: string[],
    since: (topic: string) => Position | null = () => null,
  ): void {
    const mine = peers.get(peer) ?? { topics: new Set(), slowSinceMs: null, isBehind: false };
    const total = new Set([...mine.topics, ...wanted]).size;
    if (total > maxTopics) {
      const message = `one connection takes ${maxTopics} topics, this would be ${total}: unsubscribe from some`;
      tellError(peer, "TOO_MANY_TOPICS", message, "topics");
      return;
    }
    peers.set(peer, mine);
    for (const name of wanted) {
      mine.topics.add(name);
      const topic = topics.get(name) ?? new LiveTopic(name);
      topics.set(name, topic);
      if (topic.kind === "wallet") wallets.add(partsOf(name).address);
      newcomers.add(topic.join(peer, since(name)));
      busy.add(topic);
    }
    wake();
  }

  function unsubscribe(peer: Peer, unwanted: string[]): void {
    for (const topic of unwanted) leave(peer, topic);
  }

  /** Forgets a peer whose connection is gone. */
  function remove(peer: Peer): void {
    for (const topic of peers.get(peer)?.topics ?? []) leave(peer, topic);
    peers.delete(peer);
  }

  function leave(peer: Peer, name: string): void {
    peers.get(peer)?.topics.delete(name);
    const topic = topics.get(name);
    topic?.leave(peer);
    if (!topic?.isEmpty) return;
    topics.delete(name);
    busy.delete(topic);
    wallets.delete(partsOf(name).address);
    if (topics.size === 0) heard = null;
  }

  /** Something was committed, or may have been. */
  function wake(): void {
    again = true;
    void run();
  }

  /** The state of these has changed without a commit. */
  function touch(names: Iterable<string>): void {
    for (const name of names) {
      const topic = topics.get(name);
      if (!topic?.state) continue;
      topic.dirty = true;
      busy.add(topic);
      again = true;
    }
    if (again) void run();
  }

  /** To be called now and then: drops who doesn't read, lets those catch up who do again. */
  function tend(): void {
    const now = Date.now();
    for (const [peer, state] of peers) {
      const isSlow = peer.bufferedBytes > softLimit;
      state.slowSinceMs = isSlow ? (state.slowSinceMs ?? now) : null;
      const isStuck = state.slowSinceMs !== null && now - state.slowSinceMs >= slowForMs;
      if (isStuck || peer.bufferedBytes > hardLimit) {
        remove(peer);
        peer.drop(
          "SLOW_CLIENT",
          "the connection takes less than it subscribed to: reconnect with fewer topics",
        );
      } else if (!isSlow && state.isBehind) {
        state.isBehind = false;
        for (const name of state.topics) {
          const topic = topics.get(name);
          const wait = topic?.waiting.get(peer);
          if (!topic || !wait || wait.ready) continue;
          wait.ready = true;
          busy.add(topic);
          again = true;
        }
      }
    }
    if (topics.size > 0 && now - lastRoundMs >= listenAgainMs) again = true;
    if (again) void run();
  }

  async function run(): Promise<void> {
    if (isRunning || closed) return;
    isRunning = true;
    try {
      while (again && !closed) {
        again = false;
        if (topics.size === 0) continue;
        const startedAt = performance.now();
        newcomers.clear();
        let read = 0;
        try {
          await options.read(async (moment) => {
            await hear(moment);
            const all = [...busy];
            read += await serve(
              moment,
              all.filter((topic) => intervalOf(topic) === 0),
            );
            read += await serve(
              moment,
              all.filter((topic) => intervalOf(topic) > 0),
            );
          });
        } catch (error) {
          options.onError(error);
          again = true;
          return schedule(retryMs);
        }
        lastRoundMs = Date.now();
        options.onRound?.({ ms: performance.now() - startedAt, topics: read });
      }
      scheduleNextDue();
    } finally {
      isRunning = false;
    }
  }

  /** Notes what was committed since the round before. */
  async function hear(moment: Moment): Promise<void> {
    const { mirror, version } = moment;
    const before = heard;
    if (!before) {
      heard = { mirror, version };
      return;
    }
    if (before.mirror !== mirror || version < before.version) {
      for (const topic of topics.values()) {
        topic.forget(before.mirror);
        busy.add(topic);
      }
    } else if (version > before.version) {
      const changes = await moment.changesAfter(before.version, { has: (name) => topics.has(name), wallets });
      for (const name of changes.topics === "all" ? topics.keys() : changes.topics) {
        const topic = topics.get(name);
        if (!topic) continue;
        topic.dirty = true;
        busy.add(topic);
        if (changes.happened) topic.happened(changes.happened.get(name) ?? []);
        else topic.catchUp(mirror);
      }
    }
    heard = { mirror, version };
  }

  /** Tells what changed of `some`, then brings those up to date who came or came back. Returns how many states it read. */
  async function serve(moment: Moment, some: LiveTopic[]): Promise<number> {
    const { mirror, version } = moment;
    const now = Date.now();
    const due = some.filter((topic) => isDue(topic, mirror, now));
    const states = due.length === 0 ? null : await moment.states(due.map(({ name }) => name));
    for (const topic of due) {
      topic.tell(states?.get(topic.name), { mirror, version }, isSlow);
      topic.sentAtMs = now;
    }
    for (const topic of some) if (!topic.dirty && topic.state) topic.isUnchangedUpTo(version);
    await bringUpToDate(
      moment,
      some.filter((topic) => topic.state !== null && !topic.hasGap),
    );
    for (const topic of some) if (!topic.dirty && topic.waiting.size === 0) busy.delete(topic);
    return due.length;
  }

  async function bringUpToDate(moment: Moment, some: LiveTopic[]): Promise<void> {
    const { mirror } = moment;
    const asks = new Map<string, { topic: string; after: bigint; until: bigint }>();
    const waiting: Array<{ topic: LiveTopic; peer: Peer; wait: Wait }> = [];
    let catchingUp = 0;
    for (const topic of some) {
      for (const [peer, wait] of topic.waiting) {
        if (!wait.ready) continue;
        if (newcomers.has(wait) && isAhead(wait, topic, mirror)) {
          again = true;
          continue;
        }
        if (wait.since && ++catchingUp > MAX_CATCHING_UP) again = true;
        else waiting.push({ topic, peer, wait });
        const { since } = wait;
        if (catchingUp > MAX_CATCHING_UP || since?.mirror !== mirror || since.version > topic.at) continue;
        asks.set(askKey(topic, since), { topic: topic.name, after: since.version, until: topic.at });
      }
    }
    const answers = asks.size === 0 ? [] : await moment.missed([...asks.values()]);
    const missed = new Map([...asks.keys()].map((key, i) => [key, answers[i] ?? null]));
    const frames = new Map<string, Frame>();
    for (const { topic, peer, wait } of waiting) {
      // Gone, or subscribed anew, while we were reading.
      if (topic.waiting.get(peer) !== wait) continue;
      if (isSlow(peer)) {
        wait.ready = false;
        continue;
      }
      topic.waiting.delete(peer);
      topic.followers.add(peer);
      const key = wait.since ? askKey(topic, wait.since) : topic.name;
      const resume = wait.since && resumeOf(wait.since, topic, mirror, missed);
      const frame = frames.get(key) ?? topic.snapshot(mirror, resume);
      frames.set(key, frame);
      peer.send(frame);
    }
  }

  function isDue(topic: LiveTopic, mirror: string, nowMs: number): boolean {
    if (topic.followers.size === 0 && !someWait(topic, ({ ready }) => ready)) return false;
    if (topic.state === null || topic.hasGap) return true;
    if (!topic.dirty) return false;
    if (nowMs - topic.sentAtMs >= intervalOf(topic)) return true;
    // One who was told more than we have told, by another instance.
    return someWait(topic, (wait) => isAhead(wait, topic, mirror));
  }

  function isAhead({ since }: Wait, topic: LiveTopic, mirror: string): boolean {
    return since !== null && since.mirror === mirror && since.version > topic.at;
  }

  function someWait(topic: LiveTopic, is: (wait: Wait) => boolean): boolean {
    for (const wait of topic.waiting.values()) if (is(wait)) return true;
    return false;
  }

  function scheduleNextDue(): void {
    const now = Date.now();
    let next = Number.POSITIVE_INFINITY;
    for (const topic of busy) {
      if (!topic.dirty || (topic.followers.size === 0 && !someWait(topic, ({ ready }) => ready))) continue;
      next = Math.min(next, intervalOf(topic) - (now - topic.sentAtMs));
    }
    if (next !== Number.POSITIVE_INFINITY) schedule(next);
  }

  function schedule(delayMs: number): void {
    if (closed) return;
    clearTimeout(timer);
    timer = setTimeout(wake, Math.max(1, delayMs));
  }

  function isSlow(peer: Peer): boolean {
    if (peer.bufferedBytes <= softLimit) return false;
    const state = peers.get(peer);
    if (state) state.isBehind = true;
    return true;
  }

  return {
    subscribe,
    unsubscribe,
    remove,
    wake,
    touch,
    tend,
    has: (topic: string) => topics.has(topic),
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

function askKey(topic: LiveTopic, since: Position): string {
  return `${topic.name} ${formatCursor(since)}`;
}

function resumeOf(
  since: Position,
  topic: LiveTopic,
  mirror: string,
  missed: Map<string, Happened[] | null>,
): { missed: Happened[] } | { reset: ResetReason } {
  if (since.mirror !== mirror) return { reset: "MIRROR_REPLACED" };
  if (since.version > topic.at) return { reset: "CURSOR_AHEAD" };
  const items = missed.get(askKey(topic, since));
  return items ? { missed: items } : { reset: "TOO_FAR_BEHIND" };
}

export function tellError(peer: Pick<Peer, "send">, code: string, message: string, field?: string): void {
  peer.send(new Frame(JSON.stringify({ type: "error", code, message, field })));
}
