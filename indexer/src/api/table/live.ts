/**
 * The table's part on what changes, as it changes.
 * It doesn't answer anything: routes/live.ts does.
 */
import { zLiveQuery, zNoQuery } from "@computestream/protocol/api";
import type { RouteTable } from "./types.ts";

export const LIVE_ROUTES = {
  "/api/v1/live": {
    tag: "live",
    limit: "connect",
    summary: "What changes, as server-sent events: snapshots first, then updates, with ids to come back with",
    description:
      "The same messages as on the WebSocket at /api/v1/ws, each as the data of one event. The answer doesn't end: read it with EventSource or curl -N.",
    params: zNoQuery,
    query: zLiveQuery,
    answer: { contentType: "text/event-stream", about: "Events without an end" },
    errors: ["TOO_MANY_FROM_ADDRESS", "TOO_MANY_CONNECTIONS"],
    exampleQuery: "?topics=network,providers",
  },
} as const satisfies RouteTable;
