/**
 * A devnet, the unmodified SDK against it, and the counter package: what the tests here start from.
 * The SDK caches by network name, so a test file must not use two devnets through it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type Account,
  type AnyRawTransaction,
  Aptos,
  AptosConfig,
  Ed25519Account,
  type InputGenerateTransactionPayloadData,
  Network,
  type UserTransactionResponse,
} from "@aptos-labs/ts-sdk";
import { type DevnetOptions, startDevnet } from "../src/index.ts";
import { runCompiler } from "../src/toolchain/compiler.ts";
import { buildPackage } from "../src/toolchain/index.ts";
import { copyPackage } from "../src/toolchain/manifest.ts";

export const COUNTER_DIR = fileURLToPath(new URL("fixtures/counter", import.meta.url));
export const MOVE = 100_000_000n;

export function connect(urls: { nodeUrl: string; faucetUrl: string }): Aptos {
  return new Aptos(
    new AptosConfig({
      network: Network.CUSTOM,
      fullnode: urls.nodeUrl,
      faucet: urls.faucetUrl,
      indexer: `${urls.nodeUrl}/graphql`,
    }),
  );
}

export async function startTestDevnet(options: DevnetOptions = {}) {
  const devnet = await startDevnet(options);
  const aptos = connect(devnet);
  return { ...devnet, aptos, ...clientHelpers(aptos, devnet.nodeUrl) };
}

// biome-ignore lint/suspicious/noExplicitAny: the tests assert the shape of what they read
export type Json = any;

export async function request(
  url: string,
  init?: RequestInit,
): Promise<{ status: number; headers: Headers; body: Json }> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: await response.json() };
}

export const postJson = (url: string, body: unknown) =>
  request(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

export function clientHelpers(aptos: Aptos, nodeUrl: string) {
  async function newAccount(amount = 10n * MOVE): Promise<Ed25519Account> {
    const account = Ed25519Account.generate();
    await aptos.fundAccount({ accountAddress: account.accountAddress, amount: Number(amount) });
    return account;
  }

  async function commit(account: Account, transaction: AnyRawTransaction): Promise<UserTransactionResponse> {
    const { hash } = await aptos.signAndSubmitTransaction({ signer: account, transaction });
    const done = await aptos.waitForTransaction({ transactionHash: hash, options: { checkSuccess: false } });
    return done as UserTransactionResponse;
  }

  async function execute(account: Account, data: InputGenerateTransactionPayloadData, options = {}) {
    const transaction = await aptos.transaction.build.simple({
      sender: account.accountAddress,
      data,
      options,
    });
    return commit(account, transaction);
  }

  async function publishCounter(account: Account) {
    const built = await buildPackage({
      packageDir: COUNTER_DIR,
      namedAddresses: { counter: account.accountAddress.toString() },
    });
    const transaction = await aptos.publishPackageTransaction({
      account: account.accountAddress,
      metadataBytes: built.metadata,
      moduleBytecode: built.modules.map((m) => m.bytecode),
    });
    return commit(account, transaction);
  }

  /** Bytecode of the counter package's script, compiled for this publisher. */
  async function counterScript(publisher: Account): Promise<Uint8Array> {
    const copy = copyPackage(COUNTER_DIR, { counter: publisher.accountAddress.toString() }, false);
    try {
      const { error, output } = await runCompiler({ action: "build", packageDir: copy.dir });
      if (error !== null) throw new Error(output);
      return readFileSync(join(copy.dir, "build", copy.name, "bytecode_scripts", "bump_twice_0.mv"));
    } finally {
      copy.remove();
    }
  }

  async function balance(account: Account): Promise<bigint> {
    return BigInt(await aptos.getBalance({ accountAddress: account.accountAddress, asset: "0xa" }));
  }

  /** A request to the node, whatever the status of the answer. */
  const get = (path: string, init?: RequestInit) => request(`${nodeUrl}${path}`, init);

  return { newAccount, commit, execute, publishCounter, counterScript, balance, get };
}
