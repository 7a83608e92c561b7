/**
 * Puts the Move package on a chain and checks that it stands: compile, publish, initialise, verify, record.
 * It doesn't read files or arguments, and running it again changes nothing that is already right.
 */
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Account, InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { type Deployment, normalizeAddress, toHex, zU64 } from "@computestream/protocol";
import {
  type ChainClient,
  ChainError,
  createChainClient,
  createNodeApi,
  entryFunction,
  type NodeApi,
} from "@computestream/protocol/client";
import { z } from "zod";
import { type CompiledPackage, compilePackage } from "./build-package.ts";
import { DeployError } from "./deploy-error.ts";
import { fundingRemedy, NETWORKS, type NetworkName, PUBLIC_CHAIN_IDS } from "./networks.ts";
import { isPublication, PUBLISH_MAX_GAS, publish, STAGING_DIR } from "./publish.ts";

export { DeployError } from "./deploy-error.ts";

/** Metadata address of MOVE as a fungible asset. */
const MOVE = "0x000000000000000000000000000000000000000000000000000000000000000a";
const DEVNET_FUNDS = 100_000_000_000n;
const MOVE_PACKAGE_DIR = fileURLToPath(new URL("..", import.meta.url));

export interface DeployOptions {
  network: NetworkName;
  nodeUrl: string;
  /** Used on the devnet only, when the account can't pay. */
  faucetUrl?: string | undefined;
  /** Publishes; its address holds the package and the admin role. */
  account: Account;
  packageDir?: string | undefined;
  /** Movement or Aptos CLI for testnet and mainnet; default: found on PATH. */
  cli?: string | undefined;
  /** Whether modules that differ are upgraded; default: only on the devnet. */
  upgrade?: boolean | undefined;
  /** One line a step. */
  report?: ((line: string) => void) | undefined;
}

/** Throws `DeployError` with a remedy, or `ChainError` when the chain refuses. */
export async function deployPackage(options: DeployOptions): Promise<Deployment> {
  const { network, account } = options;
  const report = options.report ?? (() => undefined);
  const packageAddress = account.accountAddress.toStringLong();
  const node = createNodeApi({ nodeUrl: options.nodeUrl, packageAddress });

  const chainId = await checkChain(node, network);
  report(`chain ${chainId} at ${node.url}`);
  const built = await compilePackage({
    network,
    packageDir: options.packageDir ?? MOVE_PACKAGE_DIR,
    address: packageAddress,
    cli: options.cli,
  });
  report(`compiled ${built.modules.length} modules`);

  const draft: Deployment = {
    network,
    chainId,
    nodeUrl: node.url,
    ...(options.faucetUrl ? { faucetUrl: options.faucetUrl } : {}),
    packageAddress,
    asset: { address: MOVE, symbol: "MOVE", decimals: 8 },
    deployedAtVersion: "0",
    transactionHash: "",
    deployedAt: "",
    modules: Object.fromEntries(built.modules.map(({ name, bytecode }) => [name, sha256(bytecode)])),
  };
  const client = createChainClient({ deployment: draft });

  const standing = await compareModules(node, packageAddress, built);
  const upToDate = built.modules.every(({ name }) => standing.get(name) === "equal");
  if (upToDate) {
    report("the same modules are already published");
  } else {
    const upgrading = [...standing.values()].some((state) => state !== "absent");
    if (upgrading && !(options.upgrade ?? network === "devnet")) {
      const differing = built.modules
        .map(({ name }) => name)
        .filter((name) => standing.get(name) !== "equal");
      throw new DeployError(
        "PACKAGE_DIFFERS",
        `Another version is published at ${packageAddress} (differs in ${differing.join(", ")}).`,
        "Add --upgrade to replace it, or deploy with another account.",
      );
    }
    await ensureFunds(options, client, node);
    report(upgrading ? "upgrading" : "publishing");
    await publish({
      client,
      account,
      built,
      compileStaging: () =>
        compilePackage({ network, packageDir: STAGING_DIR, address: packageAddress, cli: options.cli }),
      report,
    });
  }

  await initialize(client, node, account, report);
  await verify(client, node, packageAddress, built);
  const publication = await firstPublication(node, packageAddress);
  report(`verified; published at version ${publication.version}`);
  return {
    ...draft,
    asset: await readAsset(node),
    deployedAtVersion: publication.version.toString(),
    transactionHash: publication.hash,
    deployedAt: new Date(Number(publication.timestampUsecs / 1000n)).toISOString(),
  };
}

