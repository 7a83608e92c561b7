/**
 * A bounded log of each job as a Redis stream whose entry ids are the offsets, and the wake-ups of its readers.
 * It doesn't know who may write or read: the hub asks the chain first.
 */
import type { LogMessage } from "@computestream/protocol";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";

export const LOG_MAX_MESSAGES = 5000;
export const LOG_MAX_BYTES = 4 * 1024 * 1024;
/** Of all jobs of one provider: it decides how much they write, and memory is everybody's. */
export const PROVIDER_LOG_MAX_BYTES = 64 * 1024 * 1024;
const KEPT_SECS = 86_400;

// An entry's id is its offset plus one (0-0 is not an id): Redis itself refuses repeats and keeps the order.
const APPEND = `
local added = redis.pcall("XADD", KEYS[1], ARGV[1], "m", ARGV[2])
if type(added) == "table" and added.err then
  if string.find(added.err, "equal or smaller", 1, true) then return 0 end
  return redis.error_reply(added.err)
end
local before = tonumber(redis.call("GET", KEYS[2]) or "0")
local bytes = redis.call("INCRBY", KEYS[2], #ARGV[2])
local count = redis.call("XLEN", KEYS[1])
while count > 1 and (count > tonumber(ARGV[3]) or bytes > tonumber(ARGV[4])) do
  local oldest = redis.call("XRANGE", KEYS[1], "-", "+", "COUNT", 1)[1]
  redis.call("XDEL", KEYS[1], oldest[1])
  bytes = redis.call("DECRBY", KEYS[2], #oldest[2][2])
  count = count - 1
end
redis.call("EXPIRE", KEYS[1], ARGV[5])
redis.call("EXPIRE", KEYS[2], ARGV[5])
redis.call("PUBLISH", KEYS[3], ARGV[6])
-- The provider's total is a guess that only errs upwards, since logs also expire: it is counted anew when it is too much.
local now = redis.call("TIME")
redis.call("ZADD", KEYS[4], now[1] * 1000000 + now[2], ARGV[6])
redis.call("EXPIRE", KEYS[4], ARGV[5])
local total = redis.call("INCRBY", KEYS[5], bytes - before)
redis.call("EXPIRE", KEYS[5], ARGV[5])
local most = tonumber(ARGV[7])
if total <= most then return 1 end
local jobs = redis.call("ZRANGE", KEYS[4], 0, -1)
local sizes = {}
total = 0
for i, job in ipairs(jobs) do
  sizes[i] = tonumber(redis.call("GET", ARGV[9] .. job) or "0")
  if sizes[i] == 0 then redis.call("ZREM", KEYS[4], job) end
  total = total + sizes[i]
end
-- The logs written to longest ago go whole, until there is room again; never the one written to now.
for i, job in ipairs(jobs) do
  if total <= most * 0.9 then break end
  if job ~= ARGV[6] and sizes[i] > 0 then
    redis.call("DEL", ARGV[8] .. job, ARGV[9] .. job)
    redis.call("ZREM", KEYS[4], job)
    total = total - sizes[i]
  end
end
redis.call("SET", KEYS[5], total, "EX", ARGV[5])
return 1
`;

export interface LogStore {
  /** False when that offset (or a later one) is there already. */
  append(message: LogMessage, provider: string): Promise<boolean>;
  /** Messages with an offset above `after` (-1 = from the beginning), in order, at most `limit`. */
  read(job: string, after: number, limit: number): Promise<LogMessage[]>;
  count(job: string): Promise<number>;
  /** Calls `wake` after each append of the job, by any instance; wake-ups may be lost while Redis is away. */
  onAppend(job: string, wake: () => void): () => void;
  close(): Promise<void>;
}

export async function createLogStore(
  redis: Redis,
  subscriber: Redis,
  keys: Keys,
  limits: { maxMessages?: number; maxBytes?: number; maxProviderBytes?: number } = {},
): Promise<LogStore> {
  const append = defineScript(redis, "csAppendLog", APPEND);
  const wakers = new Map<string, Set<() => void>>();
  const onMessage = (channel: string, job: string): void => {
    if (channel === keys.logChannel) for (const wake of wakers.get(job) ?? []) wake();
  };
  const wakeAll = (): void => {
    for (const set of wakers.values()) for (const wake of set) wake();
  };
  subscriber.on("message", onMessage);
  subscriber.on("ready", wakeAll);
  await subscriber.subscribe(keys.logChannel);
  return {
    async append(message, provider) {
      const added = await append(
        [
          keys.logs(message.job),
          keys.logBytes(message.job),
          keys.logChannel,
          keys.providerLogs(provider),
          keys.providerLogBytes(provider),
        ],
        [
          `${message.offset + 1}-0`,
          JSON.stringify(message),
          limits.maxMessages ?? LOG_MAX_MESSAGES,
          limits.maxBytes ?? LOG_MAX_BYTES,
          KEPT_SECS,
          message.job,
          limits.maxProviderBytes ?? PROVIDER_LOG_MAX_BYTES,
          keys.logs(""),
          keys.logBytes(""),
        ],
      );
      return added === 1;
    },
    async read(job, after, limit) {
      const entries = await unavailable(() =>
        redis.xrange(keys.logs(job), `${after + 2}-0`, "+", "COUNT", limit),
      );
      return entries.map(([, fields]) => JSON.parse(fields[1] ?? "null") as LogMessage);
    },
    count: (job) => unavailable(() => redis.xlen(keys.logs(job))),
    onAppend(job, wake) {
      const set = wakers.get(job) ?? new Set();
      set.add(wake);
      wakers.set(job, set);
      return () => {
        set.delete(wake);
        if (set.size === 0 && wakers.get(job) === set) wakers.delete(job);
      };
    },
    async close() {
      subscriber.off("message", onMessage);
      subscriber.off("ready", wakeAll);
    },
  };
}
