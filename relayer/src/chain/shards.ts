/**
 * Which streams this instance settles when several run, each with a key of its own: shards of the job addresses, held
 * by leases in Redis and shared out by rendezvous hashing over the instances that are alive.
 * It doesn't settle anything. Two instances that both believe in a shard for a moment pay gas twice and nothing else:
 * on chain a stream's number only rises, so the later settlement of one attestation changes nothing.
 */
import { createHash } from "node:crypto";
import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { defineScript, type Keys, type Redis } from "../store/redis.ts";

export const SHARDS = 64;

export interface ShardKeeper {
  /** While the lease of the job's shard surely stands. */
  owns(job: string): boolean;
  readonly held: number;
  /** A round now, for example because this instance may submit from here on. */
  renew(): Promise<void>;
  start(): void;
  /** Gives its shards back, so that others needn't wait for them. */
  close(): Promise<void>;
}

/** An address's last digits are as good as random. */
export function shardOf(job: string): number {
  return Number.parseInt(job.slice(-4), 16) % SHARDS;
}

/** The instance with the highest hash for the shard: one that goes or comes moves only its own share. */
export function ownerOf(shard: number, instances: string[]): string | null {
  let best: { instance: string; hash: string } | null = null;
  for (const instance of instances) {
    const hash = createHash("sha256").update(`${shard}:${instance}`).digest("hex");
    if (!best || hash > best.hash) best = { instance, hash };
  }
  return best?.instance ?? null;
}

// Redis's own clock: those of the instances may differ.
const ALIVE = `
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == "1" then redis.call("ZADD", KEYS[1], now, ARGV[1]) else redis.call("ZREM", KEYS[1], ARGV[1]) end
redis.call("ZREMRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[3])
return redis.call("ZRANGE", KEYS[1], 0, -1)
`;
// Takes, keeps or gives back each shard as wanted; tells which are held now.
const HOLD = `
local held = {}
for i = 1, #KEYS do
  local holder = redis.call("GET", KEYS[i])
  local wanted = string.sub(ARGV[3], i, i) == "1"
  if wanted and (not holder or holder == ARGV[1]) then
    redis.call("SET", KEYS[i], ARGV[1], "PX", ARGV[2])
    held[#held + 1] = i - 1
  elseif not wanted and holder == ARGV[1] then
    redis.call("DEL", KEYS[i])
  end
end
return held
`;

export function createShardKeeper(options: {
  redis: Redis;
  keys: Keys;
  /** Unlike any other's. */
  instance: string;
  ttlMs: number;
  /** Whether this instance can settle at all: it holds the lock on its key. */
  isAble: () => boolean;
  onChange?: (held: number) => void;
  logger: Logger;
  /** Monotonic milliseconds. */
  clock?: () => number;
}): ShardKeeper {
  const { redis, keys, instance, ttlMs, logger } = options;
  const clock = options.clock ?? (() => performance.now());
  const alive = defineScript(redis, "csAlive", ALIVE);
  const hold = defineScript(redis, "csHoldShards", HOLD);
  const names = Array.from({ length: SHARDS }, (_, shard) => keys.shard(shard));
  let held: ReadonlySet<number> = new Set();
  let heldUntil = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();
  let closed = false;

  async function step(): Promise<void> {
    const able = options.isAble() && !closed;
    // Taken before the calls: the leases live at least `ttlMs` from here if they succeed.
    const askedAt = clock();
    try {
      const living = (await alive([keys.replicas], [instance, able ? 1 : 0, ttlMs])) as string[];
      const wanted = names.map((_, shard) => (able && ownerOf(shard, living) === instance ? "1" : "0"));
      const now = new Set((await hold(names, [instance, ttlMs, wanted.join("")])) as number[]);
      if (now.size !== held.size) {
        logger.info({ held: now.size, of: SHARDS, instances: living.length }, "shards of the streams");
      }
      held = now;
      heldUntil = askedAt + ttlMs;
      options.onChange?.(held.size);
    } catch (error) {
      logger.warn({ reason: messageOf(error) }, "can't renew the shards");
    }
  }

  const renew = (): Promise<void> => {
    round = round.then(step);
    return round;
  };

  return {
    owns: (job) => clock() < heldUntil && held.has(shardOf(job)),
    get held() {
      return clock() < heldUntil ? held.size : 0;
    },
    renew,
    start() {
      void renew();
      timer = setInterval(() => void renew(), ttlMs / 4);
    },
    async close() {
      if (timer) clearInterval(timer);
      closed = true;
      await renew();
    },
  };
}
