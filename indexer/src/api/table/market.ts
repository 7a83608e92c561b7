/**
 * The table's part on the network: totals, history, parameters, assets, events, running streams.
 * It doesn't answer anything: routes/market.ts does.
 */
import {
  API_ROUTES,
  zAddress,
  zJobsQuery,
  zNoQuery,
  zRangeQuery,
  zStreamsQuery,
} from "@computestream/protocol/api";
import { EVENT_SCHEMAS, type ModuleName } from "@computestream/protocol/events";
import { z } from "zod";
import type { RouteTable } from "./types.ts";

const modules = Object.keys(EVENT_SCHEMAS) as [ModuleName, ...ModuleName[]];
const names = Object.values(EVENT_SCHEMAS).flatMap((schemas) => Object.keys(schemas));

/** Here and not in the protocol's queries: what the site needs of those would bring every event's schema along. */
const zEventsQuery = z
  .object({
    module: z.enum(modules).optional(),
    name: z.enum(names as [string, ...string[]]).optional(),
    job: zAddress.optional(),
    provider: zAddress.optional(),
    order: z.enum(["newest", "oldest"]).default("newest").describe("Which comes first."),
    ...zJobsQuery.pick({ limit: true, cursor: true }).shape,
  })
  .strict();

export const MARKET_ROUTES = {
  "/api/v1/stats": {
    summary: "Totals of the network, and its last two minutes of settlements",
    tag: "market",
    params: zNoQuery,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/stats"],
    errors: [],
    exampleQuery: "",
  },
  "/api/v1/stats/history": {
    summary: "Settlements and jobs of the network over time",
    limit: "expensive",
    tag: "market",
    params: zNoQuery,
    query: zRangeQuery,
    answer: API_ROUTES["/api/v1/stats/history"],
    errors: [],
    exampleQuery: "?bucket=day",
  },
  "/api/v1/assets": {
    summary: "Assets of the market and what each is used for",
    tag: "market",
    params: zNoQuery,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/assets"],
    errors: [],
    exampleQuery: "",
  },
  "/api/v1/market": {
    summary: "The market's parameters: fees, windows, bounds",
    tag: "market",
    params: zNoQuery,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/market"],
    errors: ["MARKET_NOT_FOUND"],
    exampleQuery: "",
  },
  "/api/v1/events": {
    summary: "Raw events of the protocol, newest first",
    limit: "discovery",
    tag: "market",
    params: zNoQuery,
    query: zEventsQuery,
    answer: API_ROUTES["/api/v1/events"],
    errors: ["INVALID_CURSOR"],
    exampleQuery: "?module=stream&name=StreamSettled&limit=10",
  },
  "/api/v1/streams": {
    summary: "Jobs whose stream runs now, the last started first",
    limit: "discovery",
    tag: "market",
    params: zNoQuery,
    query: zStreamsQuery,
    answer: API_ROUTES["/api/v1/streams"],
    errors: ["INVALID_CURSOR"],
    exampleQuery: "?limit=10",
  },
} as const satisfies RouteTable;
