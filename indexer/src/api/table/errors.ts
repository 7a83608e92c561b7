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
  MALFORMED_REQUEST: { status: 400, means: "The path, a header or the body can't be read." },
  INVALID_TOKEN: {
    status: 401,
    means: "The Authorization header holds no valid access token: refresh it, sign in again or leave it out.",
  },
  NOT_SIGNED_IN: { status: 401, means: "This needs the header Authorization: Bearer with an access token." },
  INVALID_NONCE: { status: 401, means: "The nonce isn't one of ours for this account, site and chain." },
  NONCE_EXPIRED: { status: 401, means: "The nonce was made more than five minutes ago: sign another." },
  NONCE_USED: { status: 401, means: "Somebody signed in with this nonce already: sign another." },
  WRONG_DOMAIN: { status: 401, means: "The text was signed on another site than those of this market." },
  WRONG_CHAIN: { status: 401, means: "The wallet is on another chain." },
  WRONG_MESSAGE: { status: 401, means: "The signed text isn't that of the nonce, line by line." },
  BAD_SIGNATURE: { status: 401, means: "The signature isn't the key's over the text." },
  KEY_NOT_OF_ADDRESS: { status: 401, means: "The chain says that the account has another key." },
  INVALID_REFRESH_TOKEN: { status: 401, means: "The refresh token opens no session: sign in again." },
  REFRESH_REUSED: {
    status: 401,
    means: "The refresh token was used before: the session has ended, because somebody has a copy.",
  },
  NOT_ALLOWED: { status: 403, means: "This is private to others; the description says to whom." },
  NOT_ADMIN: { status: 403, means: "The chain names another account as the market's admin." },
  ORIGIN_NOT_ALLOWED: { status: 403, means: "Browsers may only come from the origins in CORS_ORIGINS." },
  JOB_NOT_FOUND: { status: 404, means: "There is no job at this address, or the mirror hasn't seen it yet." },
  PROVIDER_NOT_FOUND: {
    status: 404,
    means: "There is no provider at this address, or the mirror hasn't seen it yet.",
  },
  QUOTE_NOT_FOUND: {
    status: 404,
    means: "No quote at this address was used, or the mirror hasn't seen it yet.",
  },
  MARKET_NOT_FOUND: { status: 404, means: "The chain hasn't told the market's parameters yet." },
  ROUTE_NOT_FOUND: { status: 404, means: "There is no such route; /api/v1/docs lists all." },
  METHOD_NOT_ALLOWED: { status: 405, means: "The route has another method: the Allow header names it." },
  BODY_TOO_LARGE: { status: 413, means: "The body has more than 8 kB." },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    means: "The body must be application/json in UTF-8, not compressed.",
  },
  TOO_MANY_FROM_ADDRESS: {
    status: 429,
    means: "Your address has as many live connections as it may: close some, one takes many topics.",
  },
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
  TOO_MANY_CONNECTIONS: {
    status: 503,
    means: "This instance has as many live connections as it takes: try again after Retry-After seconds.",
  },
  QUERY_TIMEOUT: {
    status: 503,
    means: "The database took longer over it than QUERY_TIMEOUT_MS: ask for less, or again later.",
  },
  DATABASE_UNAVAILABLE: { status: 503, means: "The database doesn't answer right now: try again." },
  CHAIN_UNAVAILABLE: {
    status: 503,
    means: "The chain's node doesn't answer right now, and only it can decide this: try again.",
  },
} as const;
export type ErrorCode = keyof typeof ERRORS;

/** What every documented route may answer. */
export const COMMON_ERRORS = [
  "INVALID_PARAMETER",
  "UNKNOWN_PARAMETER",
  "MALFORMED_REQUEST",
  "INVALID_TOKEN",
  "ORIGIN_NOT_ALLOWED",
  "METHOD_NOT_ALLOWED",
  "INTERNAL",
  "DATABASE_UNAVAILABLE",
  "QUERY_TIMEOUT",
] as const satisfies readonly ErrorCode[];

/** What routes with these traits may answer beside that. */
export const BODY_ERRORS = [
  "BODY_TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
] as const satisfies readonly ErrorCode[];
export const SECURITY_ERRORS = {
  wallet: ["NOT_SIGNED_IN"],
  admin: ["NOT_SIGNED_IN", "NOT_ADMIN", "CHAIN_UNAVAILABLE"],
} as const satisfies Record<string, readonly ErrorCode[]>;
