/**
 * The indexer's configuration from the environment; the only file that reads `process.env`.
 * It doesn't open connections.
 */
import { readFileSync } from "node:fs";
import { zDomain } from "@computestream/protocol/api";
import { type Deployment, zDeployment } from "@computestream/protocol/deployment";
import { DEFAULT_REDIS_PREFIX } from "@computestream/protocol/redis-keys";
import { z } from "zod";
import { FatalError } from "./errors.ts";
import { DEFAULT_QUOTAS, type Quotas, zRateLimits } from "./limits/classes.ts";

const zEnv = z.object({
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  HOST: z.string().min(1).default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  DATABASE_URL: z
    .string({ error: "is missing: set it to postgresql://user:password@host:port/database" })
    .regex(/^postgres(ql)?:\/\//, "must look like postgresql://user:password@host:port/database"),
  DATABASE_WAIT_MS: z.coerce.number().int().min(0).max(600_000).default(15_000),
  QUERY_TIMEOUT_MS: z.coerce.number().int().min(50).max(60_000).default(5_000),
  DEPLOYMENT_FILE: z
    .string({ error: "is missing: set it to the deployment record that `npm run deploy` writes" })
    .min(1),
  NODE_URL: z.url({ protocol: /^https?$/, error: "must be an http(s) URL" }).optional(),
  CORS_ORIGINS: z
    .string()
    .default("")
    .transform((text) =>
      text
        .split(",")
        .map((origin) => origin.trim().replace(/\/$/, ""))
        .filter(Boolean),
    )
    .pipe(
      z.array(
        z
          .string()
          .regex(/^https?:\/\/[^/\s*]+$/, "must be a comma list of origins such as http://127.0.0.1:3000"),
      ),
    ),
  SIGNING_KEY_FILE: z.string().min(1).optional(),
  SIGN_IN_DOMAINS: z
    .string()
    .optional()
    .transform((text) => text?.split(",").map((domain) => domain.trim().toLowerCase()))
    .pipe(z.array(zDomain).min(1).optional()),
  POLL_INTERVAL_MS: z.coerce.number().int().min(10).max(60_000).default(200),
  SERIES_RETENTION_DAYS: z.coerce.number().int().min(0).max(36_500).default(0),
  CACHE_MAX_MB: z.coerce.number().int().min(0).max(65_536).default(64),
  RATE_LIMITS: zRateLimits.default(DEFAULT_QUOTAS),
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0),
  PROVIDERS_IN_MEMORY: z.coerce.number().int().min(0).max(1_000_000).default(50_000),
  DRAIN_MS: z.coerce.number().int().min(0).max(300_000).default(0),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: "must look like redis://host:port, or rediss:// for TLS" })
    .optional(),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w:-]{1,64}$/, "must be 1 to 64 letters, digits, _, - or :")
    .default(DEFAULT_REDIS_PREFIX),
  LIVE_MAX_CONNECTIONS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
  LIVE_MAX_PER_ADDRESS: z.coerce.number().int().min(1).max(1_000_000).default(100),
  START_VERSION: z
    .string()
    .regex(/^\d{1,19}$/, "must be a ledger version")
    .transform(BigInt)
    .optional(),
});

export interface Config {
  logLevel: string;
  host: string;
  /** 0 = any free port. */
  port: number;
  databaseUrl: string;
  /** How long a PostgreSQL that doesn't answer yet is waited for at start. */
  databaseWaitMs: number;
  /** What a request asks of the database is cancelled after so long. */
  queryTimeoutMs: number;
  deployment: Deployment;
  nodeUrl: string;
  corsOrigins: string[];
  /** PEM of the key that signs access tokens; undefined = one that ends with the process. */
  signingKeyFile: string | undefined;
  /** Hosts of the sites that wallets may sign in on, the usual one first. */
  signInDomains: readonly [string, ...string[]];
  pollIntervalMs: number;
  /** Rows of the time series older than this are dropped, their totals kept; 0 = none is. */
  seriesRetentionDays: number;
  /** Memory for kept answers; 0 = none is kept. */
  cacheMaxMb: number;
  /** Null = none is limited. */
  rateLimits: Quotas | null;
  /** How many proxies of ours each request passes; the address before them is the client's. */
  trustProxy: number;
  /** A market of at most so many providers is searched in memory, a larger one in the database; 0 = never in memory. */
  providersInMemory: number;
  /** How long a service that is being ended still answers, with /ready saying no. */
  drainMs: number;
  /** Null = none: everything works, for one instance at a time. */
  redisUrl: string | null;
  redisPrefix: string;
  /** WebSockets and event streams of this instance: in all, and of one client's address. */
  liveMaxConnections: number;
  liveMaxPerAddress: number;
  /** Where an empty mirror, or a reindex, begins: the deployment's version unless set. */
  startVersion: bigint;
}

