import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "./config.ts";
import { loadOperatorKey } from "./operator-key.ts";

const dir = mkdtempSync(join(tmpdir(), "config-"));
const deploymentFile = join(dir, "deployment.json");
writeFileSync(
  deploymentFile,
  JSON.stringify({
    network: "devnet",
    chainId: 4,
    nodeUrl: "http://127.0.0.1:1/v1",
    packageAddress: "0x1",
    asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
    deployedAtVersion: "7",
    transactionHash: "0x1",
    deployedAt: "2026-11-21T10:00:00Z",
    modules: {},
  }),
);
const env = {
  DEPLOYMENT_FILE: deploymentFile,
  KEY_FILE: "/k",
  PROVIDER_ADDRESS: "0xABC",
  RELAYER_URL: "http://127.0.0.1:4100",
  DATA_DIR: dir,
  IPFS_API_URL: "http://127.0.0.1:5001",
};
const problem = (over: Record<string, string | undefined>) => {
  try {
    loadConfig({ ...env, ...over } as NodeJS.ProcessEnv, []);
    return null;
  } catch (error) {
    return error;
  }
};

describe("the configuration", () => {
  it("has safe defaults", () => {
    expect(loadConfig(env as NodeJS.ProcessEnv, [])).toMatchObject({
      host: "127.0.0.1",
      port: 4200,
      provider: `0x${"abc".padStart(64, "0")}`,
      imageAllowlist: [],
      runtime: "docker",
      s3: null,
      drain: false,
    });
  });
  it("reads lists, stores and the drain flag", () => {
    const s3 = {
      S3_BUCKET: "b",
      S3_ACCESS_KEY_ID: "i",
      S3_SECRET_ACCESS_KEY: "s",
      S3_FORCE_PATH_STYLE: "false",
    };
    const config = loadConfig({ ...env, ...s3, IMAGE_ALLOWLIST: " a@*, ,b " } as NodeJS.ProcessEnv, [
      "--drain",
    ]);
    expect(config).toMatchObject({
      imageAllowlist: ["a@*", "b"],
      drain: true,
      s3: { bucket: "b", forcePathStyle: false },
    });
  });
  it.each([
    ["KEY_FILE", { KEY_FILE: undefined }],
    ["PROVIDER_ADDRESS", { PROVIDER_ADDRESS: "me" }],
    ["RELAYER_URL", { RELAYER_URL: "nowhere" }],
    ["PORT", { PORT: "70000" }],
    ["POLL_INTERVAL_MS", { POLL_INTERVAL_MS: "soon" }],
    ["S3_BUCKET", { IPFS_API_URL: "" }],
    ["S3_SECRET_ACCESS_KEY", { S3_BUCKET: "b", S3_ACCESS_KEY_ID: "i" }],
    ["DEPLOYMENT_FILE", { DEPLOYMENT_FILE: "/nonexistent" }],
  ])("names %s when it is wrong, with a remedy", (variable, over) => {
    expect(problem(over)).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(variable),
      remedy: expect.any(String),
    });
  });
});

describe("the key file", () => {
  const keyFile = join(dir, "key.json");
  const secret = `0x${"7".repeat(64)}`;
  const write = (content: string, mode = 0o600) => {
    writeFileSync(keyFile, content);
    chmodSync(keyFile, mode);
  };
  const codeOfLoading = () => {
    try {
      loadOperatorKey(keyFile);
      return "OK";
    } catch (error) {
      expect(JSON.stringify(error) + String(error) + (error as Error).stack).not.toContain("7777");
      return (error as { code: string }).code;
    }
  };

  it("gives address and public key, and never the secret", () => {
    write(JSON.stringify({ privateKey: secret }));
    const key = loadOperatorKey(keyFile);
    expect(key.address).toMatch(/^0x[0-9a-f]{64}$/);
    expect(key.publicKey).toMatch(/^0x[0-9a-f]{64}$/);
    expect(JSON.stringify(key)).not.toContain("7777");
    write(JSON.stringify({ privateKey: `ed25519-priv-${secret}` }));
    expect(loadOperatorKey(keyFile).address).toBe(key.address);
  });
  it("is refused when others can read it, or when it holds something else, without quoting it", () => {
    write(JSON.stringify({ privateKey: secret }), 0o644);
    expect(codeOfLoading()).toBe("KEY_FILE_OPEN");
    write(JSON.stringify({ privateKey: "7777" }));
    expect(codeOfLoading()).toBe("KEY_FILE_INVALID");
    write(`{"privateKey":"${secret}`);
    expect(codeOfLoading()).toBe("KEY_FILE_INVALID");
    expect(() => loadOperatorKey("/nonexistent")).toThrow(/KEY_FILE/);
  });
});
