/**
 * One WebSocket to the indexer for the whole page: topics by reference count, reconnect with back-off, freshness.
 * It doesn't know React or what a topic's data means.
 */
import {
  MAX_TOPICS_PER_MESSAGE,
  nextLiveState,
  type TickDto,
  type WsServerMessage,
  zWsServerMessage,
} from "@computestream/protocol/api";

export type LiveStatus = "connecting" | "live" | "reconnecting";

/** A topic's whole state, and the settlements since the push before. */
export interface Push {
  topic: string;
  data: unknown;
  ticks: TickDto[];
}

export interface LiveSocket {
  /** Delivers a topic's pushes, the state known now first, until the returned function is called. */
  subscribe(topic: string, listener: (push: Push) => void): () => void;
  status(): LiveStatus;
  onStatus(listener: () => void): () => void;
  close(): void;
}

const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 15_000;
/** The server pings; silence longer than this means the connection is dead although nobody said so. */
const SILENCE_MS = 45_000;

export function createLiveSocket(
  url: string,
  open: (url: string) => WebSocket = (u) => new WebSocket(u),
): LiveSocket {
  const listeners = new Map<string, Set<(push: Push) => void>>();
  /** What is known of each topic that somebody listens to, and where to go on after a lost connection. */
  const known = new Map<string, { data: unknown; cursor: string }>();
  const statusListeners = new Set<() => void>();
  let socket: WebSocket | null = null;
  let status: LiveStatus = "connecting";
  let attempts = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let closed = false;

  const setStatus = (next: LiveStatus): void => {
    if (status === next) return;
    status = next;
    for (const listener of statusListeners) listener();
  };
  const send = (message: object): void => {
    if (socket?.readyState === 1) socket.send(JSON.stringify(message));
  };
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => socket?.close(), SILENCE_MS);
  };

  const receive = (text: unknown): void => {
    heard();
    let message: WsServerMessage;
    try {
      message = zWsServerMessage.parse(JSON.parse(String(text)));
    } catch {
      // A message of a newer server: the REST answers stay right, so drop it.
      return;
    }
    if (message.type === "ping") {
      send({ type: "pong" });
      return;
    }
    if (message.type === "error") return;
    setStatus("live");
    const { topic, cursor, ticks = [] } = message;
    // An answer to who has left meanwhile, or a change to what was never told.
    if (!listeners.has(topic) || (message.type === "update" && !known.has(topic))) return;
    const data = nextLiveState(known.get(topic)?.data, message);
    known.set(topic, { data, cursor });
    for (const listener of listeners.get(topic) ?? []) listener({ topic, data, ticks });
  };

  const ask = (topics: string[]): void => {
    for (let i = 0; i < topics.length; i += MAX_TOPICS_PER_MESSAGE) {
      const some = topics.slice(i, i + MAX_TOPICS_PER_MESSAGE);
      const cursors = some.flatMap((topic) => {
        const cursor = known.get(topic)?.cursor;
        return cursor === undefined ? [] : [[topic, cursor]];
      });
      send({
        type: "subscribe",
        topics: some,
        ...(cursors.length > 0 ? { since: Object.fromEntries(cursors) } : {}),
      });
    }
  };

  const connect = (): void => {
    if (closed || socket) return;
    const current = open(url);
    socket = current;
    current.onopen = () => {
      attempts = 0;
      heard();
      ask([...listeners.keys()]);
      setStatus("live");
    };
    current.onmessage = (event) => receive(event.data);
    current.onclose = () => {
      clearTimeout(silence);
      if (socket === current) socket = null;
      if (closed || listeners.size === 0) return;
      setStatus("reconnecting");
      // Half of it at random, so that a restarted server isn't met by everybody at once.
      const wait = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts++);
      retry = setTimeout(connect, wait / 2 + (Math.random() * wait) / 2);
    };
  };

  return {
    subscribe(topic, listener) {
      const set = listeners.get(topic) ?? new Set();
      const isNew = set.size === 0;
      set.add(listener);
      listeners.set(topic, set);
      connect();
      if (isNew) ask([topic]);
      const now = known.get(topic);
      if (now) listener({ topic, data: now.data, ticks: [] });
      return () => {
        set.delete(listener);
        if (set.size > 0 || listeners.get(topic) !== set) return;
        listeners.delete(topic);
        known.delete(topic);
        send({ type: "unsubscribe", topics: [topic] });
      };
    },
    status: () => status,
    onStatus(listener) {
      statusListeners.add(listener);
      return () => statusListeners.delete(listener);
    },
    close() {
      closed = true;
      clearTimeout(retry);
      clearTimeout(silence);
      socket?.close();
    },
  };
}
