/**
 * The table's part on what only some may read.
 * It doesn't answer anything: routes/private.ts does, and says who may.
 */
import { API_ROUTES, zAddressParams, zNewestQuery, zNoQuery } from "@computestream/protocol/api";
import type { RouteTable } from "./types.ts";

export const PRIVATE_ROUTES = {
  "/api/v1/me": {
    summary: "Whose token this is, and what that wallet is in the market",
    tag: "auth",
    security: "wallet",
    params: zNoQuery,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/me"],
    errors: [],
    exampleQuery: "",
  },
  "/api/v1/providers/:address/telemetry": {
    summary: "What a provider's machine told of itself, newest first",
    description:
      "For the provider's owner, and for buyers while a job of theirs runs on it: those see what came since that job's start.",
    tag: "providers",
    security: "wallet",
    limit: "discovery",
    params: zAddressParams,
    query: zNewestQuery,
    answer: API_ROUTES["/api/v1/providers/:address/telemetry"],
    errors: ["PROVIDER_NOT_FOUND", "INVALID_CURSOR", "NOT_ALLOWED"],
    exampleQuery: "?limit=20",
  },
  "/api/v1/jobs/:address/attestations": {
    summary: "A job's attestations as the relayer took them, newest first",
    description:
      "For the job's buyer, its provider's owner, and the arbiter while the job's case is open. What was settled is public: see ticks and receipt.",
    tag: "jobs",
    security: "wallet",
    limit: "discovery",
    params: zAddressParams,
    query: zNewestQuery,
    answer: API_ROUTES["/api/v1/jobs/:address/attestations"],
    errors: ["JOB_NOT_FOUND", "INVALID_CURSOR", "NOT_ALLOWED"],
    exampleQuery: "?limit=20",
  },
} as const satisfies RouteTable;
