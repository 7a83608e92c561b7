/** Sockets and HTTP on a real Redis; only the chain's views are stand-ins. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import {
  hubHelloMessage,
  type LogMessage,
  logAccessMessage,
  type SignedUsage,
  signedUsageToJson,
  type TelemetryMessage,
} from "@computestream/protocol";
import { zApiError } from "@computestream/protocol/api";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import WebSocket, { WebSocketServer } from "ws";
import { createApp } from "../src/http/app.ts";
import { authenticationKeyOf } from "../src/hub/log-access.ts";
import { openNodeSession } from "../src/hub/node-session.ts";
import { openReaderSession } from "../src/hub/reader-session.ts";
import { attachHub, type HubServer } from "../src/hub/server.ts";
import { DEFAULT_LIMITS, openSocket } from "../src/hub/socket.ts";
import { createCountersignatureIntake } from "../src/intake/countersignatures.ts";
import { createIntake } from "../src/intake/intake.ts";
import { createMetrics } from "../src/metrics.ts";
import { createAttestationStore } from "../src/store/attestations.ts";
import { createConfirmationStore } from "../src/store/confirmations.ts";
import { createJobStatusStore } from "../src/store/job-status.ts";
import { createLogStore } from "../src/store/logs.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import { BUYER_KEY, CHAIN, FOREIGN_JOB, fakeViews, JOB, PROVIDER, PROVIDER_KEY, usage } from "./fakes.ts";
import { publicKeyOf, signBytes } from "./keys.ts";

const logger = pino({ level: "silent" });
const WAIT = { timeout: 30_000 };
const ORIGIN = "http://dashboard.example";
const buyerPublicKey = publicKeyOf(BUYER_KEY);
const buyer = authenticationKeyOf(buyerPublicKey);

let redis: RedisPart;
let connections: RedisConnections;
let server: Server;
let hub: HubServer;
let base: string;
const open = new Set<WebSocket>();
const told: Array<{ provider: string; message: TelemetryMessage }> = [];

beforeAll(async () => {
  redis = await startRedis();
  connections = await connectRedis(redis.url, logger);
  const keys = createKeys(CHAIN);
  const views = fakeViews(buyer);
  const attestations = createAttestationStore(connections.commands, keys);
  const status = createJobStatusStore(connections.commands, keys);
  const logs = await createLogStore(connections.commands, connections.subscriber, keys);
  const metrics = createMetrics();
  const intake = createIntake({
    ...CHAIN,
    views,
    store: attestations,
    onRejected: ({ code }) => metrics.rejected.inc({ reason: code }),
  });
  const check = { ok: true };
  server = createServer(
    createApp({
      corsOrigins: [ORIGIN],
      intake,
      countersignatures: createCountersignatureIntake({
        ...CHAIN,
        views,
        store: createConfirmationStore(connections.commands, keys),
      }),
      attestations,
      status,
      logger,
      health: {
        report: async () => ({
          ok: true,
          ...CHAIN,
          relayer: "0x1",
          submitter: true,
          balance: "1",
          checks: { redis: check, chain: check, balance: check, tick: check },
        }),
      },
      metrics: async () => ({
        contentType: metrics.registry.contentType,
        text: await metrics.registry.metrics(),
      }),
    }),
  );
  const telemetry = async (message: TelemetryMessage, provider: string) => {
    told.push({ provider, message });
  };
  const commands = { attach: () => () => undefined, answer: async () => undefined };
  const session = {
    ...CHAIN,
    views,
    intake,
    logs,
    status,
    telemetry,
    commands,
    limits: DEFAULT_LIMITS,
    logger,
  };
  hub = attachHub(server, {
    corsOrigins: [ORIGIN],
    maxSessions: 100,
    maxSessionsPerAddress: 100,
    addressOf: ({ socket }) => socket.remoteAddress ?? "",
    open: {
      hub: (ws, onClose) => openNodeSession(ws, { ...session, helloTimeoutMs: 5000 }, onClose),
      logs: (ws, onClose) =>
        openReaderSession(
          ws,
          {
            access: { ...CHAIN, views, authenticationKey: async () => null, tokens: null },
            logs,
            limits: DEFAULT_LIMITS,
            openTimeoutMs: 5000,
            logger,
          },
          onClose,
        ),
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const ws of open) ws.terminate();
  await hub?.close();
  await new Promise((resolve) => server?.close(resolve));
  await connections?.close();
  await redis?.close();
});
beforeEach(() => connections.commands.flushall());

interface Client {
  ws: WebSocket;
  messages: Array<Record<string, unknown>>;
  send(message: unknown): void;
  next(type: string): Promise<Record<string, unknown>>;
  closed: Promise<number>;
}

function client(path: string, headers: Record<string, string> = {}): Client {
  const ws = new WebSocket(`ws://${base}${path}`, { headers });
  open.add(ws);
  const messages: Array<Record<string, unknown>> = [];
  const taken = new Set<unknown>();
  ws.on("message", (data) => messages.push(JSON.parse(data.toString())));
  ws.on("error", () => undefined);
  const closed = new Promise<number>((resolve) => ws.once("close", (code) => resolve(code)));
  return {
    ws,
    messages,
    closed,
    send: (message) => ws.send(typeof message === "string" ? message : JSON.stringify(message)),
    async next(type) {
      const find = () => messages.find((message) => message.type === type && !taken.has(message));
      await expect.poll(find, WAIT).toBeDefined();
      const message = find() as Record<string, unknown>;
      taken.add(message);
      return message;
    },
  };
}

async function node(key = PROVIDER_KEY, provider = PROVIDER): Promise<Client> {
  const one = client("/hub");
  const { nonce } = await one.next("challenge");
  const text = hubHelloMessage({ ...CHAIN, provider, nonce: nonce as string });
  one.send({ type: "hello", provider, signature: signBytes(text, key) });
  return one;
}

const attestation = (signed: SignedUsage) => ({ type: "attestation", usage: signedUsageToJson(signed) });
const log = (offset: number, job = JOB): LogMessage => ({
  type: "log",
  job,
  offset,
  stream: "stdout",
  at: 1,
  text: `line ${offset}`,
});

function reader(job = JOB): Client {
  const one = client("/logs", { origin: ORIGIN });
  one.ws.once("open", () => {
    const expiresAt = 2300;
    const fullMessage = `APTOS\nmessage: ${logAccessMessage({ ...CHAIN, job, expiresAt })}\nnonce: 1`;
    const signature = signBytes(new TextEncoder().encode(fullMessage), BUYER_KEY);
    one.send({
      type: "open",
      job,
      expiresAt,
      address: buyer,
      publicKey: buyerPublicKey,
      fullMessage,
      signature,
    });
  });
  return one;
}

describe("/hub", () => {
  it("welcomes the provider that signs the challenge with its attestation key", async () => {
    const one = await node();
    expect(await one.next("welcome")).toEqual({ type: "welcome", provider: PROVIDER });
  });

  it.each([
    ["another key", () => node(BUYER_KEY), "BAD_HELLO"],
    ["an unknown provider", () => node(PROVIDER_KEY, `0x${"77".repeat(32)}`), "PROVIDER_UNKNOWN"],
  ])("closes on a hello with %s", async (_what, connect, code) => {
    const one = await connect();
    expect(await one.next("error")).toMatchObject({ code });
    expect(await one.closed).toBe(1008);
  });

  it("takes nothing before hello, and a signature opens only the session it was made for", async () => {
    const early = client("/hub");
    await early.next("challenge");
    early.send(attestation(usage(1n, 1n)));
    expect(await early.next("error")).toMatchObject({ code: "HELLO_EXPECTED" });
    expect(await early.closed).toBe(1008);

    const [first, second] = [client("/hub"), client("/hub")];
    const { nonce } = await first.next("challenge");
    await second.next("challenge");
    const text = hubHelloMessage({ ...CHAIN, provider: PROVIDER, nonce: nonce as string });
    second.send({ type: "hello", provider: PROVIDER, signature: signBytes(text, PROVIDER_KEY) });
    expect(await second.next("error")).toMatchObject({ code: "BAD_HELLO" });
  });

  it("acks what it takes, rejects the rest with a code, and serves the newest to anyone", async () => {
    const one = await node();
    await one.next("welcome");
    one.send(attestation(usage(5n, 5n)));
    expect(await one.next("ack")).toEqual({ type: "ack", job: JOB, seq: "5" });
    one.send(attestation(usage(5n, 5n)));
    expect(await one.next("ack")).toMatchObject({ seq: "5" });
    for (const [bad, code] of [
      [usage(4n, 4n), "SEQ_STALE"],
      [usage(5n, 6n), "EQUIVOCATION"],
      [usage(6n, 4n), "SECONDS_WENT_BACK"],
      [usage(6n, 6n, { key: BUYER_KEY }), "BAD_SIGNATURE"],
      [usage(6n, 6n, { job: FOREIGN_JOB }), "NOT_YOUR_JOB"],
    ] as const) {
      one.send(attestation(bad));
      expect(await one.next("reject")).toMatchObject({ job: bad.job, seq: `${bad.seq}`, code });
    }
    const answer = await fetch(`http://${base}/api/v1/jobs/${JOB}/attestation`);
    expect(await answer.json()).toEqual(signedUsageToJson(usage(5n, 5n)));
  });

  it("keeps the newest progress, only of the provider's own jobs", async () => {
    const status = { type: "job_status", job: JOB, phase: "pulling", percent: 40, at: 1 };
    const one = await node();
    await one.next("welcome");
    one.send({ ...status, job: FOREIGN_JOB });
    expect(await one.next("error")).toMatchObject({ code: "NOT_YOUR_JOB" });
    expect((await fetch(`http://${base}/api/v1/jobs/${FOREIGN_JOB}/status`)).status).toBe(404);
    one.send(status);
    const url = `http://${base}/api/v1/jobs/${JOB}/status`;
    await expect.poll(async () => (await fetch(url)).json(), WAIT).toEqual(status);
  });

  it("takes telemetry of the machine whose session it is, and refuses what no machine has", async () => {
    const one = await node();
    await one.next("welcome");
    const telemetry = { type: "telemetry", status: "busy", jobsRunning: 2, cpuPercent: 12.5, ramUsedMb: 512 };
    one.send({ ...telemetry, cpuPercent: 101 });
    expect(await one.next("error")).toMatchObject({ code: "BAD_MESSAGE" });
    one.send(telemetry);
    await expect
      .poll(() => told, WAIT)
      .toEqual([{ provider: PROVIDER, message: { ...telemetry, gpus: [], nodeVersion: "" } }]);
  });

  it("names what is wrong with a message and closes on the eleventh", async () => {
    const one = await node();
    await one.next("welcome");
    one.send({ type: "log", job: JOB, offset: -1, stream: "stdout", at: 1, text: "" });
    expect((await one.next("error")).message).toMatch(/^offset: /);
    for (let count = 0; count < 10; count += 1) one.send("not json");
    expect(await one.closed).toBe(1008);
  });

  it("cuts off a message that is too large", async () => {
    const one = await node();
    await one.next("welcome");
    one.send("x".repeat(200_000));
    expect(await one.closed).toBe(1009);
  });

  it("closes on silence after the challenge", async () => {
    const one = client("/hub");
    expect(await one.next("error")).toMatchObject({ code: "HELLO_TIMEOUT" });
    expect(await one.closed).toBe(1008);
  });

  it("refuses a browser of another origin and an unknown path before the handshake", async () => {
    const status = (path: string, headers: Record<string, string>) =>
      new Promise<number>((resolve) => {
        const ws = new WebSocket(`ws://${base}${path}`, { headers });
        ws.on("error", () => undefined);
        ws.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      });
    expect(await status("/hub", { origin: "http://evil.example" })).toBe(403);
    expect(await status("/logs", { origin: "http://evil.example" })).toBe(403);
    expect(await status("/elsewhere", {})).toBe(404);
  });

  it("reads on in order after Redis was away, and loses no line", async () => {
    const one = await node();
    await one.next("welcome");
    one.send(log(0));
    const following = reader();
    await expect.poll(() => following.messages.filter((m) => m.type === "log").length, WAIT).toBe(1);
    await redis.kill();
    for (let offset = 1; offset < 40; offset += 1) one.send(log(offset));
    await redis.restart();
    await expect
      .poll(() => following.messages.filter((m) => m.type === "log").map((m) => m.offset), {
        timeout: 20_000,
      })
      .toEqual(Array.from({ length: 40 }, (_, offset) => offset));
  });
});

describe("a socket over its limits", () => {
  it("is slowed down by its own buffers and loses nothing", async () => {
    const handled: string[] = [];
    const paused: boolean[] = [];
    const wss = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await new Promise((resolve) => wss.once("listening", resolve));
    wss.on("connection", (ws) => {
      const limits = { ...DEFAULT_LIMITS, messagesPerSec: 200, queueMax: 16 };
      const onBatch = async (texts: string[]) => {
        paused.push(ws.isPaused);
        handled.push(...texts);
      };
      openSocket(ws, limits, { onBatch, onClose: () => undefined, onError: () => undefined });
    });
    const ws = new WebSocket(`ws://127.0.0.1:${(wss.address() as AddressInfo).port}`);
    open.add(ws);
    await new Promise((resolve) => ws.once("open", resolve));
    const sent = Array.from({ length: 700 }, (_, index) => String(index));
    for (const text of sent) ws.send(text);
    await expect.poll(() => handled, WAIT).toEqual(sent);
    expect(paused).toContain(true);
    ws.terminate();
    wss.close();
  });
});

describe("/logs", () => {
  it("gives history, then live lines, each offset once and in order", async () => {
    const one = await node();
    await one.next("welcome");
    for (let offset = 0; offset < 500; offset += 1) one.send(log(offset));
    const [early] = [reader()];
    await early.next("opened");
    for (let offset = 500; offset < 1000; offset += 1) one.send(log(offset));
    // A reconnecting node tells some of it again.
    for (let offset = 990; offset < 1010; offset += 1) one.send(log(offset));
    const late = reader();
    const offsets = (from: Client) => from.messages.filter((m) => m.type === "log").map((m) => m.offset);
    const all = Array.from({ length: 1010 }, (_, offset) => offset);
    await expect.poll(() => offsets(early), WAIT).toEqual(all);
    await expect.poll(() => offsets(late), WAIT).toEqual(all);
    expect(early.messages[0]).toMatchObject({ type: "opened", job: JOB });
  });

  it("refuses what is not permitted and says why", async () => {
    const one = client("/logs");
    one.ws.once("open", () => one.send({ type: "open", job: JOB }));
    expect(await one.next("error")).toMatchObject({ code: "BAD_MESSAGE" });
    expect(await one.closed).toBe(1008);
    const unknown = reader(`0x${"13".repeat(32)}`);
    expect(await unknown.next("error")).toMatchObject({ code: "JOB_UNKNOWN" });
  });
});

it("outlives peers that reset the connection while their upgrade is refused", async () => {
  const [host = "", port] = base.split(":");
  for (let round = 0; round < 50; round += 1) {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), host, () => {
        socket.write("GET /nope HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        setTimeout(() => {
          socket.resetAndDestroy();
          resolve();
        }, round % 3);
      });
      socket.on("error", () => undefined);
    });
  }
  // An error without a listener would have ended this process.
  expect((await fetch(`http://${base}/ready`)).status).toBe(200);
});

describe("HTTP", () => {
  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`http://${base}/api/v1/attestations`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const attestations = (...usages: SignedUsage[]) => ({ attestations: usages.map(signedUsageToJson) });

  it("takes attestations and tells each refusal", async () => {
    const { status, body } = await post(attestations(usage(5n, 5n), usage(4n, 4n)));
    expect(status).toBe(200);
    expect(body).toEqual({
      accepted: 1,
      rejected: [
        {
          index: 1,
          job: JOB,
          seq: "4",
          code: "SEQ_STALE",
          message: "A newer attestation of this job is known.",
        },
      ],
    });
  });

  it.each([
    [
      "a forged one",
      () => attestations(usage(5n, 5n, { key: BUYER_KEY })),
      422,
      "BAD_SIGNATURE",
      "attestations[0]",
    ],
    ["nothing", () => ({ attestations: [] }), 400, "BAD_INPUT", "attestations"],
    ["no list", () => ({ attestations: { length: 9e15 } }), 400, "BAD_INPUT", "attestations"],
    [
      "a short signature",
      () => ({ attestations: [{ ...signedUsageToJson(usage(5n, 5n)), signature: "0x00" }] }),
      400,
      "BAD_INPUT",
      "attestations[0].signature",
    ],
    ["no JSON", () => "{", 400, "BAD_JSON", "body"],
    ["too much", () => "x".repeat(600_000), 413, "BODY_TOO_LARGE", "body"],
  ])("refuses %s and names the field", async (_what, body, status, code, field) => {
    const answer = await post(body());
    expect(answer.status).toBe(status);
    expect(zApiError.parse(answer.body).error).toMatchObject({ code, field });
  });

  it("answers an unknown route, a bad address and a job without an attestation with a code", async () => {
    for (const [path, status, code] of [
      ["/api/v1/elsewhere", 404, "NOT_FOUND"],
      ["/api/v1/jobs/nonsense/attestation", 400, "BAD_INPUT"],
      [`/api/v1/jobs/${JOB}/attestation`, 404, "NO_ATTESTATION"],
      [`/api/v1/jobs/${JOB}/status`, 404, "NO_STATUS"],
      ["/api/v1/jobs/%zz/status", 400, "MALFORMED_REQUEST"],
    ] as const) {
      const response = await fetch(`http://${base}${path}`);
      expect(response.status).toBe(status);
      expect(zApiError.parse(await response.json()).error.code).toBe(code);
    }
  });

  it("takes a countersignature of the job's buyer key and nobody else's", async () => {
    const { signature, ...seconds } = usage(5n, 5n, { key: BUYER_KEY });
    const countersign = async (countersignature: string, job = JOB) => {
      const one = { ...signedUsageToJson({ ...seconds, job, signature }), countersignature };
      const response = await fetch(`http://${base}/api/v1/countersignatures`, {
        method: "POST",
        body: JSON.stringify({ countersignatures: [one] }),
      });
      const body = (await response.json()) as { error?: { code: string } };
      return [response.status, body.error?.code ?? null];
    };
    expect(await countersign(signature)).toEqual([200, null]);
    expect(await countersign(usage(5n, 5n).signature)).toEqual([422, "BAD_COUNTERSIGNATURE"]);
    expect(await countersign(signature, FOREIGN_JOB)).toEqual([422, "NO_BUYER_KEY"]);
    expect(await countersign(signature, `0x${"77".repeat(32)}`)).toEqual([422, "JOB_UNKNOWN"]);
    const kept = await createConfirmationStore(connections.commands, createKeys(CHAIN)).all();
    expect(kept).toEqual(new Map([[JOB, { ...seconds, countersignature: signature }]]));
  });

  it("opens itself to listed origins only", async () => {
    const allowed = async (origin: string) =>
      (await fetch(`http://${base}/ready`, { headers: { origin } })).headers.get(
        "access-control-allow-origin",
      );
    expect(await allowed(ORIGIN)).toBe(ORIGIN);
    expect(await allowed("http://evil.example")).toBe(null);
  });

  it("counts refusals by reason", async () => {
    await post(attestations(usage(5n, 5n, { key: BUYER_KEY })));
    const text = await (await fetch(`http://${base}/metrics`)).text();
    expect(text).toMatch(/relayer_attestations_rejected_total\{reason="BAD_SIGNATURE"\} [1-9]/);
  });
});
