/**
 * The WebSocket endpoint /api/v1/ws: who may connect, which messages are understood, who is still alive.
 * It doesn't know what topics contain; the hub does.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { isOriginAllowed } from "../api/middleware.ts";
import type { Metrics } from "../metrics.ts";
import { createAllowance } from "./allowance.ts";
import { Frame } from "./frame.ts";
import type { Gate, Refusal } from "./gate.ts";
import { type Hub, type Peer, tellError } from "./hub.ts";
import { handleMessage } from "./messages.ts";

export const WS_PATH = "/api/v1/ws";
const MAX_MESSAGE_BYTES = 16 * 1024;
const PING = new Frame('{"type":"ping"}');
/** Close codes: what the client did, and what it may try again. */
const CLOSE_POLICY = 1008;
const CLOSE_TRY_AGAIN = 1013;

export interface WsServer {
  /** Tells every client that we go away. */
  close(): Promise<void>;
}

export function attachWsServer(options: {
  server: Server;
  hub: Hub;
  gate: Gate;
  /** Whom a connection is counted for. */
  addressOf: (request: IncomingMessage) => string;
  corsOrigins: string[];
  metrics: Metrics;
  /** Seconds that a client has to wait before it may connect, or null. */
  admit?: (request: IncomingMessage) => Promise<number | null>;
  /** Messages of one connection: so many at once, and so many a second for long. */
  messageBurst?: number;
  messagesPerSecond?: number;
  pingIntervalMs?: number;
  /** A client from which nothing is heard for so many pings is dropped. */
  missedPings?: number;
}): WsServer {
  const { server, hub, gate, metrics } = options;
  const missedPings = options.missedPings ?? 3;
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  const connections = new Map<WebSocket, { silentPings: number }>();

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const path = request.url?.split("?")[0];
    if (path !== WS_PATH)
      return refuse(socket, {
        status: 404,
        code: "ROUTE_NOT_FOUND",
        message: `the WebSocket is at ${WS_PATH}`,
      });
    if (!isOriginAllowed(options.corsOrigins, request.headers.origin)) {
      const message = "this origin is not in CORS_ORIGINS";
      return refuse(socket, { status: 403, code: "ORIGIN_NOT_ALLOWED", message });
    }
    const admit = options.admit ?? (async () => null);
    admit(request).then(
      (waitSecs) => {
        if (waitSecs === null) return enter(request, socket, head);
        const message = `too many connections were opened from here: come again in ${waitSecs} seconds`;
        refuse(socket, { status: 429, code: "RATE_LIMITED", message, retryAfterSecs: waitSecs });
      },
      () => socket.destroy(),
    );
  };
  server.on("upgrade", onUpgrade);

  function enter(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (socket.destroyed) return;
    const place = gate.enter(options.addressOf(request));
    if ("status" in place) {
      metrics.liveRefused.inc({ code: place.code });
      refuse(socket, place);
      return;
    }
    socket.once("close", place.leave);
    wss.handleUpgrade(request, socket, head, (ws) => accept(ws));
  }

  function accept(ws: WebSocket): void {
    const state = { silentPings: 0 };
    const allowance = createAllowance({
      burst: options.messageBurst ?? 60,
      perSecond: options.messagesPerSecond ?? 20,
      nowMs: performance.now(),
    });
    connections.set(ws, state);
    metrics.wsConnections.set(connections.size);
    const peer: Peer = {
      send: (frame) => {
        if (ws.readyState === ws.OPEN) ws.send(frame.bytes, { binary: false });
      },
      get bufferedBytes() {
        return ws.bufferedAmount;
      },
      drop(code, message) {
        if (ws.readyState !== ws.OPEN) return;
        metrics.wsDropped.inc({ code });
        tellError(peer, code, message);
        ws.close(code === "SLOW_CLIENT" ? CLOSE_TRY_AGAIN : CLOSE_POLICY, code);
        // It may never read the goodbye that stands behind all it hasn't read.
        setTimeout(() => ws.terminate(), 5_000).unref();
      },
    };

    ws.on("message", (data, isBinary) => {
      state.silentPings = 0;
      if (ws.readyState !== ws.OPEN) return;
      if (!allowance.take(performance.now())) {
        hub.remove(peer);
        peer.drop(
          "TOO_MANY_MESSAGES",
          "messages come faster than they may: subscribe to many topics at once",
        );
        return;
      }
      handleMessage(hub, peer, isBinary ? "" : String(data));
    });
    ws.on("pong", () => {
      state.silentPings = 0;
    });
    ws.on("error", () => ws.terminate());
    ws.on("close", () => {
      connections.delete(ws);
      metrics.wsConnections.set(connections.size);
      hub.remove(peer);
    });
  }

  const pinger = setInterval(() => {
    for (const [ws, state] of connections) {
      if (state.silentPings >= missedPings) {
        metrics.wsDropped.inc({ code: "SILENT" });
        ws.terminate();
        continue;
      }
      state.silentPings += 1;
      // Ours for browsers, whose scripts can't see the protocol's own.
      if (ws.readyState === ws.OPEN) {
        ws.send(PING.bytes, { binary: false });
        ws.ping();
      }
    }
  }, options.pingIntervalMs ?? 15_000);

  return {
    async close() {
      clearInterval(pinger);
      server.off("upgrade", onUpgrade);
      for (const ws of connections.keys()) ws.close(1001, "the indexer is stopping");
      const deadline = Date.now() + 2_000;
      while (connections.size > 0 && Date.now() < deadline) await new Promise((r) => setTimeout(r, 20));
      for (const ws of connections.keys()) ws.terminate();
      wss.close();
    },
  };
}

function refuse(
  socket: Duplex,
  refusal: Omit<Refusal, "retryAfterSecs"> & { retryAfterSecs?: number },
): void {
  const { status, code, message, retryAfterSecs } = refusal;
  const body = JSON.stringify({ error: { code, message } });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(retryAfterSecs === undefined ? [] : [`Retry-After: ${retryAfterSecs}`]),
    "Connection: close",
  ];
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
}
