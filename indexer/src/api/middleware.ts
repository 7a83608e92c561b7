/**
 * What every request passes: an id, safe headers, CORS by list, timing.
 * It doesn't know routes.
 */
import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import type { Context } from "../context.ts";
import { ApiError } from "../errors.ts";

/** Slower ones stand in the log at the usual level. */
const SLOW_SECS = 2;

/** Takes a caller's x-request-id when it is harmless, else makes one; the answer carries it. */
export const requestId: RequestHandler = (request, response, next) => {
  const given = request.get("x-request-id");
  const id = given && /^[\w-]{1,64}$/.test(given) ? given : randomUUID();
  response.locals.requestId = id;
  response.set("x-request-id", id);
  next();
};

/** For answers that no browser renders; a page brings its own content policy. */
export const safeHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    // Fresh each time, but a client that has the same answer is told so (ETag).
    "cache-control": "no-cache",
  });
  next();
};

export function isOriginAllowed(allowed: string[], origin: string | undefined): boolean {
  return origin === undefined || allowed.includes(origin);
}

export function cors(allowed: string[]): RequestHandler {
  return (request, response, next) => {
    const origin = request.get("origin");
    response.vary("Origin");
    if (origin !== undefined && allowed.includes(origin)) {
      response.set({
        "access-control-allow-origin": origin,
        "access-control-expose-headers":
          "x-request-id, etag, link, x-ledger-version, ratelimit, ratelimit-policy, retry-after, www-authenticate",
      });
    }
    if (request.method !== "OPTIONS") return next();
    if (!isOriginAllowed(allowed, origin)) {
      throw new ApiError(403, "ORIGIN_NOT_ALLOWED", "this origin is not in CORS_ORIGINS");
    }
    response.set({
      // No credentials: who calls stands in a header that no browser adds by itself, so nothing can be forged across sites.
      "access-control-allow-methods": "GET, HEAD, POST, OPTIONS",
      "access-control-allow-headers": "authorization, content-type, x-request-id",
      "access-control-max-age": "600",
    });
    response.status(204).end();
  };
}

/** Times each answer for the metrics and, at level debug, the log: of a URL only its pattern, of headers nothing. */
export function timing({
  metrics,
  log,
  isDraining,
}: Pick<Context, "metrics" | "log" | "isDraining">): RequestHandler {
  return (request, response, next) => {
    const stop = metrics.requestSeconds.startTimer();
    // Whoever keeps this connection open would come back to one that has ended.
    if (isDraining()) response.set("connection", "close");
    response.on("finish", () => {
      // The pattern, never the path: labels must stay few.
      const route = String(request.route?.path ?? "none");
      const status = response.statusCode;
      const secs = stop({ route, status: String(status) });
      const line = { requestId: response.locals.requestId, method: request.method, route, status };
      log[secs > SLOW_SECS ? "warn" : "debug"]({ ...line, ms: Math.round(secs * 1_000) }, "answered");
    });
    next();
  };
}