async function checkChain(node: NodeApi, network: NetworkName): Promise<number> {
  let chainId: number;
  try {
    const answer = await node.get("");
    if (!answer.ok) throw node.refused(answer.failure);
    chainId = z.object({ chain_id: z.number().int() }).parse(answer.body).chain_id;
  } catch (cause) {
    throw new DeployError(
      "NODE_UNREACHABLE",
      `No fullnode answers at ${node.url}.`,
      network === "devnet"
        ? "Start the devnet (npm start), or name its address with --node-url."
        : "Check the connection, or name another node with --node-url.",
      { cause },
    );
  }
  const expected = NETWORKS[network].chainId;
  const wrong = expected === null ? PUBLIC_CHAIN_IDS.includes(chainId) : chainId !== expected;
  if (wrong) {
    throw new DeployError(
      "WRONG_CHAIN",
      `The node at ${node.url} is chain ${chainId}, which isn't ${network}${expected === null ? "" : ` (${expected})`}.`,
      "Name the network you mean with --network, or its node with --node-url.",
    );
  }
  return chainId;
}

type ModuleState = "absent" | "equal" | "different";

async function compareModules(
  node: NodeApi,
  address: string,
  built: CompiledPackage,
): Promise<Map<string, ModuleState>> {
  const states = new Map<string, ModuleState>();
  for (const { name, bytecode } of built.modules) {
    const answer = await node.get(`/accounts/${address}/module/${name}`);
    if (answer.ok) {
      const { bytecode: onChain } = z.object({ bytecode: z.string() }).parse(answer.body);
      states.set(name, onChain.toLowerCase() === toHex(bytecode) ? "equal" : "different");
    } else if (
      ["module_not_found", "account_not_found", "resource_not_found"].includes(answer.failure.code)
    ) {
      states.set(name, "absent");
    } else {
      throw node.refused(answer.failure);
    }
  }
  return states;
}

async function run(client: ChainClient, account: Account, payload: InputEntryFunctionData): Promise<void> {
  await client.execute(account, payload);
}

async function ensureFunds(options: DeployOptions, client: ChainClient, node: NodeApi): Promise<void> {
  const address = options.account.accountAddress.toStringLong();
  const price = await node.get("/estimate_gas_price");
  if (!price.ok) throw node.refused(price.failure);
  const { gas_estimate } = z.object({ gas_estimate: z.number() }).parse(price.body);
  const needed = BigInt(PUBLISH_MAX_GAS) * BigInt(gas_estimate);
  if ((await spendable(client, node, address)) >= needed) return;
  if (options.network === "devnet" && options.faucetUrl) {
    await fund(options.faucetUrl, address);
    if ((await spendable(client, node, address)) >= needed) return;
  }
  throw new DeployError(
    "ACCOUNT_UNFUNDED",
    `The account ${address} can't pay for publishing: it must hold ${needed} base units of MOVE while it publishes.`,
    fundingRemedy(options.network, address),
  );
}

/** MOVE that can pay fees: the fungible asset and, where the chain still has one, the coin. */
async function spendable(client: ChainClient, node: NodeApi, address: string): Promise<bigint> {
  const asset = await client.balance(address);
  const coin = await view(node, "0x1::coin::balance", ["0x1::aptos_coin::AptosCoin"], [address]).then(
    (value) => zU64.parse(value),
    (error: unknown) => {
      // A chain without the coin, or an account without a coin store.
      if (error instanceof ChainError && !error.retryable) return 0n;
      throw error;
    },
  );
  // 0x1::coin::balance counts both where they are paired.
  return coin > asset ? coin : asset;
}

