/**
 * The node's side of the relayer's hub: one authenticated WebSocket, kept open, that carries the newest of everything.
 * It doesn't know jobs or the chain, and nothing depends on it for correctness: what is lost here is sent again.
 */
import {
  type CommandResult,
  hubHelloMessage,
  type JobStatusMessage,
  type LogMessage,
  type NodeMessage,
  type SignedCommand,
  type SignedUsage,
  signedUsageToJson,
  type TelemetryMessage,
  zHubMessage,
} from "@computestream/protocol";
import { WebSocket } from "ws";
import { messageOf } from "./errors.ts";
import type { Logger } from "./logger.ts";
import type { OperatorKey } from "./operator-key.ts";

export interface HubClient {
  readonly connected: boolean;
  attest(usage: SignedUsage): void;
  log(message: LogMessage): void;
  status(message: JobStatusMessage): void;
  /** Not kept: what doesn't reach the hub now is told again in seconds. */
  telemetry(message: TelemetryMessage): void;
  /** Not kept: the hub sends an undecided command again when this node is back. */
  commandResult(result: CommandResult): void;
  /** The highest seq the hub has acknowledged for the job since this process started. */
  ackedSeq(job: string): bigint;
  /** Drops what is kept of a finished job. */
  forget(job: string): void;
  close(): Promise<void>;
}

export interface HubClientOptions {
  relayerUrl: string;
  provider: string;
  chainId: number;
  packageAddress: string;
  key: OperatorKey;
  log: Logger;
  backoffMs?: { first: number; most: number };
  /** What the hub hands over for this node; nothing is known of it but its form. */
  onCommand?: (id: string, signed: SignedCommand) => void;
}

const LOGS_KEPT = 1_000;
const SOCKET_BUFFER_MAX_BYTES = 4 * 1024 * 1024;
/** Silence for longer means the connection is dead even when TCP doesn't say so. */
const PING_INTERVAL_MS = 15_000;

interface JobMemory {
  usage: SignedUsage | null;
  status: JobStatusMessage | null;
  /** The newest log messages, sent or not: repeats are dropped by their offset. */
  logs: LogMessage[];
  /** Offset from which messages haven't been put on the current socket. */
  nextLog: number;
  acked: bigint;
}

export function createHubClient(options: HubClientOptions): HubClient {
  const { log, backoffMs = { first: 250, most: 10_000 } } = options;
  const url = `${options.relayerUrl.replace(/^http/, "ws").replace(/\/+$/, "")}/hub`;
  const jobs = new Map<string, JobMemory>();
  let socket: WebSocket | null = null;
  let ready = false;
  let closing = false;
  let failures = 0;
  let retry: NodeJS.Timeout | null = null;

  function memoryOf(job: string): JobMemory {
    let memory = jobs.get(job);
    if (!memory) {
      memory = { usage: null, status: null, logs: [], nextLog: 0, acked: 0n };
      jobs.set(job, memory);
    }
    return memory;
  }

  function send(message: NodeMessage): boolean {
    if (!socket || !ready || socket.bufferedAmount > SOCKET_BUFFER_MAX_BYTES) return false;
    socket.send(JSON.stringify(message));
    return true;
  }

  function sendLogs(memory: JobMemory): void {
    const first = memory.logs[0]?.offset ?? 0;
    for (const message of memory.logs.slice(Math.max(0, memory.nextLog - first))) {
      if (!send(message)) return;
      memory.nextLog = message.offset + 1;
    }
  }

  function sendEverything(): void {
    for (const memory of jobs.values()) {
      if (memory.status) send(memory.status);
      if (memory.usage) send({ type: "attestation", usage: signedUsageToJson(memory.usage) });
      memory.nextLog = 0;
      sendLogs(memory);
    }
  }

  function receive(raw: string): void {
    const parsed = zHubMessage.safeParse(JSON.parse(raw));
    if (!parsed.success) {
      log.warn({ issue: parsed.error.issues[0] }, "hub message not understood");
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case "challenge": {
        // The nonce is only ever signed inside our own domain and for our own chain.
        const { chainId, packageAddress, provider } = options;
        const text = hubHelloMessage({ chainId, packageAddress, provider, nonce: message.nonce });
        const hello: NodeMessage = { type: "hello", provider, signature: options.key.signBytes(text) };
        socket?.send(JSON.stringify(hello));
        break;
      }
      case "welcome":
        ready = true;
        failures = 0;
        log.info({ url }, "hub connected");
        sendEverything();
        break;
      case "ack": {
        const memory = jobs.get(message.job);
        const seq = BigInt(message.seq);
        if (memory && seq > memory.acked) memory.acked = seq;
        break;
      }
      case "reject":
        log.warn(
          { job: message.job, seq: message.seq, code: message.code },
          `hub rejected: ${message.message}`,
        );
        break;
      case "command":
        options.onCommand?.(message.id, message.signed);
        break;
      case "error":
        log.error({ code: message.code }, `hub: ${message.message}`);
        break;
    }
  }

  function connect(): void {
    const current = new WebSocket(url, { handshakeTimeout: 10_000, maxPayload: 1024 * 1024 });
    socket = current;
    let alive = true;
    const heart = setInterval(() => {
      if (!alive) return current.terminate();
      alive = false;
      if (current.readyState === WebSocket.OPEN) current.ping();
    }, PING_INTERVAL_MS);
    heart.unref();
    current.on("pong", () => {
      alive = true;
    });
    current.on("message", (data) => {
      alive = true;
      try {
        receive(data.toString());
      } catch (error) {
        log.warn({ err: messageOf(error) }, "hub message not understood");
      }
    });
    current.on("error", (error) => log.debug({ err: messageOf(error) }, "hub connection failed"));
    current.on("close", () => {
      clearInterval(heart);
      if (ready) log.warn({ url }, "hub connection lost");
      ready = false;
      if (closing) return;
      const delay = Math.min(backoffMs.most, backoffMs.first * 2 ** Math.min(failures++, 10));
      retry = setTimeout(connect, delay * (0.5 + Math.random() / 2));
    });
  }

  connect();

  return {
    get connected() {
      return ready;
    },
    attest(usage) {
      memoryOf(usage.job).usage = usage;
      send({ type: "attestation", usage: signedUsageToJson(usage) });
    },
    log(message) {
      const memory = memoryOf(message.job);
      memory.logs.push(message);
      if (memory.logs.length > LOGS_KEPT) memory.logs.shift();
      sendLogs(memory);
    },
    status(message) {
      memoryOf(message.job).status = message;
      send(message);
    },
    telemetry(message) {
      send(message);
    },
    commandResult(result) {
      send(result);
    },
    ackedSeq: (job) => jobs.get(job)?.acked ?? 0n,
    forget(job) {
      jobs.delete(job);
    },
    async close() {
      closing = true;
      if (retry) clearTimeout(retry);
      const current = socket;
      if (!current || current.readyState === WebSocket.CLOSED) return;
      await new Promise<void>((resolve) => {
        current.once("close", () => resolve());
        current.close(1001);
        setTimeout(() => current.terminate(), 1_000).unref();
      });
    },
  };
}
