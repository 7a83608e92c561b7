/**
 * The table's part on the service itself: health, metrics and the description of the API.
 * It doesn't answer anything: routes/health.ts and routes/docs.ts do.
 */
import { API_ROUTES, zNoQuery } from "@computestream/protocol/api";
import { z } from "zod";
import type { RouteTable } from "./types.ts";

const common = { tag: "service", params: zNoQuery, query: zNoQuery, errors: [], exampleQuery: "" } as const;

export const SERVICE_ROUTES = {
  "/api/v1/health": {
    ...common,
    limit: "none",
    summary: "Whether the mirror is true and fresh; 503 when it isn't, with the same body",
    answer: API_ROUTES["/api/v1/health"],
    statuses: [200, 503],
    aliases: [{ path: "/health" }],
  },
  "/ready": {
    ...common,
    limit: "none",
    summary: "Whether reads can be served; 503 when they can't, with the same body",
    answer: z.object({ ok: z.boolean() }).meta({ id: "Ready" }),
    statuses: [200, 503],
  },
  "/metrics": {
    ...common,
    limit: "none",
    summary: "Prometheus metrics",
    answer: { contentType: "text/plain", about: "Prometheus text format" },
  },
  "/api/v1/openapi.json": {
    ...common,
    summary: "This description as OpenAPI 3.1",
    answer: z
      .record(z.string(), z.unknown())
      .meta({ id: "OpenApi", description: "An OpenAPI 3.1 document." }),
  },
  "/api/v1/docs": {
    ...common,
    summary: "This description as a page to read",
    answer: { contentType: "text/html", about: "A page without scripts" },
  },
} as const satisfies RouteTable;
