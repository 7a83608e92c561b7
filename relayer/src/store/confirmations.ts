/**
 * The newest countersignature of each job that is still to be brought to the chain.
 * It doesn't verify any: only verified ones are handed in, and Redis may forget; the buyer still has its own.
 */
import { type Countersignature, countersignedUsageToJson, zCountersignature } from "@computestream/protocol";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";

export interface ConfirmationStore {
  /** False when one for as many seconds waits already. */
  put(confirmation: Countersignature): Promise<boolean>;
  all(): Promise<Map<string, Countersignature>>;
  /** Takes it off, unless one for more seconds has come since. */
  done(confirmation: Countersignature): Promise<void>;
}

// Seconds are u64: compared as canonical decimal strings.
const COMPARE = `
local function seconds(text) return cjson.decode(text).secondsCum end
local function more(a, b) if #a ~= #b then return #a > #b end return a > b end
local old = redis.call("HGET", KEYS[1], ARGV[1])
`;
const PUT = `${COMPARE}
if old and not more(ARGV[3], seconds(old)) then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
return 1
`;
const DONE = `${COMPARE}
if old and not more(seconds(old), ARGV[2]) then redis.call("HDEL", KEYS[1], ARGV[1]) end
return 1
`;

export function createConfirmationStore(redis: Redis, keys: Keys): ConfirmationStore {
  const put = defineScript(redis, "csPutConfirmation", PUT);
  const done = defineScript(redis, "csConfirmationDone", DONE);
  return {
    async put(confirmation) {
      const { signature: _, ...json } = countersignedUsageToJson({ ...confirmation, signature: "0x" });
      const args = [confirmation.job, JSON.stringify(json), `${confirmation.secondsCum}`];
      return (await put([keys.confirmations], args)) === 1;
    },
    async all() {
      const texts = await unavailable(() => redis.hvals(keys.confirmations));
      return new Map(
        texts.map((text) => {
          const confirmation = zCountersignature.parse(JSON.parse(text));
          return [confirmation.job, confirmation];
        }),
      );
    },
    async done(confirmation) {
      await done([keys.confirmations], [confirmation.job, `${confirmation.secondsCum}`]);
    },
  };
}
