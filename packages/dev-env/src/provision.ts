/**
 * What a fresh devnet needs before services can start: funded accounts, the deployed modules, one staked provider.
 * It doesn't start anything. Run again on the same folder it only fills the accounts up.
 */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { deployPackage } from "@computestream/move/deploy";
import { type Deployment, toHex } from "@computestream/protocol";
import { type ChainClient, createChainClient } from "@computestream/protocol/client";
import { demoMachine } from "./demo-provider.ts";
import type { Gpu } from "./gpu-probe.ts";
import { fundFrom } from "./parts/chain.ts";

export interface Provisioned {
  deployment: Deployment;
  deploymentFile: string;
  chain: ChainClient;
  provider: { address: string; owner: Ed25519Account; operator: Ed25519Account };
  keyFiles: { relayer: string; sponsor: string; operator: string };
}

/** Whose key files are made. */
export type KeyName = "admin" | "provider-owner" | "provider-operator" | "relayer" | "sponsor";

const MOVE = 100_000_000n;
const FUNDS = 10_000n * MOVE;

export async function provision(options: {
  dir: string;
  nodeUrl: string;
  faucetUrl: string;
  /** Where a key file is kept; default `<dir>/keys`. */
  keyDirs?: Partial<Record<KeyName, string>>;
  /** Those that jobs of a newly registered provider can use; default none. */
  gpus?: Gpu[];
}): Promise<Provisioned> {
  const { dir, nodeUrl, faucetUrl } = options;
  const keyDir = (name: KeyName) => options.keyDirs?.[name] ?? join(dir, "keys");
  const account = (name: KeyName) => loadAccount(keyDir(name), name);
  const [admin, owner] = [account("admin"), account("provider-owner")];
  const [operator, keeper] = [account("provider-operator"), account("relayer")];
  for (const { accountAddress } of [admin, owner, operator, keeper, account("sponsor")]) {
    await fundFrom(faucetUrl, accountAddress.toString(), FUNDS);
  }
  const deployment = await deployPackage({ network: "devnet", nodeUrl, faucetUrl, account: admin });
  const deploymentFile = join(dir, "deployment.json");
  mkdirSync(dir, { recursive: true });
  writeFileSync(deploymentFile, `${JSON.stringify(deployment, null, 2)}\n`);
  const chain = createChainClient({ deployment });
  const gpus = options.gpus ?? [];
  const salt = gpus.length > 0 ? loadSalt(keyDir("provider-owner")) : "";
  const machine = demoMachine(gpus, owner.accountAddress.toString(), salt);
  return {
    deployment,
    deploymentFile,
    chain,
    provider: { address: await registerOnce(chain, dir, machine, owner, operator), owner, operator },
    keyFiles: {
      relayer: join(keyDir("relayer"), "relayer.json"),
      sponsor: join(keyDir("sponsor"), "sponsor.json"),
      operator: join(keyDir("provider-operator"), "provider-operator.json"),
    },
  };
}

/** A kept account, so that a restart on the same folder is the same provider and keeper. */
function loadAccount(dir: string, name: KeyName): Ed25519Account {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${name}.json`);
  if (!existsSync(path)) {
    const privateKey = Ed25519PrivateKey.generate().toHexString();
    writeFileSync(path, `${JSON.stringify({ privateKey })}\n`, { mode: 0o600 });
  }
  const { privateKey } = JSON.parse(readFileSync(path, "utf8")) as { privateKey: string };
  return new Ed25519Account({ privateKey: new Ed25519PrivateKey(privateKey, false) });
}

/** One for all machines of an owner, so that a device is the same device on each. */
function loadSalt(dir: string): string {
  const path = join(dir, "device-salt");
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600 });
  return readFileSync(path, "utf8").trim();
}

async function registerOnce(
  chain: ChainClient,
  dir: string,
  machine: ReturnType<typeof demoMachine>,
  owner: Ed25519Account,
  operator: Ed25519Account,
): Promise<string> {
  const file = join(dir, "provider-address");
  if (existsSync(file)) {
    const known = readFileSync(file, "utf8").trim();
    if ((await chain.getProvider(known)) !== null) return known;
  }
  const { minStake } = await chain.parameters();
  const outcome = await chain.execute(
    owner,
    chain.payloads.registerProvider({
      ...machine,
      operator: operator.accountAddress.toString(),
      attestKey: toHex(operator.publicKey.toUint8Array()),
      asset: chain.deployment.asset.address,
      stake: minStake,
    }),
  );
  const registered = outcome.events.find((event) => event.name === "ProviderRegistered");
  if (registered?.name !== "ProviderRegistered")
    throw new Error("registering a provider told no ProviderRegistered");
  writeFileSync(file, `${registered.data.provider}\n`);
  return registered.data.provider;
}
