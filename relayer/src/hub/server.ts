/**
 * The WebSocket entrances /hub and /logs on the HTTP server: paths, origins, counts, closing.
 * It doesn't know what a session says.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { CLOSE, type HubSocket } from "./socket.ts";

export type SessionKind = "hub" | "logs";

export interface HubServer {
  count(kind: SessionKind): number;
  /** Tells every session to come back later and waits until they are closed. */
  close(): Promise<void>;
}

/** The largest message: an attestation is small, a log line is 16 KiB and grows when JSON escapes it. */
const MESSAGE_MAX_BYTES = 128 * 1024;

export function attachHub(
  server: Server,
  options: {
    corsOrigins: string[];
    /** Of each kind, so that readers of logs never keep nodes out. */
    maxSessions: number;
    maxSessionsPerAddress: number;
    addressOf: (request: IncomingMessage) => string;
    open: Record<SessionKind, (ws: WebSocket, onClose: () => void, wire: Duplex) => HubSocket>;
  },
): HubServer {
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_MAX_BYTES,
    perMessageDeflate: false,
  });
  const sessions: Record<SessionKind, Set<HubSocket>> = { hub: new Set(), logs: new Set() };
  /** By kind and address. */
  const perAddress = new Map<string, number>();
  let closing = false;

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    // Node has taken its own listener off: without one a peer that resets while it is refused would end the process.
    socket.on("error", () => socket.destroy());
    const path = (request.url ?? "").split("?")[0];
    const kind = path === "/hub" ? "hub" : path === "/logs" ? "logs" : null;
    if (!kind) {
      refuse(socket, "404 Not Found", "NOT_FOUND", "There is no such WebSocket.");
      return;
    }
    const { origin } = request.headers;
    // Browsers always send it; other programs are not bound to an origin and prove themselves in the session.
    if (origin !== undefined && !options.corsOrigins.includes(origin)) {
      refuse(socket, "403 Forbidden", "ORIGIN_NOT_ALLOWED", "This origin is not in CORS_ORIGINS.");
      return;
    }
    const address = options.addressOf(request);
    const who = `${kind} ${address}`;
    const isFull =
      sessions[kind].size >= options.maxSessions ||
      (perAddress.get(who) ?? 0) >= options.maxSessionsPerAddress;
    if (closing || isFull) {
      refuse(socket, "503 Service Unavailable", "TOO_MANY_SESSIONS", "Too many sessions; try again later.");
      return;
    }
    wss.handleUpgrade(request, socket, head, (ws) => {
      perAddress.set(who, (perAddress.get(who) ?? 0) + 1);
      const closed = (): void => {
        sessions[kind].delete(session);
        const left = (perAddress.get(who) ?? 1) - 1;
        if (left > 0) perAddress.set(who, left);
        else perAddress.delete(who);
      };
      const session = options.open[kind](ws, closed, socket);
      sessions[kind].add(session);
    });
  };
  server.on("upgrade", onUpgrade);

  return {
    count: (kind) => sessions[kind].size,
    async close() {
      closing = true;
      const gone = [...wss.clients].map(
        (ws) => new Promise<void>((resolve) => ws.once("close", () => resolve())),
      );
      for (const set of Object.values(sessions)) {
        for (const session of set) session.close(CLOSE.restart, "restarting");
      }
      await Promise.all(gone);
      server.off("upgrade", onUpgrade);
      wss.close();
    },
  };
}

function refuse(socket: Duplex, status: string, code: string, message: string): void {
  const body = JSON.stringify({ error: { code, message } });
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
