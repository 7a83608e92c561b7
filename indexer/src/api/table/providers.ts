/**
 * The table's part on providers.
 * It doesn't answer anything: routes/providers.ts does.
 */
import {
  API_ROUTES,
  zAddressParams,
  zNoQuery,
  zProviderJobsQuery,
  zProvidersQuery,
  zRangeQuery,
} from "@computestream/protocol/api";
import { JOBS_CSV } from "./columns.ts";
import type { RouteTable } from "./types.ts";

export const PROVIDER_ROUTES = {
  "/api/v1/providers": {
    summary: "Providers by filter, cheapest first unless sorted otherwise",
    limit: "discovery",
    tag: "providers",
    params: zNoQuery,
    query: zProvidersQuery,
    answer: API_ROUTES["/api/v1/providers"],
    errors: ["INVALID_CURSOR"],
    aliases: [
      { path: "/api/v1/nodes" },
      { path: "/api/v1/workers" },
      { path: "/api/v1/providers/available", fixed: { available: "true" } },
    ],
    exampleQuery: "?available=true&hasFreeCapacity=true&minVramGb=24&sort=score",
  },
  "/api/v1/providers/:address": {
    summary: "One provider",
    tag: "providers",
    params: zAddressParams,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/providers/:address"],
    errors: ["PROVIDER_NOT_FOUND"],
    aliases: [{ path: "/api/v1/nodes/:address" }, { path: "/api/v1/workers/:address" }],
    exampleQuery: "",
  },
  "/api/v1/providers/:address/jobs": {
    summary: "A provider's jobs, newest first",
    limit: "discovery",
    tag: "providers",
    params: zAddressParams,
    query: zProviderJobsQuery,
    answer: API_ROUTES["/api/v1/providers/:address/jobs"],
    csv: JOBS_CSV,
    errors: ["PROVIDER_NOT_FOUND", "INVALID_CURSOR"],
    exampleQuery: "?state=Running",
  },
  "/api/v1/providers/:address/stats": {
    summary: "A provider's jobs, seconds, earnings and utilisation over time",
    limit: "expensive",
    tag: "providers",
    params: zAddressParams,
    query: zRangeQuery,
    answer: API_ROUTES["/api/v1/providers/:address/stats"],
    errors: ["PROVIDER_NOT_FOUND"],
    exampleQuery: "?bucket=hour",
  },
} as const satisfies RouteTable;
