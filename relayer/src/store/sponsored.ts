/**
 * What was sponsored: one record for each (sender, sequence number), written before the transaction is sent, so that no
 * replica and no restart ever sends two for one number, and none is paid for twice.
 * It doesn't talk to the chain; the limits it counts against are given to it.
 */
import { z } from "zod";
import { KEEP_UNPAID_SECS } from "./quotes.ts";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";

export const zSponsored = z.object({
  hash: z.string(),
  /** BCS of the whole signed transaction as hex. */
  bytes: z.string(),
  sender: z.string(),
  sequenceNumber: z.string(),
  /** Unix seconds after which it can never be committed. */
  expiresAt: z.string(),
  function: z.string(),
  /** Base units of gas at most. */
  maxFee: z.string(),
  /** Absent in records of earlier versions. */
  gasUnitPrice: z.string().optional(),
  purpose: z.string(),
  /** What no two payments may have in common. */
  claim: z.string().nullable(),
  /** What it was sent for. */
  binding: z.string(),
});
export type Sponsored = z.output<typeof zSponsored>;

/** `committed` and `failed` stand on chain; `never`: it can't get there any more. */
export const zSponsoredResult = z.object({
  result: z.enum(["committed", "failed", "never"]),
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type SponsoredResult = z.output<typeof zSponsoredResult>;

export interface SponsoredEntry {
  record: Sponsored;
  result: SponsoredResult | null;
}

export interface Limits {
  /** Transactions a wallet gets sponsored a day, in all and of one function. */
  perWallet: number;
  perFunction: number;
  /** Base units of gas a day: what was used, and the maximum of each transaction whose end isn't known. */
  budget: bigint;
}

export type ClaimAnswer = "recorded" | "number_taken" | "claim_taken" | "wallet" | "function" | "budget";

export interface SponsoredStore {
  /** Records it, and gives its caller the right to send and follow it for `busyMs`. */
  claim(
    record: Sponsored,
    options: { token: string; busyMs: number; limits: Limits; nowMs: number },
  ): Promise<ClaimAnswer>;
  find(sender: string, sequenceNumber: string): Promise<SponsoredEntry | null>;
  /** The payment that holds a claim. */
  holderOf(claim: string): Promise<SponsoredEntry | null>;
  /** False while another follows it. */
  takeUp(record: Sponsored, token: string, busyMs: number): Promise<boolean>;
  release(record: Sponsored, token: string): Promise<void>;
  /** Whether it is followed for somebody who waits for the answer: by a token that doesn't begin with `BACKGROUND`. */
  isAnswered(record: Sponsored): Promise<boolean>;
  /**
   * The first result stands. A committed one whose claim is a quote's makes the quote due, if `due`. `spent`: base units of
   * gas that it used; the rest of its maximum is the day's again.
   */
  resolve(
    record: Sponsored,
    result: SponsoredResult,
    options: { due: boolean; nowMs: number; spent: bigint },
  ): Promise<void>;
  /** True for the first who asks for a committed one. */
  deliver(record: Sponsored): Promise<boolean>;
  /** Records without a result, oldest first. */
  open(limit: number): Promise<Sponsored[]>;
}

/** How the tokens begin of who follows records that nobody waits for. */
export const BACKGROUND = "background:";
const DAY_MS = 86_400_000;
const KEEP_SECS = 30 * 86_400;

const CLAIM = `
if redis.call("EXISTS", KEYS[1]) == 1 and redis.call("HGET", KEYS[1], "ended") ~= "never" then return "number_taken" end
if ARGV[7] == "1" and redis.call("EXISTS", KEYS[4]) == 1 then return "claim_taken" end
if tonumber(redis.call("GET", KEYS[5]) or "0") >= tonumber(ARGV[8]) then return "wallet" end
if tonumber(redis.call("GET", KEYS[6]) or "0") >= tonumber(ARGV[9]) then return "function" end
if tonumber(redis.call("GET", KEYS[7]) or "0") + tonumber(ARGV[10]) > tonumber(ARGV[11]) then return "budget" end
redis.call("DEL", KEYS[1])
redis.call("HSET", KEYS[1], "record", ARGV[1], "hash", ARGV[12], "counted", KEYS[7])
redis.call("EXPIRE", KEYS[1], ARGV[6])
redis.call("SET", KEYS[2], ARGV[2], "PX", ARGV[3])
redis.call("ZADD", KEYS[3], ARGV[5], ARGV[4])
-- From now on the quote lasts as long as its payment: the node may be away for hours before anybody knows what became of it.
if ARGV[7] == "1" then
  redis.call("SET", KEYS[4], ARGV[4], "EX", ARGV[6])
  redis.call("EXPIRE", KEYS[8], ARGV[6])
end
redis.call("INCR", KEYS[5]); redis.call("EXPIRE", KEYS[5], 172800)
redis.call("INCR", KEYS[6]); redis.call("EXPIRE", KEYS[6], 172800)
redis.call("INCRBY", KEYS[7], ARGV[10]); redis.call("EXPIRE", KEYS[7], 172800)
return "recorded"
`;
const RELEASE = `
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0
`;
const RESOLVE = `
if redis.call("HGET", KEYS[1], "hash") ~= ARGV[1] or redis.call("HEXISTS", KEYS[1], "result") == 1 then return 0 end
redis.call("HSET", KEYS[1], "result", ARGV[2], "ended", ARGV[3], "record", ARGV[10])
redis.call("ZREM", KEYS[2], ARGV[4])
local counted = redis.call("HGET", KEYS[1], "counted")
if counted and redis.call("EXISTS", counted) == 1 then redis.call("DECRBY", counted, ARGV[9]) end
if ARGV[5] == "" then return 1 end
if ARGV[3] ~= "committed" then
  if redis.call("GET", KEYS[3]) == ARGV[4] then
    redis.call("DEL", KEYS[3])
    redis.call("EXPIRE", KEYS[5], ARGV[8])
  end
  return 1
end
if ARGV[6] == "1" then redis.call("ZADD", KEYS[4], ARGV[7], ARGV[5]) end
return 1
`;
const DELIVER = `
if redis.call("HGET", KEYS[1], "hash") ~= ARGV[1] or redis.call("HGET", KEYS[1], "ended") ~= "committed" then return 0 end
return redis.call("HSETNX", KEYS[1], "delivered", "1")
`;

const numberOf = (sender: string, sequenceNumber: string): string => `${sender}:${sequenceNumber}`;
const nameOf = (record: Sponsored): string => numberOf(record.sender, record.sequenceNumber);

export function createSponsoredStore(redis: Redis, keys: Keys): SponsoredStore {
  const scripts = {
    claim: defineScript(redis, "csSponsorClaim", CLAIM),
    release: defineScript(redis, "csSponsorRelease", RELEASE),
    resolve: defineScript(redis, "csSponsorResolve", RESOLVE),
    deliver: defineScript(redis, "csSponsorDeliver", DELIVER),
  };

  async function read(number: string): Promise<SponsoredEntry | null> {
    const [record, result] = await unavailable(() => redis.hmget(keys.sponsored(number), "record", "result"));
    if (!record) return null;
    return {
      record: zSponsored.parse(JSON.parse(record)),
      result: result ? zSponsoredResult.parse(JSON.parse(result)) : null,
    };
  }

  return {
    async claim(record, { token, busyMs, limits, nowMs }) {
      const number = nameOf(record);
      const day = Math.floor(nowMs / DAY_MS);
      return (await scripts.claim(
        [
          keys.sponsored(number),
          keys.sponsoredBusy(number),
          keys.sponsoredOpen,
          keys.sponsorClaim(record.claim ?? ""),
          keys.sponsorCount(day, record.sender),
          keys.sponsorCount(day, `${record.sender}:${record.function}`),
          keys.sponsorCount(day, "gas"),
          keys.quote(record.claim ?? ""),
        ],
        [
          JSON.stringify(record),
          token,
          busyMs,
          number,
          nowMs,
          KEEP_SECS,
          record.claim === null ? "0" : "1",
          limits.perWallet,
          limits.perFunction,
          record.maxFee,
          limits.budget.toString(),
          record.hash,
        ],
      )) as ClaimAnswer;
    },
    find: (sender, sequenceNumber) => read(numberOf(sender, sequenceNumber)),
    async holderOf(claim) {
      const number = await unavailable(() => redis.get(keys.sponsorClaim(claim)));
      return number === null ? null : read(number);
    },
    takeUp: async (record, token, busyMs) =>
      (await unavailable(() => redis.set(keys.sponsoredBusy(nameOf(record)), token, "PX", busyMs, "NX"))) ===
      "OK",
    async isAnswered(record) {
      const token = await unavailable(() => redis.get(keys.sponsoredBusy(nameOf(record))));
      return token !== null && !token.startsWith(BACKGROUND);
    },
    async release(record, token) {
      await scripts.release([keys.sponsoredBusy(nameOf(record))], [token]);
    },
    async resolve(record, result, { due, nowMs, spent }) {
      const unspent = BigInt(record.maxFee) - spent;
      const number = nameOf(record);
      const claim = record.claim ?? "";
      await scripts.resolve(
        [
          keys.sponsored(number),
          keys.sponsoredOpen,
          keys.sponsorClaim(claim),
          keys.quotesDue,
          keys.quote(claim),
        ],
        [
          record.hash,
          JSON.stringify(result),
          result.result,
          number,
          claim,
          due ? "1" : "0",
          nowMs,
          KEEP_UNPAID_SECS,
          `${unspent > 0n ? unspent : 0n}`,
          // The bytes have done their service.
          JSON.stringify({ ...record, bytes: "" }),
        ],
      );
    },
    deliver: async (record) => (await scripts.deliver([keys.sponsored(nameOf(record))], [record.hash])) === 1,
    async open(limit) {
      const numbers = await unavailable(() => redis.zrange(keys.sponsoredOpen, "0", `${limit - 1}`));
      const entries = await Promise.all(numbers.map((number) => read(`${number}`)));
      // What was forgotten can't be followed, and mustn't stand in the way of what can.
      const gone = numbers.filter((_, index) => entries[index] === null);
      if (gone.length > 0) await unavailable(() => redis.zrem(keys.sponsoredOpen, ...gone));
      return entries.flatMap((entry) => (entry && !entry.result ? [entry.record] : []));
    },
  };
}
