/**
 * The chain client's contract and factory.
 * It doesn't hold keys: accounts are passed to `sign` and `execute`.
 */
import type {
  Account,
  AccountAddressInput,
  Aptos,
  InputEntryFunctionData,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import type { SignedUsage } from "../attestation.ts";
import type { Deployment } from "../deployment.ts";
import type { EventPosition, ProtocolEvent } from "../events.ts";
import type {
  ChainFailure,
  CreateJobArgs,
  JobView,
  MarketParameters,
  MaybeUsage,
  Outcome,
  OutputArgs,
  ProviderView,
  RegisterProviderArgs,
  StreamView,
} from "./types.ts";

/** A signed transaction whose hash is known before it is sent: persist `hash` and `bytes`, then submit. */
export interface SignedTransaction {
  hash: string;
  /** BCS of the SignedTransaction, for submission and resubmission. */
  bytes: Uint8Array;
  sequenceNumber: bigint;
  /** Unix seconds after which it can never be committed. */
  expiresAt: bigint;
}

export interface BuildOptions {
  maxGasAmount?: number;
  /** Seconds until it expires; default 20. */
  expireInSecs?: number;
  /** Default: the account's next number on chain. */
  sequenceNumber?: bigint;
}

/** One committed transaction, with the events of our package only. */
export interface TransactionRecord {
  version: bigint;
  hash: string;
  success: boolean;
  sender: string | null;
  timestampUsecs: bigint;
  gasUsed: bigint;
  gasUnitPrice: bigint;
  events: Array<{ position: EventPosition; event: ProtocolEvent; raw: Record<string, unknown> }>;
}

export interface Payloads {
  registerProvider(args: RegisterProviderArgs): InputEntryFunctionData;
  heartbeat(provider: string): InputEntryFunctionData;
  setAvailability(provider: string, available: boolean): InputEntryFunctionData;
  updatePrice(provider: string, pricePerHour: bigint): InputEntryFunctionData;
  createJob(args: CreateJobArgs): InputEntryFunctionData;
  accept(job: string): InputEntryFunctionData;
  start(job: string): InputEntryFunctionData;
  complete(job: string, output: OutputArgs, usage: MaybeUsage): InputEntryFunctionData;
  fail(job: string, reason: string, output: OutputArgs, usage: MaybeUsage): InputEntryFunctionData;
  cancel(job: string): InputEntryFunctionData;
  terminate(job: string, usage: MaybeUsage): InputEntryFunctionData;
  flagStalled(job: string): InputEntryFunctionData;
  expire(job: string): InputEntryFunctionData;
  finalize(job: string): InputEntryFunctionData;
  processPayment(usage: SignedUsage): InputEntryFunctionData;
  processPayments(usages: SignedUsage[]): InputEntryFunctionData;
}

export interface ChainClient {
  readonly deployment: Deployment;
  readonly aptos: Aptos;
  readonly payloads: Payloads;

  /** Throws `ChainError` (`CHAIN_MISMATCH`) when the node is another chain than the deployment's. */
  assertChain(): Promise<void>;
  ledger(): Promise<{ chainId: number; version: bigint; timestampUsecs: bigint }>;
  parameters(): Promise<MarketParameters>;
  /** null when there is no such object; throws when the node can't be read: never take one for the other. */
  getProvider(address: string): Promise<ProviderView | null>;
  getJob(address: string): Promise<JobView | null>;
  getStream(job: string): Promise<StreamView | null>;
  getStreams(jobs: string[]): Promise<StreamView[]>;
  /** Spendable balance of the market's asset in base units. */
  balance(address: string): Promise<bigint>;
  sequenceNumber(address: string): Promise<bigint>;

  build(
    sender: AccountAddressInput,
    payload: InputEntryFunctionData,
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

export class ChainError extends Error {
  readonly failure: ChainFailure;
  /** The node may answer otherwise later (connection, 5xx, 429, outcome unknown). */
  readonly retryable: boolean;
  constructor(failure: ChainFailure, options: { retryable?: boolean; cause?: unknown } = {}) {
    super(`${failure.code}: ${failure.message}`, { cause: options.cause });
    this.name = "ChainError";
    this.failure = failure;
    this.retryable = options.retryable ?? false;
  }
}

export function createChainClient(_options: { deployment: Deployment; nodeUrl?: string }): ChainClient {
  throw new Error("createChainClient: being written");
}
