/**
 * The live feed as server-sent events: one answer that never ends, for clients that only read.
 * It doesn't know what topics contain, nor how the route is found: the table of routes does.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { zLiveCursor } from "@computestream/protocol/api";
import type { Metrics } from "../metrics.ts";
import { formatCursor, type Position, parseCursor } from "./cursor.ts";
import type { Frame } from "./frame.ts";
import type { Gate, Refusal } from "./gate.ts";
import { type Hub, type Peer, tellError } from "./hub.ts";

/** What a browser waits before it connects again. */
const RETRY_MS = 2_000;
/** A cursor that no mirror gave. */
const NOWHERE: Position = { mirror: "", version: 0n };

export interface SseServer {
  /** Answers for as long as the client stays; the refusal when there are too many already. */
  open(
    request: IncomingMessage,
    response: ServerResponse,
    asked: { topics: string[]; since: string | undefined },
  ): Refusal | null;
  close(): void;
}

export function createSseServer(options: {
  hub: Hub;
  gate: Gate;
  addressOf: (request: IncomingMessage) => string;
  metrics: Metrics;
  pingIntervalMs?: number;
}): SseServer {
  const { hub, gate, metrics } = options;
  const open = new Set<ServerResponse>();

  const pinger = setInterval(() => {
    for (const response of open) response.write(": ping\n\n");
  }, options.pingIntervalMs ?? 15_000);
  pinger.unref();

  return {
    open(request, response, { topics, since }) {
      const place = gate.enter(options.addressOf(request));
      if ("status" in place) {
        metrics.liveRefused.inc({ code: place.code });
        return place;
      }
      const positions = positionsOf(topics, lastEventId(request) ?? since);
      const peer: Peer = {
        send(frame) {
          if (response.writableEnded) return;
          const { of } = frame;
          if (of) positions.set(of.topic, of);
          response.write(of ? eventOf(frame, topics, positions) : `data: ${frame.text}\n\n`);
        },
        get bufferedBytes() {
          return response.writableLength;
        },
        drop(code, message) {
          metrics.sseDropped.inc({ code });
          tellError(peer, code, message);
          response.end();
          // It may never read the goodbye that stands behind all it hasn't read.
          setTimeout(() => response.destroy(), 5_000).unref();
        },
      };
      response.once("close", () => {
        open.delete(response);
        metrics.sseConnections.set(open.size);
        hub.remove(peer);
        place.leave();
      });
      open.add(response);
      metrics.sseConnections.set(open.size);
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache, no-transform",
        // nginx would gather it into blocks.
        "x-accel-buffering": "no",
      });
      response.write(`retry: ${RETRY_MS}\n\n`);
      hub.subscribe(peer, topics, (topic) => positions.get(topic) ?? null);
      return null;
    },
    close() {
      clearInterval(pinger);
      for (const response of open) response.end();
    },
  };
}

/** The id holds where each topic stands, in the order asked for, so that a browser that comes back tells us. */
function eventOf(frame: Frame, topics: string[], positions: Map<string, Position>): string {
  const id = topics.map((topic) => {
    const position = positions.get(topic);
    return position ? formatCursor(position) : "";
  });
  return `id: ${id.join(",")}\ndata: ${frame.text}\n\n`;
}

/** One cursor for all topics, or one for each in their order, empty where there is none yet. */
function positionsOf(topics: string[], since: string | undefined): Map<string, Position> {
  const positions = new Map<string, Position>();
  if (since === undefined || since === "") return positions;
  const cursors = since.split(",");
  for (const [i, topic] of topics.entries()) {
    const cursor = cursors.length === 1 ? cursors[0] : cursors[i];
    if (!cursor) continue;
    positions.set(topic, zLiveCursor.safeParse(cursor).success ? parseCursor(cursor) : NOWHERE);
  }
  return positions;
}

/** A browser's own, which goes before what stood in the address when it connected first. */
function lastEventId(request: IncomingMessage): string | undefined {
  const id = request.headers["last-event-id"];
  return typeof id === "string" && id !== "" ? id.slice(0, 1_000) : undefined;
}
