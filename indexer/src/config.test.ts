import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deploymentOf } from "../test/hand-written-chain.ts";
import { loadConfig } from "./config.ts";

const directory = mkdtempSync(join(tmpdir(), "indexer-config-"));
const DEPLOYMENT_FILE = join(directory, "deployment.json");
writeFileSync(DEPLOYMENT_FILE, JSON.stringify(deploymentOf()));
const env = { DATABASE_URL: "postgresql://u:secret@127.0.0.1/db", DEPLOYMENT_FILE };

describe("loadConfig", () => {
  it("fills in the defaults", () => {
    expect(loadConfig(env)).toMatchObject({
      host: "127.0.0.1",
      port: 4000,
      pollIntervalMs: 200,
      corsOrigins: [],
      nodeUrl: "http://127.0.0.1:1",
      redisUrl: null,
      redisPrefix: "computestream",
    });
  });

  it("reads a list of origins and an override of the node", () => {
    const config = loadConfig({
      ...env,
      CORS_ORIGINS: "http://a:1/, https://b",
      NODE_URL: "http://node:8080/v1",
      PORT: "0",
    });
    expect(config.corsOrigins).toEqual(["http://a:1", "https://b"]);
    expect(config.nodeUrl).toBe("http://node:8080/v1");
    expect(config.port).toBe(0);
  });

  it("reads rate limits, which keep their defaults where nothing is said", () => {
    const limits = (RATE_LIMITS: string) => loadConfig({ ...env, RATE_LIMITS }).rateLimits;
    expect(limits("off")).toBeNull();
    const { read, discovery, expensive, sign_in, connect } = limits("") ?? {};
    expect([read, discovery, expensive, sign_in, connect]).toMatchObject([
      { perAddress: 6_000, perWallet: 3_000 },
      { perAddress: 3_000, perWallet: 1_500 },
      { perAddress: 1_200, perWallet: 600 },
      { perAddress: 60, perWallet: 30 },
      { perAddress: 300, perWallet: 150 },
    ]);
    expect(limits("discovery=10/4, sign_in=7,connect=1")).toMatchObject({
      read: { perAddress: 6_000 },
      discovery: { perAddress: 10, perWallet: 4 },
      sign_in: { perAddress: 7, perWallet: 3 },
      connect: { perAddress: 1, perWallet: 1 },
    });
  });

  it.each([
    [{ DATABASE_URL: undefined }, /DATABASE_URL is missing/],
    [{ DATABASE_URL: "mysql://x" }, /DATABASE_URL must look like postgresql:/],
    [{ DEPLOYMENT_FILE: undefined }, /DEPLOYMENT_FILE is missing/],
    [{ DEPLOYMENT_FILE: "/nowhere.json" }, /DEPLOYMENT_FILE \/nowhere.json can't be read: run/],
    [{ DEPLOYMENT_FILE: import.meta.filename }, /is not a deployment record/],
    [{ PORT: "99999" }, /PORT /],
    [{ CORS_ORIGINS: "*" }, /CORS_ORIGINS must be a comma list/],
    [{ CORS_ORIGINS: "http://a/path" }, /CORS_ORIGINS must be a comma list/],
    [{ NODE_URL: "ftp://x" }, /NODE_URL must be/],
    [{ POLL_INTERVAL_MS: "fast" }, /POLL_INTERVAL_MS /],
    [{ REDIS_URL: "127.0.0.1:6379" }, /REDIS_URL must look like redis:/],
    [{ RATE_LIMITS: "read=0" }, /RATE_LIMITS must be off, or a comma list such as read=6000\/3000/],
    [{ RATE_LIMITS: "reads=5" }, /RATE_LIMITS must be off.* the classes are read, discovery, expensive/],
    [{ RATE_LIMITS: "read=5/6/7" }, /RATE_LIMITS must be off/],
    [{ RATE_LIMITS: "read" }, /RATE_LIMITS must be off/],
    [{ TRUST_PROXY: "yes" }, /TRUST_PROXY /],
    [{ REDIS_PREFIX: "a b" }, /REDIS_PREFIX must be/],
  ])("names the variable at fault: %j", (overrides, message) => {
    expect(() => loadConfig({ ...env, ...overrides })).toThrow(message);
  });
});
