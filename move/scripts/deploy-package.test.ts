/** Deploying to a real devnet: once, again, and where it must not go. */

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { type Devnet, startDevnet } from "@computestream/devnet";
import { type Deployment, zDeployment } from "@computestream/protocol";
import { ChainError, createChainClient, entryFunction } from "@computestream/protocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DeployOptions, deployPackage } from "./deploy-package.ts";

let devnet: Devnet;
const dir = mkdtempSync(join(tmpdir(), "computestream-deploy-"));
const newAccount = () => new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });

beforeAll(async () => {
  devnet = await startDevnet();
});

afterAll(async () => {
  await devnet?.close();
  rmSync(dir, { recursive: true });
});

function deploy(options: Partial<DeployOptions> = {}): Promise<Deployment> {
  return deployPackage({
    network: "devnet",
    nodeUrl: devnet.nodeUrl,
    faucetUrl: devnet.faucetUrl,
    account: newAccount(),
    ...options,
  });
}

describe("deployPackage", () => {
  it("publishes, initialises and records; a repeat sends nothing and records the same", async () => {
    const account = newAccount();
    const first = await deploy({ account });
    expect(zDeployment.parse(JSON.parse(JSON.stringify(first)))).toEqual(first);
    expect(first).toMatchObject({
      network: "devnet",
      chainId: devnet.chainId,
      packageAddress: account.accountAddress.toStringLong(),
      asset: { symbol: "MOVE", decimals: 8 },
    });
    expect(Object.keys(first.modules)).toEqual(
      expect.arrayContaining([
        "market",
        "provider_registry",
        "escrow",
        "attestation",
        "payment_stream",
        "job_registry",
      ]),
    );

    const client = createChainClient({ deployment: first });
    const published = await client.findByHash(first.transactionHash);
    expect(published).toMatchObject({ success: true, version: BigInt(first.deployedAtVersion) });
    expect(published?.events.map((event) => event.name)).toContain("ParametersUpdated");
    const sent = await client.sequenceNumber(first.packageAddress);

    const lines: string[] = [];
    expect(await deploy({ account, report: (line) => lines.push(line) })).toEqual(first);
    expect(lines).toContain("the same modules are already published");
    expect(await client.sequenceNumber(first.packageAddress)).toBe(sent);
  });

  it("doesn't overrule an admin who no longer allows MOVE", async () => {
    const account = newAccount();
    const first = await deploy({ account });
    const client = createChainClient({ deployment: first });
    const { packageAddress, asset } = first;
    await client.execute(
      account,
      entryFunction(packageAddress, "market", "set_asset_allowed", [asset.address, false]),
    );
    const sent = await client.sequenceNumber(packageAddress);

    const lines: string[] = [];
    expect(await deploy({ account, report: (line) => lines.push(line) })).toEqual(first);
    expect(lines).toContain("the market's admin no longer allows MOVE; it stays so");
    expect(await client.sequenceNumber(packageAddress)).toBe(sent);
  });

  describe("of another version", () => {
    const packageDir = join(dir, "move");
    const account = newAccount();
    const market = join(packageDir, "sources", "market.move");
    let original: string;
    let first: Deployment;

    beforeAll(async () => {
      cpSync(fileURLToPath(new URL("..", import.meta.url)), packageDir, {
        recursive: true,
        filter: (path) => !/(^|\/)(build|node_modules|scripts)$/.test(path),
      });
      original = readFileSync(market, "utf8");
      first = await deploy({ account, packageDir });
    });

    it("changes nothing unless an upgrade is wanted, and names what differs", async () => {
      writeFileSync(market, original.replace("MAX_FEE_BPS: u64 = 1_000", "MAX_FEE_BPS: u64 = 999"));
      await expect(deploy({ account, packageDir, upgrade: false })).rejects.toMatchObject({
        code: "PACKAGE_DIFFERS",
        message: expect.stringContaining("differs in market"),
        remedy: expect.stringContaining("--upgrade"),
      });
    });

    it("upgrades a compatible one, and an indexer still starts at the first publication", async () => {
      const second = await deploy({ account, packageDir });
      expect(second).toEqual({ ...first, modules: { ...first.modules, market: second.modules.market } });
      expect(second.modules.market).not.toBe(first.modules.market);
    });

    it("shows what the compiler says of one that doesn't compile", async () => {
      writeFileSync(market, original.replace("MAX_FEE_BPS: u64 = 1_000", "MAX_FEE_BPS: u64 = oops"));
      await expect(deploy({ account, packageDir })).rejects.toMatchObject({
        code: "COMPILE_FAILED",
        message: expect.stringContaining("oops"),
      });
    });

    it("says that the chain refuses an incompatible one", async () => {
      writeFileSync(
        market,
        original.replace("public fun admin(): address", "public fun admin(_a: u64): address"),
      );
      const refused = deploy({ account, packageDir });
      await expect(refused).rejects.toBeInstanceOf(ChainError);
      await expect(refused).rejects.toThrow("BACKWARD_INCOMPATIBLE_MODULE_UPDATE");
    });
  });

  it("refuses a node of another network and says which it is", async () => {
    for (const network of ["testnet", "mainnet"] as const) {
      await expect(deploy({ network })).rejects.toMatchObject({
        code: "WRONG_CHAIN",
        message: expect.stringContaining(`chain ${devnet.chainId}`),
      });
    }
  });

  it("says that no node answers", async () => {
    await expect(deploy({ nodeUrl: "http://127.0.0.1:1/v1" })).rejects.toMatchObject({
      code: "NODE_UNREACHABLE",
      remedy: expect.stringContaining("--node-url"),
    });
  });

  it("names the account to fund when it can't pay and nobody gives", async () => {
    const account = newAccount();
    await expect(deploy({ account, faucetUrl: undefined })).rejects.toMatchObject({
      code: "ACCOUNT_UNFUNDED",
      remedy: expect.stringContaining(account.accountAddress.toStringLong()),
    });
    await expect(deploy({ account, faucetUrl: "http://127.0.0.1:1" })).rejects.toMatchObject({
      code: "FAUCET_UNREACHABLE",
    });
  });
});

