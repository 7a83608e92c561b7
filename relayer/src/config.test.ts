import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadSigner } from "./chain/signer.ts";
import { loadConfig } from "./config.ts";
import { StartupError } from "./errors.ts";

const home = mkdtempSync(join(tmpdir(), "relayer-config-"));
afterAll(() => rmSync(home, { recursive: true }));

const deployment = join(home, "deployment.json");
writeFileSync(
  deployment,
  JSON.stringify({
    network: "devnet",
    chainId: 4,
    nodeUrl: "http://127.0.0.1:1/v1",
    packageAddress: "0x33",
    asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
    deployedAtVersion: "1",
    transactionHash: "0x",
    deployedAt: "2026-01-01",
    modules: {},
  }),
);
const env = {
  DEPLOYMENT_FILE: deployment,
  REDIS_URL: "redis://127.0.0.1:6379",
  KEY_FILE: join(home, "key.json"),
};

function failure(action: () => unknown): StartupError {
  try {
    action();
  } catch (error) {
    if (error instanceof StartupError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("configuration", () => {
  it("has x402 only with a sponsor's key, within limits that can be set", () => {
    expect(loadConfig(env)).toMatchObject({ sponsor: null, publicUrl: null });
    const keyFile = join(home, "sponsor.json");
    const given = { ...env, SPONSOR_KEY_FILE: keyFile, SPONSOR_BUDGET_DAILY: "7" };
    expect(loadConfig({ ...given, PUBLIC_URL: "https://pay.example/" })).toMatchObject({
      publicUrl: "https://pay.example",
      sponsor: {
        keyFile,
        maxGasAmount: 100_000n,
        maxGasUnitPrice: 500n,
        perWallet: 200,
        perFunction: 100,
        requestsPerSec: 5,
        budget: 7n,
      },
    });
    expect(failure(() => loadConfig({ ...given, SPONSOR_WALLET_DAILY: "0" })).message).toMatch(
      /^SPONSOR_WALLET_DAILY is not valid/,
    );
  });

  it("fills in what may be left out; an empty variable is absent", () => {
    const config = loadConfig({ ...env, PORT: "", CORS_ORIGINS: "http://a.example, http://b.example/" });
    expect(config).toMatchObject({
      port: 4100,
      tickIntervalMs: 1000,
      batchSize: 300,
      nodeUrl: "http://127.0.0.1:1/v1",
      corsOrigins: ["http://a.example", "http://b.example"],
      indexerUrl: null,
    });
  });
  it.each([
    [{ REDIS_URL: undefined }, /^REDIS_URL is not set/],
    [{ REDIS_URL: "http://127.0.0.1" }, /^REDIS_URL is not valid/],
    [{ KEY_FILE: "" }, /^KEY_FILE is not set/],
    [{ PORT: "70000" }, /^PORT is not valid/],
    [{ BATCH_SIZE: "0" }, /^BATCH_SIZE is not valid/],
    [{ DEPLOYMENT_FILE: "/nowhere" }, /^DEPLOYMENT_FILE \/nowhere/],
  ])("names the variable at fault and a remedy: %o", (change, message) => {
    const error = failure(() => loadConfig({ ...env, ...change }));
    expect(error.message).toMatch(message);
    expect(error.remedy).not.toBe("");
  });
});

describe("key file", () => {
  const path = env.KEY_FILE;
  const hex = `0x${"07".repeat(32)}`;
  it("opens for its owner only", () => {
    writeFileSync(path, JSON.stringify({ privateKey: hex }), { mode: 0o644 });
    expect(failure(() => loadSigner(path)).code).toBe("KEY_FILE_EXPOSED");
  });
  it("never quotes what is in it", () => {
    const odd = join(home, "odd.json");
    writeFileSync(odd, '{"privateKey":"secret-text"}', { mode: 0o600 });
    const error = failure(() => loadSigner(odd));
    expect(error.code).toBe("KEY_FILE_INVALID");
    expect(`${error.message}${error.remedy}${error.stack}`).not.toContain("secret-text");
  });
  it("gives an address and nothing else of the key", () => {
    const good = join(home, "good.json");
    writeFileSync(good, JSON.stringify({ privateKey: hex }), { mode: 0o600 });
    const signer = loadSigner(good);
    expect(signer.address).toMatch(/^0x[0-9a-f]{64}$/);
    expect(JSON.stringify(signer)).not.toContain("07070707");
  });
});
