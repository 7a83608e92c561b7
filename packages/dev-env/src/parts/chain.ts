/**
 * A devnet in its own process with the modules deployed: the chain that services and tests talk to.
 * It doesn't know jobs or providers.
 */
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import type { Deployment } from "@computestream/protocol";
import { type ManagedProcess, startProcess } from "./process.ts";
import { scratch } from "./scratch.ts";

export interface ChainPart {
  deployment: Deployment;
  nodeUrl: string;
  faucetUrl: string;
  /** Holds the package and the admin role. */
  admin: Ed25519Account;
  /** Base units of MOVE; makes the account when it is absent. */
  fund(address: string, amount: bigint): Promise<void>;
  /** Moves the chain's clock ahead for good. */
  passSecs(seconds: number): Promise<void>;
  close(): Promise<void>;
}

export interface DevnetPart {
  nodeUrl: string;
  faucetUrl: string;
  process: ManagedProcess;
  close(): Promise<void>;
}

const DEVNET_CLI = fileURLToPath(new URL("../../../devnet/src/cli.ts", import.meta.url));

/** The tsx loader by its path, so that a child finds it from any working directory. */
export const TSX = createRequire(import.meta.url).resolve("tsx");

export async function startDevnetProcess(
  options: { dir?: string; port?: number; faucetPort?: number } = {},
): Promise<DevnetPart> {
  const home = scratch("devnet", options.dir);
  let ready: { nodeUrl: string; faucetUrl: string } | null = null;
  const devnet = await startProcess({
    name: "devnet",
    command: process.execPath,
    args: [
      "--import",
      TSX,
      DEVNET_CLI,
      "--port",
      String(options.port ?? 0),
      "--faucet-port",
      String(options.faucetPort ?? 0),
      "--data-dir",
      join(home.path, "chain"),
    ],
    logFile: join(home.path, "devnet.log"),
    readyLine(line) {
      if (!line.startsWith("{") || !line.includes('"ready"')) return false;
      ready = JSON.parse(line) as { nodeUrl: string; faucetUrl: string };
      return true;
    },
  });
  if (!ready) throw new Error("the devnet said it is ready without its address");
  const { nodeUrl, faucetUrl } = ready as { nodeUrl: string; faucetUrl: string };
  return {
    nodeUrl,
    faucetUrl,
    process: devnet,
    async close() {
      await devnet.close();
      home.close();
    },
  };
}

export async function fundFrom(faucetUrl: string, address: string, amount: bigint): Promise<void> {
  const response = await fetch(`${faucetUrl}/fund`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    // The faucet takes a JSON number: written by hand, because a bigint past 2^53 has no other exact form.
    body: `{"address":${JSON.stringify(address)},"amount":${amount}}`,
  });
  if (!response.ok) throw new Error(`faucet answered ${response.status}: ${await response.text()}`);
}

async function advance(nodeUrl: string, seconds: number): Promise<void> {
  const response = await fetch(new URL("/dev/advance_time", nodeUrl), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ seconds }),
  });
  if (!response.ok) throw new Error(`the devnet answered ${response.status}: ${await response.text()}`);
}

const ADMIN_FUNDS = 1_000_000_000_000n;

/** A fresh devnet with a random admin account. */
export async function startChain(options: { dir?: string } = {}): Promise<ChainPart> {
  const { deployPackage } = await import("@computestream/move/deploy");
  const devnet = await startDevnetProcess(options);
  try {
    const admin = new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });
    await fundFrom(devnet.faucetUrl, admin.accountAddress.toString(), ADMIN_FUNDS);
    const deployment = await deployPackage({
      network: "devnet",
      nodeUrl: devnet.nodeUrl,
      faucetUrl: devnet.faucetUrl,
      account: admin,
    });
    return {
      deployment,
      nodeUrl: devnet.nodeUrl,
      faucetUrl: devnet.faucetUrl,
      admin,
      fund: (address, amount) => fundFrom(devnet.faucetUrl, address, amount),
      passSecs: (seconds) => advance(devnet.nodeUrl, seconds),
      close: () => devnet.close(),
    };
  } catch (error) {
    await devnet.close();
    throw error;
  }
}