describe("npm run deploy", () => {
  const script = fileURLToPath(new URL("deploy.ts", import.meta.url));

  function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, ["--import", "tsx", script, ...args], (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr });
      });
    });
  }

  it("writes the record, makes the key for its owner only and never prints it", async () => {
    const [out, keyFile] = [join(dir, "records", "devnet.json"), join(dir, "key.json")];
    const args = ["--network", "devnet", "--node-url", devnet.nodeUrl, "--faucet-url", devnet.faucetUrl];
    const first = await run(...args, "--out", out, "--key-file", keyFile);
    expect(first).toMatchObject({ status: 0, stderr: "" });
    const record = readFileSync(out, "utf8");
    expect(zDeployment.parse(JSON.parse(record)).network).toBe("devnet");
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const { privateKey } = JSON.parse(readFileSync(keyFile, "utf8")) as { privateKey: string };
    expect(`${first.stdout}${record}`).not.toContain(privateKey.slice(2));

    expect((await run(...args, "--out", out, "--key-file", keyFile)).status).toBe(0);
    expect(readFileSync(out, "utf8")).toBe(record);

    const misplaced = await run("--network", "mainnet", "--node-url", devnet.nodeUrl, "--key-file", keyFile);
    expect(misplaced.status).toBe(1);
    expect(misplaced.stderr).toContain("DEVNET_KEY");
  });

  it.each([
    [[], "--network is missing"],
    [["--network", "moon"], 'no network "moon"'],
    [["--netwrok", "devnet"], "--netwrok"],
  ])("explains its use for %j", async (args, said) => {
    const { status, stderr } = await run(...args);
    expect(status).toBe(1);
    expect(stderr).toContain(said);
    expect(stderr).toContain("Usage: npm run deploy");
  });
});