async function fund(faucetUrl: string, address: string): Promise<void> {
  const remedy = "Check --faucet-url; the devnet prints its faucet's address when it starts.";
  let response: Response;
  try {
    response = await fetch(`${faucetUrl.replace(/\/+$/, "")}/fund`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"address":"${address}","amount":${DEVNET_FUNDS}}`,
      signal: AbortSignal.timeout(30_000),
    });
  } catch (cause) {
    throw new DeployError("FAUCET_UNREACHABLE", `No faucet answers at ${faucetUrl}.`, remedy, { cause });
  }
  if (!response.ok) {
    throw new DeployError(
      "FAUCET_REFUSED",
      `The faucet at ${faucetUrl} answered ${response.status}.`,
      remedy,
    );
  }
}

async function initialize(
  client: ChainClient,
  node: NodeApi,
  account: Account,
  report: (line: string) => void,
): Promise<void> {
  const { packageAddress } = client.deployment;
  const isAllowed = () => view(node, `${packageAddress}::market::is_asset_allowed`, [], [MOVE]);
  if ((await isAllowed()) === true) return;
  const name = `${packageAddress}::market::initialize`;
  // Initialised before, so an admin has taken MOVE off the list since: to deploy again isn't to overrule that.
  if (await findTransaction(node, packageAddress, (called) => canonical(called) === name)) {
    report("the market's admin no longer allows MOVE; it stays so");
    return;
  }
  report("initialising the market");
  await run(client, account, entryFunction(packageAddress, "market", "initialize", [MOVE]));
  if ((await isAllowed()) === true) return;
  throw new DeployError(
    "VERIFY_FAILED",
    "The market doesn't allow MOVE after initialising.",
    "Run the deployment again; if it stays, another party uses the same account.",
  );
}

/** A function's name with its address as the record spells it: nodes drop leading zeros. */
function canonical(name: string): string {
  const [address = "", ...rest] = name.split("::");
  return [normalizeAddress(address), ...rest].join("::");
}

async function verify(
  client: ChainClient,
  node: NodeApi,
  address: string,
  built: CompiledPackage,
): Promise<void> {
  const states = await compareModules(node, address, built);
  const wrong = built.modules.map(({ name }) => name).filter((name) => states.get(name) !== "equal");
  if (wrong.length > 0) {
    throw new DeployError(
      "VERIFY_FAILED",
      `After publishing, these modules on chain aren't those that were compiled: ${wrong.join(", ")}.`,
      "Run the deployment again; if it stays, another party publishes with the same account.",
    );
  }
  await client.parameters();
}

const zAccountTransaction = z.object({
  type: z.string(),
  version: zU64,
  hash: z.string(),
  success: z.boolean(),
  timestamp: zU64,
  payload: z
    .object({ function: z.string().optional(), arguments: z.array(z.unknown()).optional() })
    .optional(),
});

type AccountTransaction = z.output<typeof zAccountTransaction>;

/** The account's first successful call of a function that fits, or null when the node's history has none. */
async function findTransaction(
  node: NodeApi,
  address: string,
  fits: (calledFunction: string, args: unknown[]) => boolean,
): Promise<AccountTransaction | null> {
  const limit = 100;
  for (let start = 0; ; start += limit) {
    const answer = await node.get(`/accounts/${address}/transactions?start=${start}&limit=${limit}`);
    if (!answer.ok) throw node.refused(answer.failure);
    const page = z.array(zAccountTransaction).parse(answer.body);
    const found = page.find(
      ({ success, payload }) => success && fits(payload?.function ?? "", payload?.arguments ?? []),
    );
    if (found) return found;
    if (page.length < limit) return null;
  }
}

/** The transaction that first published: an indexer that starts there misses no event, upgrades included. */
async function firstPublication(
  node: NodeApi,
  address: string,
): Promise<{ version: bigint; hash: string; timestampUsecs: bigint }> {
  const found = await findTransaction(node, address, isPublication);
  if (found) return { version: found.version, hash: found.hash, timestampUsecs: found.timestamp };
  throw new DeployError(
    "PUBLICATION_UNKNOWN",
    `The node at ${node.url} no longer has the transaction that published the package.`,
    "Use a node that keeps its history (--node-url), or keep the deployment record you have.",
  );
}

async function readAsset(node: NodeApi): Promise<Deployment["asset"]> {
  const metadata = ["0x1::fungible_asset::Metadata"];
  const symbol = z.string().parse(await view(node, "0x1::fungible_asset::symbol", metadata, [MOVE]));
  const decimals = z
    .number()
    .int()
    .parse(await view(node, "0x1::fungible_asset::decimals", metadata, [MOVE]));
  return { address: MOVE, symbol, decimals };
}

async function view(node: NodeApi, name: string, typeArguments: string[], args: unknown[]): Promise<unknown> {
  const answer = await node.postJson("/view", {
    function: name,
    type_arguments: typeArguments,
    arguments: args,
  });
  if (!answer.ok) throw node.refused(answer.failure);
  return z.array(z.unknown()).min(1).parse(answer.body)[0];
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
