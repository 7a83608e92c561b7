/**
 * One WebSocket with the hub's manners: JSON in and out, size and rate limits by back-pressure, heartbeats, closing.
 * It doesn't know what the messages mean.
 */
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { RawData, WebSocket } from "ws";
import { createTokenBucket } from "./rate-limit.ts";

/** WebSocket close codes the hub uses (RFC 6455). */
export const CLOSE = { goingAway: 1001, policy: 1008, internal: 1011, restart: 1012 } as const;

export interface SocketLimits {
  messagesPerSec: number;
  bytesPerSec: number;
  /** Messages read and not yet handled before the socket is paused. */
  queueMax: number;
  /** Bytes not yet taken by the reader before sending waits. */
  sendBufferMax: number;
  heartbeatMs: number;
}

export const DEFAULT_LIMITS: SocketLimits = {
  messagesPerSec: 5_000,
  bytesPerSec: 4 * 1024 * 1024,
  queueMax: 256,
  sendBufferMax: 1024 * 1024,
  heartbeatMs: 15_000,
};

export interface HubSocket {
  readonly closed: boolean;
  send(message: object): void;
  /** Resolves when what was sent has mostly been taken, or the socket has closed. */
  drained(): Promise<void>;
  close(code: number, reason: string): void;
}

const BATCH_MAX = 64;

/**
 * `onBatch` gets the texts of up to 64 messages in order and is awaited before the next; while it is behind, or the
 * sender over its rate, the socket is paused and the sender's own buffers fill.
 */
export function openSocket(
  ws: WebSocket,
  limits: SocketLimits,
  handlers: {
    onBatch: (texts: string[]) => Promise<void>;
    onClose: () => void;
    onError: (error: unknown) => void;
  },
  /** What `ws` writes to: messages that are sent in one go leave in one. */
  wire?: Pick<Writable, "cork" | "uncork">,
): HubSocket {
  const queue: string[] = [];
  const messages = createTokenBucket(limits.messagesPerSec, limits.messagesPerSec * 2, performance.now());
  const bytes = createTokenBucket(limits.bytesPerSec, limits.bytesPerSec * 2, performance.now());
  let working = false;
  let waitMs = 0;
  let alive = true;
  let corked = false;

  function cork(): void {
    if (!wire || corked) return;
    corked = true;
    wire.cork();
    queueMicrotask(() => {
      corked = false;
      wire.uncork();
    });
  }

  const socket: HubSocket = {
    get closed() {
      return ws.readyState !== ws.OPEN;
    },
    send(message) {
      if (ws.readyState !== ws.OPEN) return;
      cork();
      ws.send(JSON.stringify(message), () => undefined);
    },
    async drained() {
      while (ws.readyState === ws.OPEN && ws.bufferedAmount > limits.sendBufferMax) await sleep(20);
    },
    close(code, reason) {
      ws.close(code, reason.slice(0, 120));
      // A peer that doesn't answer the closing handshake is cut off.
      setTimeout(() => ws.terminate(), 2000).unref();
    },
  };

  /** Once what has come together has all been queued: messages mostly come many at a time. */
  function schedule(): void {
    if (working) return;
    working = true;
    queueMicrotask(() => void work());
  }

  async function work(): Promise<void> {
    try {
      while (queue.length > 0 && ws.readyState === ws.OPEN) {
        if (waitMs > 0) {
          ws.pause();
          await sleep(waitMs);
          waitMs = 0;
        }
        await handlers.onBatch(queue.splice(0, BATCH_MAX));
        if (ws.isPaused && queue.length < limits.queueMax / 2) ws.resume();
      }
    } catch (error) {
      handlers.onError(error);
      socket.close(CLOSE.internal, "internal error");
    } finally {
      working = false;
      if (ws.isPaused) ws.resume();
    }
  }

  ws.on("message", (data: RawData, isBinary: boolean) => {
    const text = isBinary ? "" : data.toString();
    const now = performance.now();
    waitMs = Math.max(waitMs, messages.spend(1, now), bytes.spend(text.length, now));
    queue.push(text);
    if (queue.length >= limits.queueMax) ws.pause();
    schedule();
  });
  const heartbeat = setInterval(() => {
    // While paused nothing of the peer is read, so its silence means nothing.
    if (ws.isPaused) return;
    if (!alive) return ws.terminate();
    alive = false;
    ws.ping();
  }, limits.heartbeatMs);
  ws.on("pong", () => {
    alive = true;
  });
  ws.on("error", () => ws.terminate());
  ws.on("close", () => {
    clearInterval(heartbeat);
    queue.length = 0;
    handlers.onClose();
  });
  return socket;
}
