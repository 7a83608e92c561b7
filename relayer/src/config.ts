/**
 * The relayer's settings: the only reader of the environment, checked before anything starts.
 * It doesn't open connections and doesn't read the key.
 */
import { readFileSync } from "node:fs";
import { type Deployment, zDeployment } from "@computestream/protocol";
import { WRITE_NAMES, type WriteName } from "@computestream/protocol/writes";
import { z } from "zod";
import { messageOf, StartupError } from "./errors.ts";
import type { SettlementPolicy } from "./tick/policy.ts";

const zUrl = z.url();

const zUnits = (fallback: string) =>
  z
    .string()
    .regex(/^\d{1,20}$/, "must be a whole number")
    .default(fallback)
    .transform(BigInt);

const zEnv = z.object({
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  HOST: z.string().default("127.0.0.1"),
  PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
  DEPLOYMENT_FILE: z.string(),
  NODE_URL: zUrl.optional(),
  CORS_ORIGINS: z.string().default(""),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  KEY_FILE: z.string(),
  INDEXER_URL: zUrl.optional(),
  /** Keys of the indexer's access tokens; without it log readers prove themselves by signatures alone. */
  JWKS_URL: zUrl.optional(),
  /** Sites whose tokens are taken. */
  SIGN_IN_DOMAINS: z.string().default(""),
  /** The indexer's database, for the series of attestations and telemetry. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  TICK_INTERVAL_MS: z.coerce.number().int().min(100).max(3_600_000).default(1000),
  BATCH_SIZE: z.coerce.number().int().min(1).max(400).default(300),
  /** Transactions on their way at a time. */
  IN_FLIGHT_MAX: z.coerce.number().int().min(1).max(32).default(4),
  /** Gas units that one transaction may use. */
  GAS_MAX: z.coerce.number().int().min(2_000).max(2_000_000).default(200_000),
  /** Octas a unit: what the node estimates is paid up to this. */
  GAS_UNIT_PRICE_MAX: zUnits("1000"),
  /** Jobs whose attestations are verified in a second when more than that attest. */
  VERIFY_PER_SEC: z.coerce.number().int().min(10).max(100_000).default(500),
  SETTLE_MIN_INTERVAL_SECS: zUnits("1"),
  SETTLE_MAX_AGE_SECS: zUnits("60"),
  /** What is due is to be this many times its gas; 0 = any amount. */
  SETTLE_GAS_MULTIPLE: zUnits("0"),
  /** Base units that a provider may have proven and not got; 0 = no cap. */
  SETTLE_EXPOSURE_MAX: zUnits("0"),
  /** How long a silent instance keeps the right to submit, and its shards. */
  LOCK_TTL_MS: z.coerce.number().int().min(500).max(120_000).default(5_000),
  /** Base units of the gas asset under which /health raises the alarm. */
  LOW_BALANCE: z.string().regex(/^\d+$/).default("50000000").transform(BigInt),
  /** Its account pays the gas of x402 payments and makes the jobs of quotes; without it there is no x402. */
  SPONSOR_KEY_FILE: z.string().optional(),
  /** How the world reaches this relayer: the addresses that x402 tells are below it. */
  PUBLIC_URL: zUrl.optional(),
  SPONSOR_MAX_GAS_AMOUNT: z.coerce.bigint().min(1n).default(100_000n),
  SPONSOR_MAX_GAS_UNIT_PRICE: z.coerce.bigint().min(1n).default(500n),
  /** Sponsored transactions a wallet gets in a day, and of one function. */
  SPONSOR_WALLET_DAILY: z.coerce.number().int().min(1).default(200),
  SPONSOR_FUNCTION_DAILY: z.coerce.number().int().min(1).default(100),
  /** Writes whose gas is paid for whoever signs them, beside x402's; "none" for none. */
  SPONSOR_FUNCTIONS: z
    .string()
    .default("jobs/create,jobs/top-up,jobs/cancel,jobs/terminate,jobs/confirm")
    .transform((text) => (text.trim() === "none" ? [] : text.split(",").map((name) => name.trim())))
    .pipe(z.array(z.enum(WRITE_NAMES, { error: "must be a list of writes, such as jobs/create" }))),
  /** Base units of gas in a day for everyone together: what was used, and the maximum of what is on its way. */
  SPONSOR_BUDGET_DAILY: z.coerce.bigint().min(0n).default(10_000_000_000n),
  /** Proxies of ours that each request passes: the address before them is the client's. */
  TRUST_PROXY: z.coerce.number().int().min(0).max(10).default(0),
  /** Quotes and payments a second from one address, six times as many at once; each costs reads of the chain. */
  X402_REQUESTS_PER_SEC: z.coerce.number().min(0.1).max(10_000).default(5),
  /** Transactions built, relayed and asked for in a second by one address, six times as many at once. */
  RELAY_REQUESTS_PER_SEC: z.coerce.number().min(0.1).max(10_000).default(10),
});

const REMEDIES: Partial<Record<keyof z.input<typeof zEnv>, string>> = {
  DEPLOYMENT_FILE: "Set it to the record written by `npm run deploy`.",
  REDIS_URL: "Set it to a Redis 6.2 or newer, for example redis://127.0.0.1:6379.",
  KEY_FILE: 'Set it to a file holding {"privateKey":"0x..."} that only its owner can read (mode 600).',
  PORT: "Set it to a free port from 1 to 65535, or 0 for any.",
  BATCH_SIZE: "Set it to a whole number from 1 to 400.",
  TICK_INTERVAL_MS: "Set it to milliseconds, at least 100.",
};

