/**
 * The table's part on quotes.
 * It doesn't answer anything: routes/quotes.ts does.
 */
import { API_ROUTES, zAddressParams, zNoQuery, zQuotesQuery } from "@computestream/protocol/api";
import { QUOTES_CSV } from "./columns.ts";
import type { RouteTable } from "./types.ts";

export const QUOTE_ROUTES = {
  "/api/v1/quotes": {
    summary: "Quotes that were used, newest first",
    description:
      "Money sent to a quote's address becomes the promised job of its payer or goes back to the payer. The chain tells of a quote when it is used; what lies at one before that is known to the chain's node and to the relayer that quoted.",
    limit: "discovery",
    tag: "quotes",
    params: zNoQuery,
    query: zQuotesQuery,
    answer: API_ROUTES["/api/v1/quotes"],
    csv: QUOTES_CSV,
    errors: ["INVALID_CURSOR"],
    exampleQuery: "?state=Refunded&limit=10",
  },
  "/api/v1/quotes/:address": {
    summary: "One quote that was used, and what went back from it",
    tag: "quotes",
    params: zAddressParams,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/quotes/:address"],
    errors: ["QUOTE_NOT_FOUND"],
    exampleQuery: "",
  },
} as const satisfies RouteTable;
