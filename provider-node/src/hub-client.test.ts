import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type HubMessage, type NodeMessage, type SignedUsage, zNodeMessage } from "@computestream/protocol";
import { afterEach, expect, it } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { createHubClient, type HubClient } from "./hub-client.ts";
import { createLogger } from "./logger.ts";
import type { OperatorKey } from "./operator-key.ts";

const JOB = `0x${"1".repeat(64)}`;
const PROVIDER = `0x${"2".repeat(64)}`;
const nonce = `0x${"3".repeat(64)}`;
const closers: Array<() => Promise<void>> = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const key = {
  signBytes: (bytes: Uint8Array) => `0x${Buffer.from(bytes).toString("hex")}`,
} as unknown as OperatorKey;

async function startHub(port = 0) {
  const server = new WebSocketServer({ port, host: "127.0.0.1", path: "/hub" });
  await once(server, "listening");
  const received: NodeMessage[] = [];
  let socket: WebSocket | null = null;
  const send = (message: HubMessage) => socket?.send(JSON.stringify(message));
  server.on("connection", (incoming) => {
    socket = incoming;
    incoming.on("message", (data) => {
      const message = zNodeMessage.parse(JSON.parse(data.toString())) as NodeMessage;
      received.push(message);
      if (message.type === "hello") send({ type: "welcome", provider: PROVIDER });
    });
    send({ type: "challenge", nonce, chainId: 4, packageAddress: "0x9" });
  });
  const close = async () => {
    for (const client of server.clients) client.terminate();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  closers.push(close);
  const actualPort = (server.address() as AddressInfo).port;
  return { received, send, close, port: actualPort, drop: () => socket?.terminate() };
}

function connect(port: number): HubClient {
  const client = createHubClient({
    relayerUrl: `http://127.0.0.1:${port}/`,
    provider: PROVIDER,
    chainId: 4,
    packageAddress: "0x9",
    key,
    log: createLogger("silent"),
    backoffMs: { first: 10, most: 50 },
  });
  closers.push(() => client.close());
  return client;
}

const usage = (seq: bigint): SignedUsage => ({
  job: JOB,
  seq,
  secondsCum: seq,
  tLast: 1_000n + seq,
  logRoot: `0x${"4".repeat(64)}`,
  signature: `0x${"5".repeat(128)}`,
});
const logLine = (offset: number) => ({
  type: "log" as const,
  job: JOB,
  offset,
  stream: "stdout" as const,
  at: 1,
  text: `line ${offset}`,
});
const kinds = (messages: NodeMessage[]) => messages.map((message) => message.type);
const seqs = (messages: NodeMessage[]) =>
  messages.flatMap((message) => (message.type === "attestation" ? [String(message.usage.seq)] : []));
const offsets = (messages: NodeMessage[]) => messages.flatMap((m) => (m.type === "log" ? [m.offset] : []));

it("answers the challenge with a signature bound to its own chain, package and provider", async () => {
  const hub = await startHub();
  const client = connect(hub.port);
  await expect.poll(() => client.connected).toBe(true);
  const hello = hub.received[0];
  if (hello?.type !== "hello") throw new Error("hello comes first");
  expect(Buffer.from(hello.signature.slice(2), "hex").toString()).toBe(
    `computestream::hub.v1\nchain: 4\npackage: 0x9\nprovider: ${PROVIDER}\nnonce: ${nonce}`,
  );
});

it("sends what happened before the session opened: newest attestation, status, all log lines in order", async () => {
  const hub = await startHub();
  const client = connect(hub.port);
  client.attest(usage(1n));
  client.attest(usage(2n));
  client.log(logLine(0));
  client.log(logLine(1));
  client.status({ type: "job_status", job: JOB, phase: "running", at: 1 });
  await expect.poll(() => hub.received.length).toBe(5);
  expect(kinds(hub.received)).toEqual(["hello", "job_status", "attestation", "log", "log"]);
  expect(seqs(hub.received)).toEqual(["2"]);
  client.log(logLine(2));
  client.attest(usage(3n));
  await expect.poll(() => seqs(hub.received)).toEqual(["2", "3"]);
  expect(offsets(hub.received)).toEqual([0, 1, 2]);
});

it("comes back after a lost connection and sends again what may have been lost", async () => {
  const hub = await startHub();
  const client = connect(hub.port);
  await expect.poll(() => client.connected).toBe(true);
  client.attest(usage(1n));
  client.log(logLine(0));
  await expect.poll(() => hub.received.length).toBe(3);
  hub.drop();
  client.attest(usage(2n));
  client.log(logLine(1));
  await expect.poll(() => seqs(hub.received)).toEqual(["1", "2"]);
  await expect.poll(() => offsets(hub.received)).toEqual([0, 0, 1]);
});

it("waits for a hub that isn't there yet", async () => {
  const first = await startHub();
  await first.close();
  const client = connect(first.port);
  client.attest(usage(7n));
  await new Promise((resolve) => setTimeout(resolve, 60));
  const hub = await startHub(first.port);
  await expect.poll(() => seqs(hub.received)).toEqual(["7"]);
});

it("knows what was acknowledged, and survives a hub that talks nonsense", async () => {
  const hub = await startHub();
  const client = connect(hub.port);
  await expect.poll(() => client.connected).toBe(true);
  client.attest(usage(5n));
  hub.send({ type: "nonsense" } as never);
  hub.send({ type: "reject", job: JOB, seq: "4", code: "STALE", message: "old" });
  hub.send({ type: "ack", job: JOB, seq: "5" });
  await expect.poll(() => client.ackedSeq(JOB)).toBe(5n);
  client.forget(JOB);
  expect(client.ackedSeq(JOB)).toBe(0n);
  expect(client.connected).toBe(true);
});
