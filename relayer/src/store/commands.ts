/**
 * Commands of owners to their nodes: each with its state until some time after it has expired, and who waits for which.
 * It doesn't verify anything and doesn't know sockets.
 */
import { type SignedCommandJson, zSignedCommand } from "@computestream/protocol";
import { z } from "zod";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";

const zRecord = z.object({
  id: z.string(),
  provider: z.string(),
  signed: z.custom<SignedCommandJson>((value) => zSignedCommand.safeParse(value).success),
});
export type CommandRecord = z.output<typeof zRecord>;

const zProgress = z.object({
  state: z.enum(["kept", "delivered", "accepted", "done", "refused"]),
  code: z.string().nullable(),
  message: z.string().nullable(),
  transaction: z.string().nullable(),
});
export type CommandProgress = z.output<typeof zProgress>;

export interface CommandStore {
  /** `known`: the same command stands already. `full`: too many of the provider's wait. */
  put(record: CommandRecord): Promise<"kept" | "known" | "full">;
  find(id: string): Promise<(CommandRecord & { progress: CommandProgress }) | null>;
  /** Undecided ones, in the order of their numbers. */
  waiting(provider: string): Promise<CommandRecord[]>;
  /** Never back: a node's word stands against "delivered", and its end against everything. */
  advance(record: Pick<CommandRecord, "id" | "provider">, progress: CommandProgress): Promise<void>;
  /** Calls `wake` when a command for the provider comes, at any instance. */
  onCommand(wake: (provider: string) => void): () => void;
  close(): Promise<void>;
}

export const COMMANDS_WAITING_MAX = 20;
/** How long an expired command's end can be asked for. */
const KEEP_SECS = 7 * 86_400;
const KEPT: CommandProgress = { state: "kept", code: null, message: null, transaction: null };

// Of one that has expired nothing is waited for.
const PUT = `
if redis.call("EXISTS", KEYS[1]) == 1 then return "known" end
for _, id in ipairs(redis.call("ZRANGE", KEYS[2], 0, -1)) do
  local expires = redis.call("HGET", ARGV[7] .. id, "expires")
  if not expires or tonumber(expires) <= tonumber(redis.call("TIME")[1]) then redis.call("ZREM", KEYS[2], id) end
end
if redis.call("ZCARD", KEYS[2]) >= tonumber(ARGV[6]) then return "full" end
redis.call("HSET", KEYS[1], "record", ARGV[1], "progress", ARGV[2], "rank", 0, "expires", ARGV[3])
redis.call("EXPIREAT", KEYS[1], ARGV[3] + ARGV[8])
redis.call("ZADD", KEYS[2], ARGV[4], ARGV[5])
redis.call("EXPIRE", KEYS[2], ARGV[8])
return "kept"
`;
const ADVANCE = `
local rank = tonumber(redis.call("HGET", KEYS[1], "rank") or "9")
if tonumber(ARGV[2]) <= rank then return 0 end
redis.call("HSET", KEYS[1], "progress", ARGV[1], "rank", ARGV[2])
if tonumber(ARGV[2]) >= 3 then redis.call("ZREM", KEYS[2], ARGV[3]) end
return 1
`;
const RANKS = { kept: 0, delivered: 1, accepted: 2, done: 3, refused: 3 } as const;

export async function createCommandStore(redis: Redis, subscriber: Redis, keys: Keys): Promise<CommandStore> {
  const put = defineScript(redis, "csCommandPut", PUT);
  const advance = defineScript(redis, "csCommandAdvance", ADVANCE);
  const wakers = new Set<(provider: string) => void>();
  const onMessage = (channel: string, provider: string): void => {
    if (channel === keys.commandChannel) for (const wake of wakers) wake(provider);
  };
  subscriber.on("message", onMessage);
  await subscriber.subscribe(keys.commandChannel);

  async function find(id: string): Promise<(CommandRecord & { progress: CommandProgress }) | null> {
    const [record, progress] = await unavailable(() => redis.hmget(keys.command(id), "record", "progress"));
    if (!record || !progress) return null;
    return { ...zRecord.parse(JSON.parse(record)), progress: zProgress.parse(JSON.parse(progress)) };
  }

  return {
    async put(record) {
      const { id, provider, signed } = record;
      const answer = (await put(
        [keys.command(id), keys.commands(provider)],
        [
          JSON.stringify(record),
          JSON.stringify(KEPT),
          signed.expiresAt,
          signed.number,
          id,
          COMMANDS_WAITING_MAX,
          keys.command(""),
          KEEP_SECS,
        ],
      )) as "kept" | "known" | "full";
      if (answer === "kept") await unavailable(() => redis.publish(keys.commandChannel, provider));
      return answer;
    },
    find,
    async waiting(provider) {
      const ids = await unavailable(() => redis.zrange(keys.commands(provider), "0", "-1"));
      const found = await Promise.all(ids.map((id) => find(id)));
      return found.flatMap((entry) => (entry ? [entry] : []));
    },
    async advance({ id, provider }, progress) {
      await advance(
        [keys.command(id), keys.commands(provider)],
        [JSON.stringify(progress), RANKS[progress.state], id],
      );
    },
    onCommand(wake) {
      wakers.add(wake);
      return () => void wakers.delete(wake);
    },
    async close() {
      subscriber.off("message", onMessage);
    },
  };
}
