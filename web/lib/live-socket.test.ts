import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLiveSocket } from "./live-socket.ts";

/** Stands in for the browser's WebSocket: the test plays the server. */
class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;
  constructor() {
    FakeSocket.all.push(this);
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  accept() {
    this.readyState = 1;
    this.onopen?.();
  }
  push(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
}
const cursor = (version: number) => `${"a".repeat(12)}-${version}`;
const snapshot = (topic: string, version: number) => ({
  type: "snapshot",
  topic,
  cursor: cursor(version),
  resume: "none",
  data: {},
});
const latest = () => FakeSocket.all.at(-1) as FakeSocket;
const connect = () => createLiveSocket("ws://x", () => new FakeSocket() as unknown as WebSocket);

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
});

it("subscribes once the socket opens and delivers by topic", () => {
  const live = connect();
  const got: unknown[] = [];
  live.subscribe("network", (push) => got.push(push.data));
  latest().accept();
  expect(latest().sent).toEqual([{ type: "subscribe", topics: ["network"] }]);
  latest().push({ ...snapshot("network", 1), data: { jobs: 1 } });
  latest().push(snapshot("providers", 1));
  expect(got).toEqual([{ jobs: 1 }]);
  live.close();
});

it("delivers the whole state after each change, and to a second listener at once", () => {
  const live = connect();
  const got: unknown[] = [];
  live.subscribe("network", (push) => got.push(push.data));
  latest().accept();
  latest().push({ ...snapshot("network", 1), data: { jobs: 1, providers: 2 } });
  latest().push({ type: "update", topic: "network", cursor: cursor(2), set: { jobs: 5 } });
  expect(got).toEqual([
    { jobs: 1, providers: 2 },
    { jobs: 5, providers: 2 },
  ]);
  const second: unknown[] = [];
  live.subscribe("network", (push) => second.push(push.data));
  expect(second).toEqual([{ jobs: 5, providers: 2 }]);
  expect(latest().sent).toHaveLength(1);
  live.close();
});

it("asks for what it missed after a lost connection, and doesn't take a change to a state it never had", () => {
  const live = connect();
  const got: unknown[] = [];
  live.subscribe("network", (push) => got.push(push.data));
  latest().accept();
  latest().push({ type: "update", topic: "network", cursor: cursor(1), set: { jobs: 5 } });
  expect(got).toEqual([]);
  latest().push({ ...snapshot("network", 2), data: { jobs: 2 } });
  latest().push({ type: "update", topic: "network", cursor: cursor(3) });
  latest().close();
  vi.advanceTimersByTime(1_000);
  latest().accept();
  expect(latest().sent).toEqual([{ type: "subscribe", topics: ["network"], since: { network: cursor(3) } }]);
  latest().push({ ...snapshot("network", 4), resume: "complete", data: { jobs: 4 } });
  expect(got.at(-1)).toEqual({ jobs: 4 });
  live.close();
});

it("subscribes again after a lost connection, and says so meanwhile", () => {
  const live = connect();
  live.subscribe("network", () => {});
  latest().accept();
  expect(live.status()).toBe("live");
  latest().close();
  expect(live.status()).toBe("reconnecting");
  vi.advanceTimersByTime(1_000);
  expect(FakeSocket.all).toHaveLength(2);
  latest().accept();
  expect(latest().sent).toEqual([{ type: "subscribe", topics: ["network"] }]);
  expect(live.status()).toBe("live");
  live.close();
});

it("takes long silence as a dead connection", () => {
  const live = connect();
  live.subscribe("network", () => {});
  latest().accept();
  latest().push({ type: "ping" });
  expect(latest().sent.at(-1)).toEqual({ type: "pong" });
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all.length).toBeGreaterThan(1);
  live.close();
});

it("stops asking for a topic nobody listens to", () => {
  const live = connect();
  const stop = live.subscribe("network", () => {});
  latest().accept();
  stop();
  expect(latest().sent.at(-1)).toEqual({ type: "unsubscribe", topics: ["network"] });
  live.close();
});

it("survives a message it doesn't know", () => {
  const live = connect();
  live.subscribe("network", () => {});
  latest().accept();
  expect(() => latest().push({ type: "from-the-future" })).not.toThrow();
  live.close();
});
