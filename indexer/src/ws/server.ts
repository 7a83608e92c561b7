/**
 * The WebSocket endpoint /api/v1/ws: who may connect, which messages are understood, who is still alive.
 * It doesn't know what topics contain; the hub does.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WsServerMessage, zWsClientMessage } from "@computestream/protocol/api";
import { type WebSocket, WebSocketServer } from "ws";
import { isOriginAllowed } from "../api/middleware.ts";
import type { Metrics } from "../metrics.ts";
import { encode, type Hub, type Peer } from "./hub.ts";
import { canonicalTopic } from "./topics.ts";

export const WS_PATH = "/api/v1/ws";
const MAX_MESSAGE_BYTES = 16 * 1024;
/** Messages of one connection that may wait for an answer before it is dropped. */
const MAX_WAITING_MESSAGES = 32;

export interface WsServer {
  /** Tells every client that we go away. */
  close(): Promise<void>;
}

export function attachWsServer(options: {
  server: Server;
  hub: Hub;
  corsOrigins: string[];
  metrics: Metrics;
  /** Seconds that a client has to wait before it may connect, or null. */
  admit?: (request: IncomingMessage) => Promise<number | null>;
  maxConnections?: number;
  pingIntervalMs?: number;
  /** A client from which nothing is heard for so many pings is dropped. */
  missedPings?: number;
  tendIntervalMs?: number;
}): WsServer {
  const { server, hub, metrics } = options;
  const maxConnections = options.maxConnections ?? 2_000;
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
      return refuse(socket, "404 Not Found", "ROUTE_NOT_FOUND", `the WebSocket is at ${WS_PATH}`);
    if (!isOriginAllowed(options.corsOrigins, request.headers.origin)) {
      return refuse(socket, "403 Forbidden", "ORIGIN_NOT_ALLOWED", "this origin is not in CORS_ORIGINS");
    }
    if (connections.size >= maxConnections) {
      return refuse(socket, "503 Service Unavailable", "TOO_MANY_CONNECTIONS", "try again later");
    }
    const accepted = () => wss.handleUpgrade(request, socket, head, (ws) => accept(ws));
    if (!options.admit) return accepted();
    options.admit(request).then(
      (waitSecs) => {
        if (waitSecs === null) return accepted();
        const message = `too many connections were opened from here: come again in ${waitSecs} seconds`;
        refuse(socket, "429 Too Many Requests", "RATE_LIMITED", message, `Retry-After: ${waitSecs}\r\n`);
      },
      () => socket.destroy(),
    );
  };
  server.on("upgrade", onUpgrade);

  function accept(ws: WebSocket): void {
    const state = { silentPings: 0 };
    connections.set(ws, state);
    metrics.wsConnections.set(connections.size);
    const send = (message: WsServerMessage) => ws.send(encode(message));
    const peer: Peer = {
      send: (text) => {
        if (ws.readyState === ws.OPEN) ws.send(text);
      },
      get bufferedBytes() {
        return ws.bufferedAmount;
      },
      drop(code, message) {
        if (ws.readyState !== ws.OPEN) return;
        metrics.wsDropped.inc({ code });
        send({ type: "error", code, message });
        ws.close(1013, code);
        // It may never read the goodbye that stands behind all it hasn't read.
        setTimeout(() => ws.terminate(), 5_000).unref();
      },
    };

    let waiting = 0;
    let turn = Promise.resolve();
    ws.on("message", (data, isBinary) => {
      state.silentPings = 0;
      if (waiting >= MAX_WAITING_MESSAGES) {
        return peer.drop("TOO_MANY_MESSAGES", "messages come faster than they can be answered");
      }
      waiting += 1;
      // One after the other, so that subscribe and unsubscribe keep their order.
      turn = turn
        .then(() => handle(isBinary ? "" : String(data)))
        .finally(() => {
          waiting -= 1;
        });
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

    async function handle(text: string): Promise<void> {
      if (ws.readyState !== ws.OPEN) return;
      const parsed = zWsClientMessage.safeParse(parseJson(text));
      if (!parsed.success) {
        const issue = parsed.error.issues[0];
        const field = issue?.path.map(String).join(".") || "message";
        return send({
          type: "error",
          code: "INVALID_MESSAGE",
          message: `${field}: ${issue?.message ?? "invalid"}`,
        });
      }
      const message = parsed.data;
      if (message.type === "subscribe")
        await hub.subscribe(peer, [...new Set(message.topics.map(canonicalTopic))]);
      if (message.type === "unsubscribe") hub.unsubscribe(peer, message.topics.map(canonicalTopic));
      // Closed while its snapshot was read: nobody would ever remove it again.
      if (ws.readyState !== ws.OPEN) hub.remove(peer);
    }
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
        ws.send(encode({ type: "ping" }));
        ws.ping();
      }
    }
  }, options.pingIntervalMs ?? 15_000);
  const tender = setInterval(() => hub.tend(), options.tendIntervalMs ?? 250);

  return {
    async close() {
      clearInterval(pinger);
      clearInterval(tender);
      server.off("upgrade", onUpgrade);
      for (const ws of connections.keys()) ws.close(1001, "the indexer is stopping");
      const deadline = Date.now() + 2_000;
      while (connections.size > 0 && Date.now() < deadline) await new Promise((r) => setTimeout(r, 20));
      for (const ws of connections.keys()) ws.terminate();
      wss.close();
    },
  };
}

function refuse(socket: Duplex, status: string, code: string, message: string, headers = ""): void {
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}Connection: close\r\n\r\n${body}`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
