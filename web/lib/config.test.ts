import { describe, expect, it } from "vitest";
import { ConfigError, parseConfig } from "./config.ts";
import { contentSecurityPolicy } from "./csp.ts";

const deployment = {
  network: "devnet",
  chainId: 4,
  nodeUrl: "http://127.0.0.1:8080/v1/",
  faucetUrl: "http://127.0.0.1:8081",
  packageAddress: "0xc0",
  asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
  deployedAtVersion: "1",
  transactionHash: "0x1",
  deployedAt: "now",
  modules: {},
};
const env = { DEPLOYMENT_FILE: "d.json", INDEXER_URL: "http://i:4000/", RELAYER_URL: "https://r.example" };
const read =
  (change: object = {}) =>
  () =>
    JSON.stringify({ ...deployment, ...change });

describe("parseConfig", () => {
  it("joins the deployment record and the environment", () => {
    expect(parseConfig(env, read()).public).toMatchObject({
      chainId: 4,
      nodeUrl: "http://127.0.0.1:8080/v1",
      indexerUrl: "http://i:4000",
      packageAddress: `0x${"c0".padStart(64, "0")}`,
      s3GatewayUrl: null,
      devWallet: true,
      demoImage: null,
    });
  });

  it("takes an empty variable as not set", () => {
    const config = parseConfig({ ...env, NODE_URL: "", S3_GATEWAY_URL: "", DEV_WALLET: "" }, read());
    expect(config.public.nodeUrl).toBe("http://127.0.0.1:8080/v1");
  });

  it("names the variable and the remedy", () => {
    const failing = (change: object, file = read()) => {
      try {
        parseConfig({ ...env, ...change }, file);
      } catch (error) {
        if (error instanceof ConfigError) return error;
        throw error;
      }
      throw new Error("didn't fail");
    };
    expect(failing({ INDEXER_URL: undefined }).message).toMatch(
      /INDEXER_URL: is not set; set it to the indexer/,
    );
    expect(failing({ RELAYER_URL: "nope" }).variable).toBe("RELAYER_URL");
    expect(failing({ DEV_WALLET: "maybe" }).variable).toBe("DEV_WALLET");
    expect(failing({}, () => "not json").message).toMatch(/not a deployment record/);
    const missing = () => {
      throw new Error("ENOENT");
    };
    expect(failing({}, missing).message).toMatch(/can't be read \(ENOENT\)/);
  });

  it("refuses a development wallet anywhere but on a devnet, and leaves it out by default", () => {
    expect(() => parseConfig({ ...env, DEV_WALLET: "true" }, read({ network: "mainnet" }))).toThrow(
      /mainnet/,
    );
    expect(parseConfig(env, read({ network: "testnet" })).public.devWallet).toBe(false);
  });
});

it("lets the page talk to the configured services and nobody else", () => {
  const policy = contentSecurityPolicy(parseConfig(env, read()).public, "n0nce", false);
  expect(policy).toContain(
    "connect-src 'self' http://127.0.0.1:8080 http://i:4000 ws://i:4000 https://r.example wss://r.example http://127.0.0.1:8081;",
  );
  expect(policy).toContain("script-src 'self' 'nonce-n0nce' 'strict-dynamic';");
  expect(policy).not.toContain("unsafe-eval");
});
