/**
 * Transactions that were handed in signed: one record for each hash, written before it is sent, so that any replica can
 * bring it to an end and a repeat finds it.
 * It doesn't talk to the chain, and a result here yields to what stands there.
 */
import { z } from "zod";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";
import { type SponsoredResult, zSponsoredResult } from "./sponsored.ts";

export const zRelay = z.object({
  hash: z.string(),
  /** BCS of the whole signed transaction as hex; empty for a sponsored one, which the sponsor keeps. */
  bytes: z.string(),
  sender: z.string(),
  sequenceNumber: z.string(),
  expiresAt: z.string(),
  function: z.string(),
  sponsored: z.boolean(),
});
export type Relay = z.output<typeof zRelay>;

export interface RelayEntry {
  record: Relay;
  result: SponsoredResult | null;
}

export interface RelayedStore {
  /** False when it is recorded and may yet come, or has come. One that couldn't be sent is recorded anew. */
  put(record: Relay): Promise<boolean>;
  find(hash: string): Promise<RelayEntry | null>;
  /** Forgets what was never sent, or is forgotten already. */
  drop(hash: string): Promise<void>;
  resolve(record: Relay, result: SponsoredResult): Promise<void>;
  /** Hashes of unsponsored ones without a result, those that expire first first. */
  open(limit: number): Promise<string[]>;
  /** False while another follows it. */
  takeUp(hash: string, busyMs: number): Promise<boolean>;
}

const KEEP_SECS = 2 * 86_400;
/** What never got on chain is told for so long. */
const KEEP_NEVER_SECS = 3_600;

const PUT = `
local result = redis.call("HGET", KEYS[1], "ended")
if redis.call("EXISTS", KEYS[1]) == 1 and result ~= "never" then return 0 end
redis.call("DEL", KEYS[1])
redis.call("HSET", KEYS[1], "record", ARGV[1])
redis.call("EXPIRE", KEYS[1], ARGV[2])
if ARGV[3] == "0" then redis.call("ZADD", KEYS[2], ARGV[4], ARGV[5]) end
return 1
`;
const RESOLVE = `
redis.call("ZREM", KEYS[2], ARGV[4])
if redis.call("EXISTS", KEYS[1]) == 0 then return 0 end
redis.call("HSET", KEYS[1], "record", ARGV[1], "result", ARGV[2], "ended", ARGV[3])
redis.call("EXPIRE", KEYS[1], ARGV[5])
return 1
`;

export function createRelayedStore(redis: Redis, keys: Keys): RelayedStore {
  const put = defineScript(redis, "csRelayPut", PUT);
  const resolve = defineScript(redis, "csRelayResolve", RESOLVE);

  return {
    async put(record) {
      const { hash, sponsored, expiresAt } = record;
      const args = [JSON.stringify(record), KEEP_SECS, sponsored ? "1" : "0", expiresAt, hash];
      return (await put([keys.relayed(hash), keys.relayedOpen], args)) === 1;
    },
    async find(hash) {
      const [record, result] = await unavailable(() => redis.hmget(keys.relayed(hash), "record", "result"));
      if (!record) return null;
      return {
        record: zRelay.parse(JSON.parse(record)),
        result: result ? zSponsoredResult.parse(JSON.parse(result)) : null,
      };
    },
    async drop(hash) {
      await unavailable(() =>
        Promise.all([redis.del(keys.relayed(hash)), redis.zrem(keys.relayedOpen, hash)]),
      );
    },
    async resolve(record, result) {
      // The bytes have done their service.
      const kept = JSON.stringify({ ...record, bytes: "" });
      const keepSecs = result.result === "never" ? KEEP_NEVER_SECS : KEEP_SECS;
      await resolve(
        [keys.relayed(record.hash), keys.relayedOpen],
        [kept, JSON.stringify(result), result.result, record.hash, keepSecs],
      );
    },
    open: (limit) => unavailable(() => redis.zrange(keys.relayedOpen, "0", `${limit - 1}`)),
    takeUp: async (hash, busyMs) =>
      (await unavailable(() => redis.set(keys.relayedBusy(hash), "1", "PX", busyMs, "NX"))) === "OK",
  };
}
