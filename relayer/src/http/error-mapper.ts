/**
 * The one place where errors become HTTP answers, in the form of zApiError.
 * It doesn't know routes; what it doesn't recognise is a 500 whose cause is only logged.
 */
import type { ErrorRequestHandler } from "express";
import { ZodError } from "zod";
import { AppError } from "../errors.ts";
import type { Logger } from "../logger.ts";

export interface ErrorAnswer {
  status: number;
  code: string;
  message: string;
  field?: string;
}

export function toAnswer(error: unknown): ErrorAnswer {
  if (error instanceof AppError) {
    const { status, code, message, field } = error;
    return { status, code, message, ...(field === undefined ? {} : { field }) };
  }
  if (error instanceof ZodError) {
    const issue = error.issues[0];
    const field = issue?.path
      .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
      .join("");
    return {
      status: 400,
      code: "BAD_INPUT",
      message: issue?.message ?? "bad input",
      field: field?.slice(1) || "body",
    };
  }
  // Errors of the body parser carry a type.
  switch ((error as { type?: unknown } | null)?.type) {
    case "entity.parse.failed":
      return { status: 400, code: "BAD_JSON", message: "The body is not JSON.", field: "body" };
    case "entity.too.large":
      return {
        status: 413,
        code: "BODY_TOO_LARGE",
        message: "The body is too large; send fewer at once.",
        field: "body",
      };
    case "encoding.unsupported":
    case "charset.unsupported":
      return { status: 415, code: "UNSUPPORTED_ENCODING", message: "Send plain UTF-8 JSON.", field: "body" };
    case "request.aborted":
      return { status: 400, code: "REQUEST_ABORTED", message: "The request was cut off.", field: "body" };
  }
  // Express's own refusals, such as a path that can't be decoded.
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status === "number" && status >= 400 && status < 500) {
    return { status, code: "MALFORMED_REQUEST", message: "The request's path or headers are malformed." };
  }
  return { status: 500, code: "INTERNAL", message: "Something went wrong here; it has been logged." };
}

export function createErrorMapper(logger: Logger): ErrorRequestHandler {
  return (error, _request, response, next) => {
    const { status, ...body } = toAnswer(error);
    const requestId = String(response.locals.requestId ?? "");
    if (status >= 500) logger[status === 503 ? "warn" : "error"]({ err: error, requestId }, "request failed");
    if (response.headersSent) return next(error);
    if (error instanceof AppError && error.retryAfterSecs !== undefined)
      response.setHeader("Retry-After", String(error.retryAfterSecs));
    response.status(status).json({ error: { ...body, requestId } });
  };
}