export interface SponsorSettings {
  keyFile: string;
  maxGasAmount: bigint;
  maxGasUnitPrice: bigint;
  perWallet: number;
  perFunction: number;
  budget: bigint;
  requestsPerSec: number;
  functions: WriteName[];
}

export interface Config {
  logLevel: string;
  host: string;
  port: number;
  deployment: Deployment;
  nodeUrl: string;
  corsOrigins: string[];
  redisUrl: string;
  keyFile: string;
  indexerUrl: string | null;
  /** Null: no access tokens. */
  signIn: { jwksUrl: string; domains: string[] } | null;
  databaseUrl: string | null;
  tickIntervalMs: number;
  batchSize: number;
  inFlightMax: number;
  gasMax: number;
  gasUnitPriceMax: bigint;
  verifyPerSec: number;
  policy: SettlementPolicy;
  lockTtlMs: number;
  lowBalance: bigint;
  /** Null: no x402. */
  sponsor: SponsorSettings | null;
  relayRequestsPerSec: number;
  trustProxy: number;
  /** Null: where it listens. */
  publicUrl: string | null;
}

/** What the commands need that only look into the store. */
export function loadStoreConfig(
  env: NodeJS.ProcessEnv = process.env,
): Pick<Config, "redisUrl" | "deployment"> {
  const values = parseEnv(zEnv.pick({ REDIS_URL: true, DEPLOYMENT_FILE: true }), env);
  return { redisUrl: values.REDIS_URL, deployment: readDeployment(values.DEPLOYMENT_FILE) };
}

function parseEnv<T>(schema: z.ZodType<T>, env: NodeJS.ProcessEnv): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0] ?? "environment") as keyof z.input<typeof zEnv>;
  const what = given[name] === undefined ? "is not set" : `is not valid: ${issue?.message}`;
  throw new StartupError(
    "BAD_CONFIG",
    `${name} ${what}.`,
    REMEDIES[name] ?? `Correct ${name} and start again.`,
  );
}

/** Throws `StartupError` naming the variable and what to do. An empty variable counts as absent. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const values = parseEnv(zEnv, env);
  const deployment = readDeployment(values.DEPLOYMENT_FILE);
  return {
    logLevel: values.LOG_LEVEL,
    host: values.HOST,
    port: values.PORT,
    deployment,
    nodeUrl: values.NODE_URL ?? deployment.nodeUrl,
    corsOrigins: values.CORS_ORIGINS.split(",")
      .map((origin) => origin.trim().replace(/\/$/, ""))
      .filter((origin) => origin !== ""),
    redisUrl: values.REDIS_URL,
    keyFile: values.KEY_FILE,
    indexerUrl: values.INDEXER_URL?.replace(/\/$/, "") ?? null,
    signIn:
      values.JWKS_URL === undefined
        ? null
        : { jwksUrl: values.JWKS_URL, domains: signInDomains(values.SIGN_IN_DOMAINS, values.CORS_ORIGINS) },
    databaseUrl: values.DATABASE_URL ?? null,
    tickIntervalMs: values.TICK_INTERVAL_MS,
    batchSize: values.BATCH_SIZE,
    inFlightMax: values.IN_FLIGHT_MAX,
    gasMax: values.GAS_MAX,
    gasUnitPriceMax: values.GAS_UNIT_PRICE_MAX,
    verifyPerSec: values.VERIFY_PER_SEC,
    policy: {
      minIntervalSecs: values.SETTLE_MIN_INTERVAL_SECS,
      maxAgeSecs: values.SETTLE_MAX_AGE_SECS,
      gasMultiple: values.SETTLE_GAS_MULTIPLE,
      exposureMax: values.SETTLE_EXPOSURE_MAX === 0n ? null : values.SETTLE_EXPOSURE_MAX,
    },
    lockTtlMs: values.LOCK_TTL_MS,
    lowBalance: values.LOW_BALANCE,
    sponsor:
      values.SPONSOR_KEY_FILE === undefined
        ? null
        : {
            keyFile: values.SPONSOR_KEY_FILE,
            maxGasAmount: values.SPONSOR_MAX_GAS_AMOUNT,
            maxGasUnitPrice: values.SPONSOR_MAX_GAS_UNIT_PRICE,
            perWallet: values.SPONSOR_WALLET_DAILY,
            perFunction: values.SPONSOR_FUNCTION_DAILY,
            budget: values.SPONSOR_BUDGET_DAILY,
            requestsPerSec: values.X402_REQUESTS_PER_SEC,
            functions: values.SPONSOR_FUNCTIONS,
          },
    trustProxy: values.TRUST_PROXY,
    relayRequestsPerSec: values.RELAY_REQUESTS_PER_SEC,
    publicUrl: values.PUBLIC_URL?.replace(/\/+$/, "") ?? null,
  };
}

/** As the indexer's: the hosts of the origins where none are named, localhost where there are none. */
function signInDomains(named: string, origins: string): string[] {
  const list = (text: string) =>
    text
      .split(",")
      .map((item) => item.trim().toLowerCase())
      .filter((item) => item !== "");
  if (list(named).length > 0) return list(named);
  const hosts = list(origins).flatMap((origin) => (URL.canParse(origin) ? [new URL(origin).host] : []));
  return hosts.length > 0 ? hosts : ["localhost"];
}

function readDeployment(path: string): Deployment {
  try {
    return zDeployment.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    throw new StartupError(
      "BAD_DEPLOYMENT",
      `DEPLOYMENT_FILE ${path} can't be used as a deployment record: ${messageOf(error).split("\n")[0]}.`,
      "Run `npm run deploy` and point DEPLOYMENT_FILE at the file it writes.",
      error,
    );
  }
}
