/**
 * The chain client's contract and factory.
 * It doesn't hold keys: accounts are passed to `sign` and `execute`.
 */
import {
  type Account,
  type AccountAddressInput,
  Aptos,
  AptosConfig,
  type InputEntryFunctionData,
  Network,
  type SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import type { Deployment } from "../deployment.ts";
import type { EncodedCall } from "./encoded-call.ts";
import { ChainError, chainError, explainFailure } from "./errors.ts";
import { createNodeApi } from "./node.ts";
import { createPayloads, type Payloads } from "./payloads.ts";
import { createTransactions } from "./transactions.ts";
import type { BuildOptions, ChainFailure, Outcome, SignedTransaction, TransactionRecord } from "./types.ts";
import { createViews, type Views } from "./views.ts";

export interface ChainClient extends Views {
  readonly deployment: Deployment;
  readonly aptos: Aptos;
  readonly payloads: Payloads;

  /** Throws `ChainError` (`CHAIN_MISMATCH`) when the node is another chain than the deployment's. */
  assertChain(): Promise<void>;
  ledger(): Promise<{ chainId: number; version: bigint; timestampUsecs: bigint }>;
  sequenceNumber(address: string): Promise<bigint>;
  /** Of the key that signs for an account now: 0x and 64 hex digits; another than the address's own after a rotation. */
  authenticationKey(address: string): Promise<string>;

  build(
    sender: AccountAddressInput,
    payload: InputEntryFunctionData | EncodedCall,
    options?: BuildOptions,
  ): Promise<SimpleTransaction>;
  sign(account: Account, transaction: SimpleTransaction): SignedTransaction;
  /** Sends the bytes; a repeat of a known transaction is not an error. Throws `ChainError` when the node refuses. */
  submit(signed: Pick<SignedTransaction, "hash" | "bytes">): Promise<void>;
  /** The outcome, or null while it is unknown or pending. */
  findByHash(hash: string): Promise<Outcome | null>;
  /** Waits for the outcome; throws `ChainError` (`OUTCOME_UNKNOWN`) after `timeoutMs` (default 30_000). */
  waitFor(hash: string, options?: { timeoutMs?: number }): Promise<Outcome>;
  /** build, sign, submit, wait; throws `ChainError` when it failed. For scripts and tests: services persist in between. */
  execute(account: Account, payload: InputEntryFunctionData, options?: BuildOptions): Promise<Outcome>;

  /** Committed transactions from `start`, in version order, at most 100. */
  transactions(start: bigint, limit: number): Promise<TransactionRecord[]>;
  /** A VM status or submit error as a named failure with a sentence. */
  explain(vmStatus: string): ChainFailure;
}

/**
 * `nodeUrl` overrides the record's. Opens no connection: the first call does.
 * `aptos` is an SDK client of the same node for what this client doesn't offer; its caches are keyed by network name,
 * so a process that talks to several chains must not use it for building.
 */
export function createChainClient(options: { deployment: Deployment; nodeUrl?: string }): ChainClient {
  const { deployment } = options;
  const { packageAddress, chainId } = deployment;
  const nodeUrl = options.nodeUrl ?? deployment.nodeUrl;
  const node = createNodeApi({ nodeUrl, packageAddress });
  const transactions = createTransactions({ node, chainId, packageAddress });
  const config = {
    network: Network.CUSTOM,
    fullnode: node.url,
    ...(deployment.faucetUrl ? { faucet: deployment.faucetUrl } : {}),
  };
  let aptos: Aptos | undefined;

  return {
    deployment,
    // Made on first use: the SDK prints a line to stdout for every custom network, where services write JSON.
    get aptos() {
      aptos ??= new Aptos(new AptosConfig(config));
      return aptos;
    },
    payloads: createPayloads(packageAddress),
    ...createViews({ node, packageAddress, asset: deployment.asset.address }),
    ...transactions,

    async assertChain() {
      const ledger = await transactions.ledger();
      if (ledger.chainId === chainId) return;
      throw chainError(
        "CHAIN_MISMATCH",
        `The node at ${node.url} is chain ${ledger.chainId}, but the deployment record is for chain ${chainId}; ` +
          "point NODE_URL at the right node or deploy again.",
      );
    },

    async execute(account, payload, build) {
      const signed = transactions.sign(
        account,
        await transactions.build(account.accountAddress, payload, build),
      );
      await transactions.submit(signed);
      const outcome = await transactions.waitFor(signed.hash);
      if (outcome.failure) throw new ChainError(outcome.failure);
      return outcome;
    },

    explain: (vmStatus) => explainFailure(packageAddress, vmStatus),
  };
}
