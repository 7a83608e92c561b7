/**
 * Who a request comes from: the access token of its Authorization header, and whether that may use a route at all.
 * It doesn't know what a route answers; what one wallet may see of another's is the handlers' business.
 */
import type { RequestHandler } from "express";
import type { Context } from "../context.ts";
import { ApiError } from "../errors.ts";
import type { Authorize } from "./mount.ts";

/**
 * Sets `response.locals.caller` and `.wallet` for a good token, null without one. A bad one is refused on every route:
 * who thinks to be signed in must not be answered as if nobody were.
 */
export function bearer(context: Pick<Context, "auth">): RequestHandler {
  return async (request, response, next) => {
    response.locals.caller = null;
    response.locals.wallet = null;
    const header = request.get("authorization");
    response.vary("Authorization");
    if (header === undefined) return next();
    response.set("cache-control", "private, no-store");
    const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(header) ?? [];
    if (token === undefined) {
      throw new ApiError(401, "INVALID_TOKEN", "the Authorization header must be Bearer and an access token");
    }
    const caller = await context.auth.authenticate(token);
    response.locals.caller = caller;
    response.locals.wallet = caller.wallet;
    next();
  };
}

/** The chain names its admin at each request: one who was replaced is refused from that transaction on. */
export function createAuthorize(context: Pick<Context, "source">): Authorize {
  return async ({ security }, caller) => {
    if (security === undefined) return;
    if (caller === null) {
      throw new ApiError(
        401,
        "NOT_SIGNED_IN",
        "this needs an access token: /api/v1/auth/nonce begins a sign-in",
      );
    }
    if (security === "admin" && (await context.source.admin()) !== caller.wallet) {
      throw new ApiError(403, "NOT_ADMIN", "this is for the market's admin alone");
    }
  };
}
