/**
 * Quotes and what came of them, in Redis; without it the payer still has what it needs to be refunded on chain.
 * It doesn't know payments: `sponsored.ts` says who paid a quote, and puts it on the list of those that are due.
 */
import { zAddress, zHash32, zHex, zU64 } from "@computestream/protocol";
import { type OrderJson, orderToJson, zOrder } from "@computestream/x402";
import type { Quote } from "@computestream/x402/facilitator";
import { z } from "zod";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";

const zStored = z.object({
  id: z.string(),
  asset: zAddress,
  address: zAddress,
  expiresAt: zU64,
  terms: z.object({
    payer: zAddress,
    clerk: zAddress,
    redeemBy: zU64,
    nonce: zHex,
    orderHash: zHash32,
  }),
  order: zOrder,
});

export interface StoredQuote extends Quote {
  /** Unix seconds from which nobody can pay it any more; `redeemBy` leaves time to make its job. */
  expiresAt: bigint;
}

export const zQuoteOutcome = z.object({
  state: z.enum(["created", "refunded"]),
  /** Null where it was refunded. */
  job: z.string().nullable(),
  /** The transaction that made the job or sent the money back; null where somebody else's did. */
  transaction: z.string().nullable(),
  /** Why no job was made. */
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type QuoteOutcome = z.output<typeof zQuoteOutcome>;

export type QuotePut = "kept" | "too_many_of_address" | "too_many";

export interface QuoteStore {
  /** `from`: the address that asked. Quotes cost nothing, so that only so many are kept: memory is everybody's. */
  put(quote: StoredQuote, asked: { from: string; nowMs: number }): Promise<QuotePut>;
  get(id: string): Promise<StoredQuote | null>;
  outcome(id: string): Promise<QuoteOutcome | null>;
  /** The first outcome stands; the quote isn't due any more. */
  finish(id: string, outcome: QuoteOutcome): Promise<void>;
  /** Paid quotes without an outcome whose turn has come. */
  due(nowMs: number, limit: number): Promise<string[]>;
  /** Paid quotes without an outcome. */
  waiting(): Promise<number>;
  /** Not before `atMs`. */
  postpone(id: string, atMs: number): Promise<void>;
  /** Of a quote that nobody knows any more. */
  forget(id: string): Promise<void>;
}

/** An unpaid quote can still be looked up for a while; a payment makes it last as long as its record. */
export const KEEP_UNPAID_SECS = 900;
/** Unpaid quotes of a few kilobytes each, until they are forgotten. */
const LIMITS = { all: 30_000, ofAddress: 1_000 };

const PUT = `
for i = 2, 3 do redis.call("ZREMRANGEBYSCORE", KEYS[i], "-inf", ARGV[3]) end
if redis.call("ZCARD", KEYS[3]) >= tonumber(ARGV[6]) then return "too_many_of_address" end
if redis.call("ZCARD", KEYS[2]) >= tonumber(ARGV[5]) then return "too_many" end
redis.call("HSET", KEYS[1], "quote", ARGV[2])
for i = 2, 3 do redis.call("ZADD", KEYS[i], ARGV[3] + ARGV[4] * 1000, ARGV[1]) end
for i = 1, 3 do redis.call("EXPIRE", KEYS[i], ARGV[4]) end
return "kept"
`;

export function createQuoteStore(redis: Redis, keys: Keys, limits = LIMITS): QuoteStore {
  const put = defineScript(redis, "csQuotePut", PUT);
  return {
    async put(quote, { from, nowMs }) {
      const { order, terms, expiresAt, ...rest } = quote;
      const text = JSON.stringify({
        ...rest,
        expiresAt: `${expiresAt}`,
        terms: { ...terms, redeemBy: `${terms.redeemBy}` },
        order: orderToJson(order) satisfies OrderJson,
      });
      return (await put(
        [keys.quote(quote.id), keys.quotesUnpaid, keys.quotesUnpaidOf(from)],
        [quote.id, text, nowMs, KEEP_UNPAID_SECS, limits.all, limits.ofAddress],
      )) as QuotePut;
    },
    async get(id) {
      const text = await unavailable(() => redis.hget(keys.quote(id), "quote"));
      return text === null ? null : zStored.parse(JSON.parse(text));
    },
    async outcome(id) {
      const text = await unavailable(() => redis.hget(keys.quote(id), "outcome"));
      return text === null ? null : zQuoteOutcome.parse(JSON.parse(text));
    },
    async finish(id, outcome) {
      await unavailable(() =>
        redis
          .multi()
          .hsetnx(keys.quote(id), "outcome", JSON.stringify(outcome))
          .zrem(keys.quotesDue, id)
          .exec(),
      );
    },
    due: (nowMs, limit) =>
      unavailable(() => redis.zrangebyscore(keys.quotesDue, 0, nowMs, "LIMIT", 0, limit)) as Promise<
        string[]
      >,
    waiting: () => unavailable(() => redis.zcard(keys.quotesDue)),
    async postpone(id, atMs) {
      await unavailable(() => redis.zadd(keys.quotesDue, "XX", atMs, id));
    },
    async forget(id) {
      await unavailable(() => redis.zrem(keys.quotesDue, id));
    },
  };
}
