/**
 * Rate limits in HTTP: which class a request is of, the headers that tell how much is left, the 429.
 * It doesn't count: limits/limiter.ts does.
 */
import type { IncomingMessage } from "node:http";
import { clientAddress, countedAs } from "@computestream/protocol/client-address";
import { RATE_WINDOW_SECS } from "@computestream/protocol/redis-keys";
import type { Request, RequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import { ApiError } from "../errors.ts";
import { LIMIT_CLASSES, type LimitClass } from "../limits/classes.ts";
import type { LimitStatus } from "../limits/limiter.ts";
import { wantsCsv } from "./csv.ts";
import { limitOf } from "./route-limits.ts";
import { mountsOf } from "./table/index.ts";
import type { RouteEntry } from "./table/types.ts";

type Limits = Pick<Context, "limiter" | "trustProxy" | "metrics" | "now">;

export interface RateLimitMiddleware {
  /** Before anything that costs. */
  byAddress: RequestHandler;
  /** After `response.locals.wallet` is known. */
  byWallet: RequestHandler;
}

export function createRateLimits(context: Limits): RateLimitMiddleware {
  const findEntry = createEntryFinder();

  async function take(
    response: Response,
    limitClass: LimitClass,
    asker: { address: string } | { wallet: string },
  ): Promise<void> {
    const verdict = await context.limiter?.take(limitClass, asker, context.now());
    if (!verdict) return;
    const { limit } = verdict;
    response.append("ratelimit-policy", `"${limit.policy}";q=${limit.quota};w=${RATE_WINDOW_SECS}`);
    response.append("ratelimit", `"${limit.policy}";r=${limit.remaining};t=${limit.resetSecs}`);
    if (verdict.ok) return;
    context.metrics.limitRefusals.inc({ class: limitClass, of: limit.of });
    response.set({ "retry-after": String(limit.resetSecs), "cache-control": "no-store" });
    throw new ApiError(429, "RATE_LIMITED", sentence(limitClass, limit));
  }

  return {
    async byAddress(request, response, next) {
      const limitClass = context.limiter && classOf(findEntry(request.path), request);
      if (limitClass) {
        response.locals.limitClass = limitClass;
        await take(response, limitClass, { address: addressOf(request, context.trustProxy) });
      }
      next();
    },
    async byWallet(_request, response, next) {
      const { limitClass, wallet } = response.locals;
      if (limitClass && wallet) await take(response, limitClass, { wallet });
      next();
    },
  };
}

/** Seconds to wait, or null: go on. For upgrades, which pass no middleware. */
export async function admitConnection(context: Limits, request: IncomingMessage): Promise<number | null> {
  const address = addressOf(request, context.trustProxy);
  const verdict = await context.limiter?.take("connect", { address }, context.now());
  if (!verdict || verdict.ok) return null;
  context.metrics.limitRefusals.inc({ class: "connect", of: verdict.limit.of });
  return verdict.limit.resetSecs;
}

function sentence(limitClass: LimitClass, { of, quota, resetSecs }: LimitStatus): string {
  return `this ${of} has sent the ${quota} requests that it has in ${RATE_WINDOW_SECS} seconds for ${LIMIT_CLASSES[limitClass].means}: come again in ${resetSecs} seconds`;
}

/** As what a client is counted, behind so many proxies of ours. */
export function addressOf({ socket, headers }: IncomingMessage, proxies: number): string {
  const forwarded = headers["x-forwarded-for"];
  return countedAs(clientAddress(socket.remoteAddress, forwarded?.toString(), proxies));
}

/** Null = not limited. Paths that nobody serves are looked up like others. */
function classOf(entry: RouteEntry | undefined, request: Request): LimitClass | null {
  if (!entry) return "read";
  const limit = limitOf(entry);
  if (limit === "discovery" || limit === "read") {
    const isSearch = typeof request.query.q === "string" && request.query.q !== "";
    if (isSearch || (entry.csv && wantsCsv(request, request.query))) return "expensive";
  }
  return limit;
}

function createEntryFinder(): (path: string) => RouteEntry | undefined {
  const exact = new Map<string, RouteEntry>();
  const patterns: Array<{ pattern: RegExp; entry: RouteEntry }> = [];
  for (const { path, entry } of mountsOf()) {
    if (path.includes(":")) {
      patterns.push({ pattern: new RegExp(`^${path.replace(/:\w+/g, "[^/]+")}$`), entry });
    } else {
      exact.set(path, entry);
    }
  }
  return (path) => {
    const plain = path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
    return exact.get(plain) ?? patterns.find(({ pattern }) => pattern.test(plain))?.entry;
  };
}
