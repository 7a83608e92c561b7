/**
 * The codes of the API's refusals, with status and meaning, as the documentation tells them.
 * It doesn't know when one is thrown.
 */

export const ERRORS = {
  INVALID_PARAMETER: {
    status: 400,
    means: "field names a parameter whose value isn't one of those documented.",
  },
  UNKNOWN_PARAMETER: {
    status: 400,
    means: "field names a parameter that the route doesn't have: leave it out.",
  },
  INVALID_CURSOR: {
    status: 400,
    means: "The cursor isn't one that this list with this sort gave: leave it out to start over.",
  },
  MALFORMED_REQUEST: { status: 400, means: "The path or a header can't be read." },
  ORIGIN_NOT_ALLOWED: { status: 403, means: "Browsers may only come from the origins in CORS_ORIGINS." },
  JOB_NOT_FOUND: { status: 404, means: "There is no job at this address, or the mirror hasn't seen it yet." },
  PROVIDER_NOT_FOUND: {
    status: 404,
    means: "There is no provider at this address, or the mirror hasn't seen it yet.",
  },
  MARKET_NOT_FOUND: { status: 404, means: "The chain hasn't told the market's parameters yet." },
  ROUTE_NOT_FOUND: { status: 404, means: "There is no such route; /api/v1/docs lists all." },
  METHOD_NOT_ALLOWED: { status: 405, means: "This API only reads: use GET." },
  RECEIPT_TOO_LONG: {
    status: 422,
    means: "The job has too many steps for one answer: read its events and ticks page by page.",
  },
  RATE_LIMITED: {
    status: 429,
    means:
      "More requests of this kind came from the address, or from the wallet, than a minute may have: message says which limit, Retry-After when to come again.",
  },
  INTERNAL: { status: 500, means: "Something went wrong here; the request id finds it in the log." },
  DATABASE_UNAVAILABLE: { status: 503, means: "The database doesn't answer right now: try again." },
} as const;
export type ErrorCode = keyof typeof ERRORS;

/** What every documented route may answer. */
export const COMMON_ERRORS = [
  "INVALID_PARAMETER",
  "UNKNOWN_PARAMETER",
  "MALFORMED_REQUEST",
  "ORIGIN_NOT_ALLOWED",
  "METHOD_NOT_ALLOWED",
  "INTERNAL",
  "DATABASE_UNAVAILABLE",
] as const satisfies readonly ErrorCode[];
