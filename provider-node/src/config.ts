/**
 * The node's settings: the only reader of process.env, parsed once at start.
 * It doesn't open what the settings point to, except the deployment record.
 */
import { readFileSync } from "node:fs";
import { type Deployment, zAddress, zDeployment } from "@computestream/protocol";
import { z } from "zod";
import { NodeError } from "./errors.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const whole = (fallback: number, min = 1) => z.coerce.number().int().min(min).default(fallback);
const flag = (fallback: "true" | "false") =>
  z
    .enum(["true", "false", "1", "0"])
    .default(fallback)
    .transform((value) => value === "true" || value === "1");

const zEnv = z.object({
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  HOST: z.string().default("127.0.0.1"),
  PORT: port.default(4200),
  DEPLOYMENT_FILE: z.string().min(1),
  NODE_URL: z.string().url().optional(),
  KEY_FILE: z.string().min(1),
  PROVIDER_ADDRESS: zAddress,
  RELAYER_URL: z.string().url(),
  DATA_DIR: z.string().min(1),
  RUNTIME: z.enum(["docker", "simulated"]).default("docker"),
  DOCKER_SOCKET: z.string().min(1).default("/var/run/docker.sock"),
  IMAGE_ALLOWLIST: z
    .string()
    .default("")
    .transform((text) =>
      text
        .split(",")
        .map((entry) => entry.trim())
        .filter(Boolean),
    ),
  S3_ENDPOINT: z.string().url().optional(),
  S3_REGION: z.string().default("us-east-1"),
  S3_BUCKET: z.string().optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_FORCE_PATH_STYLE: flag("true"),
  IPFS_API_URL: z.string().url().optional(),
  /** How often the chain is asked for new transactions. */
  POLL_INTERVAL_MS: whole(500, 50),
  /** How often every job is compared with the chain although no event told so. */
  RECONCILE_INTERVAL_MS: whole(5_000, 100),
  /** 0 turns heartbeats off. */
  HEARTBEAT_INTERVAL_MS: whole(300_000, 0),
  PULL_TIMEOUT_MS: whole(540_000),
  PULL_MAX_MB: whole(20_480),
  OUTPUT_MAX_MB: whole(1_024),
  LOG_MAX_MB: whole(16),
  MAX_JOB_SECS: whole(604_800),
  /** Without progress on chain for so long, the node settles for itself. */
  SELF_SETTLE_AFTER_SECS: whole(30),
  /** How long a finished job's upload is retried before the job fails with PUBLISH_FAILED. */
  PUBLISH_GRACE_SECS: whole(90),
  /** Whether orders that are open to every provider are competed for. */
  OPEN_JOBS: flag("true"),
  /** Whether the node says on chain that it is there when it starts, and that it is gone when it stops. */
  AUTO_STATUS: flag("false"),
});

export interface S3Config {
  endpoint: string | undefined;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  forcePathStyle: boolean;
}

export interface Config {
  logLevel: string;
  host: string;
  port: number;
  deployment: Deployment;
  nodeUrl: string | undefined;
  keyFile: string;
  provider: string;
  relayerUrl: string;
  dataDir: string;
  runtime: "docker" | "simulated";
  dockerSocket: string;
  imageAllowlist: string[];
  s3: S3Config | null;
  ipfsApiUrl: string | null;
  pollIntervalMs: number;
  reconcileIntervalMs: number;
  heartbeatIntervalMs: number;
  pullTimeoutMs: number;
  pullMaxBytes: number;
  outputMaxMb: number;
  logMaxBytes: number;
  maxJobSecs: number;
  selfSettleAfterSecs: number;
  publishGraceSecs: number;
  openJobs: boolean;
  autoStatus: boolean;
  drain: boolean;
}

const MB = 1024 * 1024;

