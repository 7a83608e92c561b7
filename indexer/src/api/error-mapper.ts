/**
 * The one place where an error becomes an HTTP answer.
 * It doesn't know routes; a 5xx never tells what went wrong inside, the log does.
 */
import type { ApiErrorDto } from "@computestream/protocol/api";
import { ChainError } from "@computestream/protocol/client";
import type { ErrorRequestHandler } from "express";
import { ApiError, errorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";

/** PostgreSQL is away or stopping: the client may try again. */
const UNAVAILABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EPIPE",
  "57P01",
  "57P02",
  "57P03",
  "53300",
]);

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ChainError) {
    return new ApiError(503, "CHAIN_UNAVAILABLE", "the chain's node doesn't answer right now: try again");
  }
  const status = (error as { status?: unknown } | null)?.status;
  if (status === 413) return new ApiError(413, "BODY_TOO_LARGE", "the body has more than 8 kB");
  if (status === 415) {
    return new ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "the body must be JSON in UTF-8, not compressed");
  }
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new ApiError(status, "MALFORMED_REQUEST", "the request's path, headers or body are malformed");
  }
  const message = error instanceof Error ? error.message : "";
  if (UNAVAILABLE.has(errorCode(error)) || /^(Connection terminated|timeout exceeded)/.test(message)) {
    return new ApiError(503, "DATABASE_UNAVAILABLE", "the database doesn't answer right now: try again");
  }
  // query_canceled: the pool's statement timeout, whichever list or sum it was.
  if (errorCode(error) === "57014") {
    return new ApiError(
      503,
      "QUERY_TIMEOUT",
      "the database took too long over this: ask for less (a shorter range, a narrower filter), or again later",
    );
  }
  return new ApiError(500, "INTERNAL", "something went wrong here; the request id finds it in our log");
}

export function createErrorMapper(log: Logger): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) return next(error);
    const mapped = toApiError(error);
    const requestId: string | undefined = response.locals.requestId;
    if (mapped.status >= 500) log.error({ err: error, requestId }, "request failed");
    const body: ApiErrorDto = {
      error: {
        code: mapped.code,
        message: mapped.message,
        ...(mapped.field === undefined ? {} : { field: mapped.field }),
        ...(requestId === undefined ? {} : { requestId }),
      },
    };
    const challenge = challengeOf(mapped);
    if (challenge) response.set("www-authenticate", challenge);
    response.status(mapped.status).json(body);
  };
}

/** RFC 6750: what a client without the right token is told. */
function challengeOf({ status, code }: ApiError): string | null {
  const realm = 'Bearer realm="computestream"';
  if (code === "INVALID_TOKEN") return `${realm}, error="invalid_token"`;
  if (status === 401) return realm;
  return code === "NOT_ALLOWED" || code === "NOT_ADMIN" ? `${realm}, error="insufficient_scope"` : null;
}
