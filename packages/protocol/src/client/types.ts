/**
 * The shapes the chain client speaks: views decoded to bigint, arguments of entry functions, failures.
 * It doesn't know the SDK.
 */
import type { SignedUsage } from "../attestation.ts";
import type { EventPosition, ProtocolEvent } from "../events.ts";
import type { JobState } from "../job-state.ts";

export interface MarketParameters {
  feeBps: bigint;
  treasury: string;
  minStake: bigint;
  unbondingSecs: bigint;
  acceptWindowSecs: bigint;
  startWindowSecs: bigint;
  stallAfterSecs: bigint;
  stallGraceSecs: bigint;
  claimWindowSecs: bigint;
  minDurationSecs: bigint;
  maxDurationSecs: bigint;
  paused: boolean;
}

export interface ProviderView {
  provider: string;
  owner: string;
  operator: string;
  /** 32 bytes as hex. */
  attestKey: string;
  name: string;
  gpuModel: string;
  gpuCount: bigint;
  vramGb: bigint;
  cpuCores: bigint;
  ramGb: bigint;
  diskGb: bigint;
  region: string;
  sandbox: string;
  slots: bigint;
  slotsBusy: bigint;
  pricePerHour: bigint;
  asset: string;
  stake: bigint;
  unbonding: bigint;
  unlocksAt: bigint;
  available: boolean;
  lastHeartbeatAt: bigint;
  registeredAt: bigint;
  jobsCompleted: bigint;
  jobsFailed: bigint;
  jobsExpired: bigint;
  secondsServed: bigint;
  earned: bigint;
}

export interface StreamView {
  job: string;
  payer: string;
  payee: string;
  asset: string;
  ratePerHour: bigint;
  deposited: bigint;
  maxDurationSecs: bigint;
  startedAt: bigint;
  /** 0 while running. */
  endedAt: bigint;
  seq: bigint;
  secondsAttested: bigint;
  secondsBilled: bigint;
  paid: bigint;
  feePaid: bigint;
  feeBps: bigint;
  balance: bigint;
  lastProgressAt: bigint;
  /** 0 = not flagged. */
  stalledAt: bigint;
  closed: boolean;
}

export interface JobView {
  job: string;
  buyer: string;
  provider: string;
  asset: string;
  image: string;
  spec: string;
  termsHash: string;
  ratePerHour: bigint;
  maxDurationSecs: bigint;
  deposit: bigint;
  state: JobState;
  /** null until the job has ended. */
  outcome: JobState | null;
  createdAt: bigint;
  acceptBy: bigint;
  startBy: bigint;
  startedAt: bigint;
  endedAt: bigint;
  claimUntil: bigint;
  exitCode: bigint;
  reason: string;
  outputUris: string[];
  outputSha256: string;
  outputRoot: string;
}

export interface RegisterProviderArgs {
  operator: string;
  attestKey: string;
  name: string;
  gpuModel: string;
  gpuCount: bigint;
  vramGb: bigint;
  cpuCores: bigint;
  ramGb: bigint;
  diskGb: bigint;
  region: string;
  sandbox: string;
  slots: bigint;
  pricePerHour: bigint;
  asset: string;
  stake: bigint;
}

export interface CreateJobArgs {
  provider: string;
  image: string;
  /** Made by `encodeJobSpec`. */
  spec: string;
  maxDurationSecs: bigint;
  maxRatePerHour: bigint;
  deposit: bigint;
}

export interface OutputArgs {
  exitCode: bigint;
  outputUris: string[];
  /** 0x for none. */
  outputSha256: string;
  outputRoot: string;
}

/** A job's newest attestation, or null for "nothing new". */
export type MaybeUsage = SignedUsage | null;

/** Why the chain refused: a named code of our modules, or what the VM said. */
export interface ChainFailure {
  /** `E_PRICE_ABOVE_MAXIMUM`, or a VM status such as `OUT_OF_GAS`, `INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE`. */
  code: string;
  /** Module the abort came from, when it was one. */
  module: string | null;
  /** A sentence for a person. */
  message: string;
}

export interface Outcome {
  hash: string;
  success: boolean;
  version: bigint;
  gasUsed: bigint;
  timestampUsecs: bigint;
  events: ProtocolEvent[];
  failure: ChainFailure | null;
}

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
