/**
 * Connections to Redis, the scripts that run in it, and the names of all keys.
 * It doesn't know what the values mean.
 */
import type { Deployment } from "@computestream/protocol";
import { Redis } from "ioredis";
import { messageOf, StartupError, UnavailableError } from "../errors.ts";
import type { Logger } from "../logger.ts";

export type { Redis };

const MAX_RETRY_MS = 1000;

export interface RedisConnections {
  /** Commands fail at once while Redis is away: callers decide whether to wait. */
  readonly commands: Redis;
  /** Subscriptions only; restored on its own after a reconnect. */
  readonly subscriber: Redis;
  close(): Promise<void>;
}

/** Throws `StartupError` when Redis doesn't answer; after that it reconnects for ever. */
export async function connectRedis(url: string, logger: Logger): Promise<RedisConnections> {
  const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RETRY_MS);
  const commands = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    commandTimeout: 5000,
    connectTimeout: 5000,
    // Until the first connection stands, an absent Redis is a reason not to start.
    retryStrategy: (attempt) => (started ? retryStrategy(attempt) : null),
  });
  const subscriber = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: null, retryStrategy });
  let started = false;
  let lastError = "";
  for (const [name, redis] of Object.entries({ commands, subscriber })) {
    redis.on("error", (error: Error) => {
      lastError = error.message || (error as NodeJS.ErrnoException).code || "no answer";
      if (started) logger.warn({ connection: name, reason: lastError }, "redis connection failed");
    });
    redis.on("ready", () => {
      if (started) logger.info({ connection: name }, "redis connection restored");
    });
  }
  try {
    await commands.connect();
    await commands.ping();
    started = true;
    await subscriber.connect();
  } catch (error) {
    commands.disconnect();
    subscriber.disconnect();
    throw new StartupError(
      "REDIS_UNREACHABLE",
      `Redis at ${withoutPassword(url)} can't be reached (${lastError || messageOf(error)}).`,
      "Start it (`redis-server`) or point REDIS_URL at a running one.",
      error,
    );
  }
  return {
    commands,
    subscriber,
    async close() {
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

export function withoutPassword(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname === "/" ? "" : parsed.pathname}`;
}

export type Script = (keys: string[], args: Array<string | number>) => Promise<unknown>;

/** An atomic Lua script; loaded again by itself when Redis was restarted. */
export function defineScript(redis: Redis, name: string, lua: string): Script {
  redis.defineCommand(name, { lua });
  const command = (redis as unknown as Record<string, (...args: Array<string | number>) => Promise<unknown>>)[
    name
  ];
  if (!command) throw new Error(`the script ${name} was not defined`);
  return (keys, args) => unavailable(() => command.call(redis, keys.length, ...keys, ...args));
}

/** Runs `action`; a lost connection becomes `UnavailableError`, an answer of Redis stays what it is. */
export async function unavailable<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (
      error instanceof Error &&
      error.name === "ReplyError" &&
      !/^(LOADING|READONLY|MASTERDOWN)/.test(error.message)
    ) {
      throw error;
    }
    throw new UnavailableError(
      "REDIS_UNAVAILABLE",
      "The relayer's store is not reachable; try again.",
      error,
    );
  }
}

export type Keys = ReturnType<typeof createKeys>;

/** Names carry the chain and the package: two deployments in one Redis never mix. */
export function createKeys(deployment: Pick<Deployment, "chainId" | "packageAddress">) {
  const prefix = `computestream:relayer:${deployment.chainId}:${deployment.packageAddress}`;
  return {
    prefix,
    /** Each key's instances work off a schedule of their own. */
    queuePrefix: (signer: string) => `${prefix}:bull:${signer}`,
    attestation: (job: string) => `${prefix}:attestation:${job}`,
    openJobs: `${prefix}:open-jobs`,
    evidence: (job: string) => `${prefix}:evidence:${job}`,
    evidenceJobs: `${prefix}:evidence-jobs`,
    status: (job: string) => `${prefix}:status:${job}`,
    logs: (job: string) => `${prefix}:logs:${job}`,
    logBytes: (job: string) => `${prefix}:log-bytes:${job}`,
    logChannel: `${prefix}:log-wake`,
    telemetry: (provider: string) => `${prefix}:telemetry:${provider}`,
    confirmations: `${prefix}:confirmations`,
    providerLogs: (provider: string) => `${prefix}:provider-logs:${provider}`,
    providerLogBytes: (provider: string) => `${prefix}:provider-log-bytes:${provider}`,
    shard: (shard: number) => `${prefix}:shard:${shard}`,
    replicas: `${prefix}:replicas`,
    deadLetters: `${prefix}:dead-letters`,
    lock: (signer: string) => `${prefix}:signer:${signer}:lock`,
    fence: (signer: string) => `${prefix}:signer:${signer}:fence`,
    intents: (signer: string) => `${prefix}:signer:${signer}:intents`,
    journal: (signer: string) => `${prefix}:signer:${signer}:journal`,
    quote: (id: string) => `${prefix}:quote:${id}`,
    quotesDue: `${prefix}:quotes-due`,
    quotesUnpaid: `${prefix}:quotes-unpaid`,
    quotesUnpaidOf: (address: string) => `${prefix}:quotes-unpaid:${address}`,
    sponsored: (number: string) => `${prefix}:sponsored:${number}`,
    sponsoredBusy: (number: string) => `${prefix}:sponsored-busy:${number}`,
    sponsoredOpen: `${prefix}:sponsored-open`,
    sponsorClaim: (claim: string) => `${prefix}:sponsor-claim:${claim}`,
    command: (id: string) => `${prefix}:command:${id}`,
    commands: (provider: string) => `${prefix}:commands:${provider}`,
    commandChannel: `${prefix}:command-wake`,
    relayed: (hash: string) => `${prefix}:relayed:${hash}`,
    relayedBusy: (hash: string) => `${prefix}:relayed-busy:${hash}`,
    relayedOpen: `${prefix}:relayed-open`,
    sponsorCount: (day: number, what: string) => `${prefix}:sponsor-count:${day}:${what}`,
  };
}
