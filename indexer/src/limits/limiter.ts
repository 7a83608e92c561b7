/**
 * Decides whether one more request of an address, or of a wallet, is within its limit.
 * It doesn't know HTTP. Redis counts for all instances; what this one saw is counted here too, which is all there is when
 * Redis is away, and spares Redis the requests of who is over the limit anyway.
 */
import type { RedisKeys } from "@computestream/protocol/redis-keys";
import { LRUCache } from "lru-cache";
import type { RedisLink } from "../redis/client.ts";
import type { LimitClass, Quotas } from "./classes.ts";
import { createSharedWindow } from "./script.ts";
import { createWindow, freedInMs, sliceOf, type Window } from "./window.ts";

/** An address as `countedAs` gives it, or who signed in. */
export type Asker = { address: string } | { wallet: string };

export interface LimitStatus {
  /** As in the RateLimit headers. */
  policy: string;
  of: "address" | "wallet";
  quota: number;
  remaining: number;
  /** Seconds until more is free. */
  resetSecs: number;
}

export interface Verdict {
  /** False: refused, and not counted. */
  ok: boolean;
  limit: LimitStatus;
}

export interface Limiter {
  take(limitClass: LimitClass, asker: Asker, nowMs: number): Promise<Verdict>;
}

/** Askers of whom this instance remembers what they did in the last minute; the longest silent are forgotten first. */
const MAX_ASKERS = 50_000;
/** A refusal by Redis is repeated for so long without asking it. */
const REMEMBER_REFUSAL_MS = 1_000;

export function createLimiter(options: {
  quotas: Quotas;
  redis: Pick<RedisLink, "script">;
  keys: Pick<RedisKeys, "rateWindow">;
}): Limiter {
  const { quotas, keys } = options;
  const takeShared = createSharedWindow(options.redis);
  const own = new LRUCache<string, Window>({ max: MAX_ASKERS });
  const refusals = new LRUCache<string, { untilMs: number; freeAtMs: number }>({ max: MAX_ASKERS });

  function windowOf(id: string): Window {
    const known = own.get(id);
    if (known) return known;
    const window = createWindow();
    own.set(id, window);
    return window;
  }

  return {
    async take(limitClass, asker, nowMs) {
      const of = "wallet" in asker ? "wallet" : "address";
      const id = "wallet" in asker ? asker.wallet : asker.address;
      const quota = quotas[limitClass][of === "wallet" ? "perWallet" : "perAddress"];
      const verdict = (ok: boolean, used: number, freedMs: number): Verdict => ({
        ok,
        limit: {
          policy: of === "wallet" ? `${limitClass}-wallet` : limitClass,
          of,
          quota,
          remaining: Math.max(0, quota - used),
          resetSecs: Math.max(1, Math.ceil(freedMs / 1_000)),
        },
      });
      const window = windowOf(`${limitClass} ${id}`);
      const byOwn = (ok: boolean) =>
        verdict(ok, window.used(nowMs), freedInMs(window.oldestSlice(nowMs) ?? sliceOf(nowMs), nowMs));

      if (window.used(nowMs) >= quota) return byOwn(false);
      const key = keys.rateWindow(limitClass, id);
      const refusal = refusals.get(key);
      if (refusal && nowMs < refusal.untilMs) return verdict(false, quota, refusal.freeAtMs - nowMs);

      const shared = await takeShared(key, quota, nowMs);
      if (!shared) {
        // Others may have come while Redis was waited for.
        if (window.used(nowMs) >= quota) return byOwn(false);
        window.add(1, nowMs);
        return byOwn(true);
      }
      const freedMs = freedInMs(shared.oldestSlice, nowMs);
      if (shared.taken) {
        window.add(1, nowMs);
      } else {
        refusals.set(key, {
          untilMs: nowMs + Math.min(freedMs, REMEMBER_REFUSAL_MS),
          freeAtMs: nowMs + freedMs,
        });
      }
      return verdict(shared.taken, shared.used, freedMs);
    },
  };
}
