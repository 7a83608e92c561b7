/**
 * The one place where an error becomes an HTTP answer.
 * It doesn't know routes; a 5xx never tells what went wrong inside, the log does.
 */
import type { ApiErrorDto } from "@computestream/protocol/api";
import type { ErrorRequestHandler } from "express";
import { ApiError, errorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";

/** PostgreSQL is away, stopping, or cancelled the query: the client may try again. */
const UNAVAILABLE = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EPIPE",
  "57P01",
  "57P02",
  "57P03",
  "57014",
  "53300",
]);

export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new ApiError(status, "MALFORMED_REQUEST", "the request's path or headers are malformed");
  }
  const message = error instanceof Error ? error.message : "";
  if (UNAVAILABLE.has(errorCode(error)) || /^(Connection terminated|timeout exceeded)/.test(message)) {
    return new ApiError(503, "DATABASE_UNAVAILABLE", "the database doesn't answer right now: try again");
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
    response.status(mapped.status).json(body);
  };
}
