/**
 * The connection to Redis as something that may be absent, away or slow at any moment: `ask` gives what it answered or
 * nothing, soon, and never throws.
 * It doesn't know keys or what they hold.
 */
import { Redis } from "ioredis";
import type { Logger } from "../logger.ts";
import { sleep } from "../retry.ts";
import { createBreaker } from "./breaker.ts";

export type { Redis };

export type RedisState = "ok" | "unavailable" | "not configured";

export interface RedisLink {
  readonly state: RedisState;
  /** What `action` answers, or undefined: no Redis, or none that answers in time. */
  ask<T>(action: (redis: Redis) => Promise<T>): Promise<T | undefined>;
  /** An atomic Lua script; loaded again by itself when Redis was restarted. */
  script(name: string, lua: string): (keys: string[], args: Array<string | number>) => Promise<unknown>;
  /** Called each time that Redis can be used again, for what it may have forgotten. */
  onReady(listener: () => void): void;
  /** Resolves once Redis can be used, at the latest after `waitMs`. */
  ready(waitMs: number): Promise<void>;
  close(): void;
}

const COMMAND_TIMEOUT_MS = 200;
const CONNECT_TIMEOUT_MS = 2_000;
const MAX_RETRY_MS = 1_000;
const BREAKER = { failures: 3, pauseMs: 1_000 };

/** `url` null = there is none, which is a state like another. Never waits for Redis, never throws. */
export function createRedisLink(options: {
  url: string | null;
  log: Logger;
  commandTimeoutMs?: number;
  onState?: (state: RedisState) => void;
}): RedisLink {
  const { url, log } = options;
  if (url === null) return NO_REDIS;
  const breaker = createBreaker(BREAKER);
  const listeners: Array<() => void> = [];
  let told: RedisState = "unavailable";
  let lastError = "";
  let closed = false;

  const redis = new Redis(url, {
    lazyConnect: true,
    // While Redis is away commands fail at once: nothing may pile up in front of it.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    enableAutoPipelining: true,
    commandTimeout: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    connectionName: "computestream-indexer",
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RETRY_MS),
  });
  const state = (): RedisState => (redis.status === "ready" && !breaker.isOpen ? "ok" : "unavailable");
  const tell = () => {
    const now = state();
    if (now === told || closed) return;
    told = now;
    options.onState?.(now);
    if (now === "ok") log.info("Redis can be used");
    else log.warn({ reason: lastError }, "Redis can't be used: going on without it");
  };
  redis.on("error", (error: Error) => {
    lastError = error.message || String((error as NodeJS.ErrnoException).code ?? "no answer");
    tell();
  });
  redis.on("close", tell);
  redis.on("ready", () => {
    // A new connection is a new chance, whatever the one before did.
    breaker.succeeded();
    tell();
    for (const listener of listeners) listener();
  });
  options.onState?.(told);
  redis.connect().catch(() => undefined);

  async function ask<T>(action: (redis: Redis) => Promise<T>): Promise<T | undefined> {
    if (redis.status !== "ready" || !breaker.allows(performance.now())) return undefined;
    try {
      const answer = await action(redis);
      const wasLeftAlone = breaker.isOpen;
      breaker.succeeded();
      tell();
      if (wasLeftAlone) for (const listener of listeners) listener();
      return answer;
    } catch (error) {
      lastError = error instanceof Error ? error.message : String(error);
      breaker.failed(performance.now());
      log.debug({ reason: lastError }, "Redis didn't answer as asked");
      tell();
      return undefined;
    }
  }

  return {
    get state() {
      return state();
    },
    ask,
    script(name, lua) {
      redis.defineCommand(name, { lua });
      type Command = (...args: Array<string | number>) => Promise<unknown>;
      const command = (redis as unknown as Record<string, Command>)[name] as Command;
      return (keys, args) => ask(() => command.call(redis, keys.length, ...keys, ...args));
    },
    onReady(listener) {
      listeners.push(listener);
    },
    async ready(waitMs) {
      const deadline = performance.now() + waitMs;
      while (state() !== "ok" && performance.now() < deadline && !closed) await sleep(10);
    },
    close() {
      closed = true;
      redis.disconnect();
    },
  };
}

const NO_REDIS: RedisLink = {
  state: "not configured",
  ask: async () => undefined,
  script: () => async () => undefined,
  onReady() {},
  ready: async () => undefined,
  close() {},
};
