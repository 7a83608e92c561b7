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
    [{ REDIS_PREFIX: "a b" }, /REDIS_PREFIX must be/],
  ])("names the variable at fault: %j", (overrides, message) => {
    expect(() => loadConfig({ ...env, ...overrides })).toThrow(message);
  });
});
