/**
 * Keeps in Redis which jobs and providers are active now and when each provider last gave a sign of life, and reads it.
 * It doesn't decide anything by it: the mirror has the same, and Redis may forget.
 */
import { HEARTBEAT_TTL_SECS, type RedisKeys } from "@computestream/protocol/redis-keys";
import type { Changed } from "../db/queries/changes.ts";
import type { Queryable } from "../db/table.ts";
import type { Logger } from "../logger.ts";
import type { RedisLink } from "./client.ts";

export interface ActiveState {
  /** Writes what a range of versions changed. Never throws: what is missed is made up for by `rewrite`. */
  note(changed: Changed, after: bigint, until: bigint): Promise<void>;
  /** Writes both sets as the mirror has them now. */
  rewrite(): Promise<void>;
  /** Which of these gave a sign of life in the last minute; by the mirror alone where Redis can't be asked. */
  online(providers: Array<{ provider: string; last_heartbeat_at: bigint }>): Promise<Set<string>>;
}

// The node's own heartbeats, written by others, are newer than what the chain tells.
const KEEP_NEWEST = `
local known = redis.call("GET", KEYS[1])
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call("SET", KEYS[1], ARGV[1], "EX", ARGV[2])
return 1
`;
/** Pending, Accepted, Running. */
const IS_ACTIVE_JOB = "state < 3";
const IS_ACTIVE_PROVIDER = "status = 0";
const CHUNK = 1_000;

export function createActiveState(options: {
  db: Queryable;
  redis: Pick<RedisLink, "ask" | "script" | "state">;
  keys: RedisKeys;
  log: Logger;
  /** Milliseconds. */
  now: () => number;
}): ActiveState {
  const { db, redis, keys, log } = options;
  const keepNewest = redis.script("csKeepNewest", KEEP_NEWEST);
  const nowSecs = () => Math.floor(options.now() / 1_000);

  async function quietly(work: () => Promise<void>): Promise<void> {
    if (redis.state !== "ok") return;
    await work().catch((error: unknown) => log.debug({ err: error }, "writing the active state failed"));
  }

  async function update(set: string, table: string, condition: string, key: string, of: string[]) {
    if (of.length === 0) return;
    const { rows } = await db.query(
      `SELECT ${key} AS name, ${condition} AS active FROM ${table} WHERE ${key} = ANY($1)`,
      [of],
    );
    const names = (active: boolean) => rows.filter((row) => row.active === active).map((row) => row.name);
    const [added, removed] = [names(true), names(false)];
    await redis.ask(async (connection) => {
      if (added.length > 0) await connection.sadd(set, ...added);
      if (removed.length > 0) await connection.srem(set, ...removed);
    });
  }

  async function replace(set: string, table: string, condition: string, key: string): Promise<void> {
    const { rows } = await db.query(`SELECT ${key} AS name FROM ${table} WHERE ${condition}`);
    const names = rows.map((row) => row.name as string);
    await redis.ask(async (connection) => {
      const next = `${set}:next`;
      const pipeline = connection.multi().del(next);
      for (let i = 0; i < names.length; i += CHUNK) pipeline.sadd(next, ...names.slice(i, i + CHUNK));
      if (names.length > 0) pipeline.rename(next, set);
      else pipeline.del(set);
      await pipeline.exec();
    });
  }

  async function noteSigns(after: bigint, until: bigint): Promise<void> {
    // A settlement of a stream that runs says that somebody attests.
    const { rows } = await db.query(
      `SELECT coalesce(e.provider, j.provider) AS provider, max(e.timestamp)::float8 AS at
       FROM events e LEFT JOIN jobs j ON j.job = e.job
       WHERE e.version > $1 AND e.version <= $2
         AND (e.name = 'ProviderHeartbeat' OR (e.name = 'StreamSettled' AND j.state = 2))
       GROUP BY 1`,
      [after.toString(), until.toString()],
    );
    for (const { provider, at } of rows) {
      const leftSecs = at + HEARTBEAT_TTL_SECS - nowSecs();
      if (leftSecs > 0) await keepNewest([keys.heartbeat(provider)], [at, leftSecs]);
    }
  }

  return {
    note: (changed, after, until) =>
      quietly(async () => {
        await update(keys.activeJobs, "jobs", IS_ACTIVE_JOB, "job", changed.jobs);
        await update(keys.activeProviders, "providers", IS_ACTIVE_PROVIDER, "provider", changed.providers);
        if (changed.any) await noteSigns(after, until);
      }),
    rewrite: () =>
      quietly(async () => {
        await replace(keys.activeJobs, "jobs", IS_ACTIVE_JOB, "job");
        await replace(keys.activeProviders, "providers", IS_ACTIVE_PROVIDER, "provider");
      }),
    async online(providers) {
      const signs =
        redis.state === "ok" && providers.length > 0
          ? await redis.ask((connection) =>
              connection.mget(providers.map(({ provider }) => keys.heartbeat(provider))),
            )
          : undefined;
      const since = nowSecs() - HEARTBEAT_TTL_SECS;
      const isOnline = (lastHeartbeatAt: bigint, i: number) =>
        Number(lastHeartbeatAt) > since || Number(signs?.[i] ?? 0) > since;
      return new Set(
        providers.filter((row, i) => isOnline(row.last_heartbeat_at, i)).map(({ provider }) => provider),
      );
    },
  };
}
