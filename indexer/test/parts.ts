/**
 * What integration tests need around the indexer: a real PostgreSQL and a started service.
 * It doesn't assert anything.
 */
import { randomBytes } from "node:crypto";
import { startPostgres } from "@computestream/dev-env/parts";
import { API_ROUTES } from "@computestream/protocol/api";
import pg from "pg";
import type { z } from "zod";
import type { ChainSource } from "../src/chain/source.ts";
import type { Config } from "../src/config.ts";
import { createLogger } from "../src/logger.ts";
import { type Service, startService } from "../src/service.ts";

/** One server, and a new empty database for each call of `database()`. */
export async function startDatabases() {
  const server = await startPostgres();
  return {
    server,
    async database(): Promise<string> {
      const name = `t_${randomBytes(6).toString("hex")}`;
      await run(server.url, `CREATE DATABASE ${name}`);
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    close: () => server.close(),
  };
}

export async function run(
  databaseUrl: string,
  sql: string,
  values: unknown[] = [],
): Promise<Array<Record<string, unknown>>> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}

export function configOf(databaseUrl: string, source: ChainSource, overrides: Partial<Config> = {}): Config {
  return {
    logLevel: "silent",
    host: "127.0.0.1",
    port: 0,
    databaseUrl,
    databaseWaitMs: 10_000,
    queryTimeoutMs: 10_000,
    deployment: source.deployment,
    nodeUrl: source.deployment.nodeUrl,
    corsOrigins: ["http://localhost:3000"],
    signingKeyFile: undefined,
    signInDomains: ["localhost:3000"],
    pollIntervalMs: 20,
    seriesRetentionDays: 0,
    cacheMaxMb: 16,
    rateLimits: null,
    trustProxy: 0,
    providersInMemory: 50_000,
    drainMs: 0,
    redisUrl: null,
    redisPrefix: "computestream",
    liveMaxConnections: 10_000,
    liveMaxPerAddress: 10_000,
    startVersion: BigInt(source.deployment.deployedAtVersion),
    ...overrides,
  };
}

export async function serve(
  databaseUrl: string,
  source: ChainSource,
  overrides: Partial<Config> = {},
): Promise<Service> {
  return startService(
    configOf(databaseUrl, source, overrides),
    source,
    createLogger(process.env.LOG_LEVEL ?? "silent"),
  );
}

/** Polls until `probe` gives something other than undefined or false. */
export async function until<T>(
  probe: () => Promise<T | undefined | false>,
  what: string,
  limitMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Until the mirror holds everything up to `version`. */
export function untilMirrored(url: string, version: bigint): Promise<unknown> {
  return until(async () => {
    const health = (await (await fetch(`${url}/api/v1/health`)).json()) as { version: string };
    return BigInt(health.version) >= version;
  }, `version ${version}`);
}

/** Reads a route of the service at `url`; throws unless the answer is 200 and has the route's shape. */
export function readerOf(url: string) {
  return async <R extends keyof typeof API_ROUTES>(
    route: R,
    query = "",
    params: Record<string, string> = {},
  ): Promise<z.output<(typeof API_ROUTES)[R]>> => {
    const path = route.replace(":address", params.address ?? "");
    const response = await fetch(`${url}${path}${query}`);
    if (response.status !== 200) throw new Error(`${path}${query}: ${response.status}`);
    return API_ROUTES[route].parse(await response.json()) as z.output<(typeof API_ROUTES)[R]>;
  };
}