/** Throws `FatalError` (`CONFIG_INVALID`) naming each wrong variable. */
export function loadConfig(env: Record<string, string | undefined> = process.env): Config {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = zEnv.safeParse(set);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`);
    throw new FatalError("CONFIG_INVALID", [...new Set(wrong)].join("; "));
  }
  const deployment = readDeployment(parsed.data.DEPLOYMENT_FILE);
  return {
    logLevel: parsed.data.LOG_LEVEL,
    host: parsed.data.HOST,
    port: parsed.data.PORT,
    databaseUrl: parsed.data.DATABASE_URL,
    databaseWaitMs: parsed.data.DATABASE_WAIT_MS,
    queryTimeoutMs: parsed.data.QUERY_TIMEOUT_MS,
    deployment,
    nodeUrl: parsed.data.NODE_URL ?? deployment.nodeUrl,
    corsOrigins: parsed.data.CORS_ORIGINS,
    signingKeyFile: parsed.data.SIGNING_KEY_FILE,
    signInDomains: signInDomainsOf(parsed.data.SIGN_IN_DOMAINS, parsed.data.CORS_ORIGINS),
    pollIntervalMs: parsed.data.POLL_INTERVAL_MS,
    seriesRetentionDays: parsed.data.SERIES_RETENTION_DAYS,
    cacheMaxMb: parsed.data.CACHE_MAX_MB,
    rateLimits: parsed.data.RATE_LIMITS,
    trustProxy: parsed.data.TRUST_PROXY,
    providersInMemory: parsed.data.PROVIDERS_IN_MEMORY,
    drainMs: parsed.data.DRAIN_MS,
    redisUrl: parsed.data.REDIS_URL ?? null,
    redisPrefix: parsed.data.REDIS_PREFIX,
    liveMaxConnections: parsed.data.LIVE_MAX_CONNECTIONS,
    liveMaxPerAddress: parsed.data.LIVE_MAX_PER_ADDRESS,
    startVersion: parsed.data.START_VERSION ?? BigInt(deployment.deployedAtVersion),
  };
}

/** DATABASE_URL alone: what `migrate` needs. */
export function loadDatabaseConfig(
  env: Record<string, string | undefined> = process.env,
): Pick<Config, "databaseUrl" | "databaseWaitMs" | "logLevel"> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = zEnv.pick({ DATABASE_URL: true, DATABASE_WAIT_MS: true, LOG_LEVEL: true }).safeParse(set);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FatalError("CONFIG_INVALID", `${String(issue?.path[0])} ${issue?.message}`);
  }
  return {
    databaseUrl: parsed.data.DATABASE_URL,
    databaseWaitMs: parsed.data.DATABASE_WAIT_MS,
    logLevel: parsed.data.LOG_LEVEL,
  };
}

/** Pages that may call may sign in; without any there is still the command line. */
function signInDomainsOf(named: string[] | undefined, origins: string[]): readonly [string, ...string[]] {
  const [first = "localhost", ...others] = named ?? origins.map((origin) => new URL(origin).host);
  return [first, ...others];
}

function readDeployment(path: string): Deployment {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new FatalError(
      "CONFIG_INVALID",
      `DEPLOYMENT_FILE ${path} can't be read: run \`npm run deploy\` first or correct the path`,
      cause,
    );
  }
  try {
    return zDeployment.parse(JSON.parse(text));
  } catch (cause) {
    throw new FatalError("CONFIG_INVALID", `DEPLOYMENT_FILE ${path} is not a deployment record`, cause);
  }
}
