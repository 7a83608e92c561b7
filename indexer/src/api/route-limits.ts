/**
 * What the table of routes says about rate limits, and how the API's description tells it.
 * It doesn't limit anything.
 */
import { RATE_WINDOW_SECS } from "@computestream/protocol/redis-keys";
import type { LimitClass } from "../limits/classes.ts";
import type { JsonSchema } from "./openapi.ts";
import type { RouteEntry } from "./table/types.ts";

/** Null = never limited. */
export function limitOf({ limit = "read" }: Pick<RouteEntry, "limit">): LimitClass | null {
  return limit === "none" ? null : limit;
}

export type HeaderDescriptions = Record<string, { description: string; schema: JsonSchema }>;

const RATE_LIMIT_HEADERS: HeaderDescriptions = {
  "RateLimit-Policy": {
    description: `Each limit that the request counts in: its name, q requests in w = ${RATE_WINDOW_SECS} seconds. Absent where the service limits nothing.`,
    schema: { type: "string" },
  },
  RateLimit: {
    description: "By the same names: r requests are left, t seconds until there are more.",
    schema: { type: "string" },
  },
};

const RETRY_AFTER: HeaderDescriptions = {
  "Retry-After": { description: "Seconds to wait.", schema: { type: "integer", minimum: 1 } },
};

/** The headers of a route's answers with `status` that tell of rate limits. */
export function rateLimitHeadersOf(entry: RouteEntry, status: number): HeaderDescriptions {
  if (limitOf(entry) === null) return {};
  return status === 429 ? { ...RATE_LIMIT_HEADERS, ...RETRY_AFTER } : RATE_LIMIT_HEADERS;
}
