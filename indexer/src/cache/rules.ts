/**
 * How long answers may be kept: what each depends on, and how old it may be in spite of that.
 * It doesn't keep any. Routes without a rule are answered anew each time.
 */
import { ANSWER_TTL_SECS } from "@computestream/protocol/redis-keys";
import type { ROUTES } from "../api/table/index.ts";
import type { Tag } from "./freshness.ts";

export interface CacheRule {
  tags(params: { address?: string }, query: { job?: string; provider?: string }): Tag[];
  /** Not kept longer, whatever is heard. */
  maxAgeMs: number;
  /**
   * An answer that has changed is read again at once, a few times in a row. Where changes go on and on it is read again
   * once in so long, and is that old at most.
   */
  patienceMs: number;
  /** Goes by the chain's clock too, which no event tells of. */
  followsClock?: true;
  /** Each instance has what it takes in memory: not worth a way to Redis. */
  isOwn?: true;
}

/** One thing that is looked at closely: an answer is never older than what has been heard. */
const thing = { maxAgeMs: ANSWER_TTL_SECS * 1_000, patienceMs: 0 };
/** Under load of many settlements a second, a list changes with each. */
const list = { maxAgeMs: 10_000, patienceMs: 1_000 };
/** The newest bucket ends where the chain's clock is. */
const series = { maxAgeMs: 1_000, patienceMs: 1_000, followsClock: true } as const;

/** No commit tells that somebody fell silent. */
const SEEN_ONLINE_MS = 5_000;

const always =
  (...tags: Tag[]) =>
  () =>
    tags;
const ofJob: CacheRule["tags"] = ({ address }) => [`job:${address}`];

export const CACHE_RULES: Partial<Record<keyof typeof ROUTES, CacheRule>> = {
  "/api/v1/stats": { ...series, tags: always("events") },
  "/api/v1/stats/history": { ...series, tags: always("events") },
  "/api/v1/assets": { ...list, tags: always("market", "jobs", "providers") },
  "/api/v1/market": { ...thing, tags: always("market") },
  "/api/v1/events": {
    ...list,
    tags: (_, { job, provider }) => {
      if (job !== undefined) return [`job:${job}`];
      return provider === undefined ? ["events"] : [`provider:${provider}`];
    },
  },
  "/api/v1/streams": { ...list, tags: always("jobs") },
  "/api/v1/providers": { ...list, maxAgeMs: SEEN_ONLINE_MS, isOwn: true, tags: always("providers") },
  "/api/v1/providers/:address": {
    ...thing,
    maxAgeMs: SEEN_ONLINE_MS,
    tags: ({ address }) => [`provider:${address}`],
  },
  "/api/v1/providers/:address/jobs": { ...list, tags: always("jobs", "providers") },
  "/api/v1/providers/:address/stats": { ...series, tags: always("events") },
  "/api/v1/jobs": { ...list, tags: always("jobs") },
  "/api/v1/jobs/:address": { ...thing, tags: ofJob },
  "/api/v1/jobs/:address/ticks": { ...thing, tags: ofJob },
  "/api/v1/jobs/:address/events": { ...thing, tags: ofJob },
  "/api/v1/jobs/:address/receipt": { ...thing, tags: ofJob },
  "/api/v1/jobs/:address/case": { ...thing, tags: ofJob },
  "/api/v1/quotes": { ...list, tags: always("events") },
  "/api/v1/quotes/:address": { ...list, tags: always("events") },
  "/api/v1/wallets/:address": { ...list, tags: always("events") },
  "/api/v1/wallets/:address/ledger": { ...list, tags: always("events") },
};