/** Throws `NodeError` (`CONFIG_INVALID`) naming the variable. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, argv: string[] = process.argv): Config {
  // An empty variable, as compose files write it, is an absent one.
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = zEnv.safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(String(issue?.path[0] ?? "environment"), issue?.message ?? "is invalid");
  }
  const v = parsed.data;
  const s3 = s3Config(v);
  const ipfsApiUrl = v.IPFS_API_URL ?? null;
  if (!s3 && !ipfsApiUrl) {
    throw invalid("S3_BUCKET", "or IPFS_API_URL is needed: outputs have to be published somewhere");
  }
  return {
    logLevel: v.LOG_LEVEL,
    host: v.HOST,
    port: v.PORT,
    deployment: readDeployment(v.DEPLOYMENT_FILE),
    nodeUrl: v.NODE_URL,
    keyFile: v.KEY_FILE,
    provider: v.PROVIDER_ADDRESS,
    relayerUrl: v.RELAYER_URL,
    dataDir: v.DATA_DIR,
    runtime: v.RUNTIME,
    dockerSocket: v.DOCKER_SOCKET,
    imageAllowlist: v.IMAGE_ALLOWLIST,
    s3,
    ipfsApiUrl,
    pollIntervalMs: v.POLL_INTERVAL_MS,
    reconcileIntervalMs: v.RECONCILE_INTERVAL_MS,
    heartbeatIntervalMs: v.HEARTBEAT_INTERVAL_MS,
    pullTimeoutMs: v.PULL_TIMEOUT_MS,
    pullMaxBytes: v.PULL_MAX_MB * MB,
    outputMaxMb: v.OUTPUT_MAX_MB,
    logMaxBytes: v.LOG_MAX_MB * MB,
    maxJobSecs: v.MAX_JOB_SECS,
    selfSettleAfterSecs: v.SELF_SETTLE_AFTER_SECS,
    publishGraceSecs: v.PUBLISH_GRACE_SECS,
    openJobs: v.OPEN_JOBS,
    autoStatus: v.AUTO_STATUS,
    drain: argv.includes("--drain"),
  };
}

export interface CommandConfig {
  deployment: Deployment;
  keyFile: string;
  provider: string;
  relayerUrl: string;
}

/** What the owner's command needs; KEY_FILE is the owner's then. */
export function loadCommandConfig(env: NodeJS.ProcessEnv = process.env): CommandConfig {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = zEnv
    .pick({ DEPLOYMENT_FILE: true, KEY_FILE: true, PROVIDER_ADDRESS: true, RELAYER_URL: true })
    .safeParse(present);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(String(issue?.path[0] ?? "environment"), issue?.message ?? "is invalid");
  }
  const v = parsed.data;
  return {
    deployment: readDeployment(v.DEPLOYMENT_FILE),
    keyFile: v.KEY_FILE,
    provider: v.PROVIDER_ADDRESS,
    relayerUrl: v.RELAYER_URL.replace(/\/+$/, ""),
  };
}

function s3Config(v: z.output<typeof zEnv>): S3Config | null {
  if (!v.S3_BUCKET) return null;
  if (!v.S3_ACCESS_KEY_ID) throw invalid("S3_ACCESS_KEY_ID", "is needed when S3_BUCKET is set");
  if (!v.S3_SECRET_ACCESS_KEY) throw invalid("S3_SECRET_ACCESS_KEY", "is needed when S3_BUCKET is set");
  return {
    endpoint: v.S3_ENDPOINT,
    region: v.S3_REGION,
    bucket: v.S3_BUCKET,
    accessKeyId: v.S3_ACCESS_KEY_ID,
    secretAccessKey: v.S3_SECRET_ACCESS_KEY,
    forcePathStyle: v.S3_FORCE_PATH_STYLE,
  };
}

function readDeployment(file: string): Deployment {
  try {
    return zDeployment.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new NodeError("CONFIG_INVALID", `DEPLOYMENT_FILE ${file} can't be read as a deployment record.`, {
      remedy: "Run `npm run deploy` first, or point DEPLOYMENT_FILE to its record.",
      cause,
    });
  }
}

function invalid(variable: string, reason: string): NodeError {
  return new NodeError("CONFIG_INVALID", `${variable}: ${reason}.`, {
    remedy: `Set ${variable}; .env.example shows every variable.`,
  });
}
