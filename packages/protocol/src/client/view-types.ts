/**
 * What the package's views tell, decoded: camelCase, money and seconds as bigint, times as unix seconds.
 * It doesn't know how they are asked for.
 */
import type { CaseKind } from "../dispute.ts";
import type { JobState } from "../job-state.ts";
import type { ProviderStatus } from "../provider-status.ts";
import type { JobTerms } from "../terms.ts";

export interface MarketParameters {
  feeBps: bigint;
  /** The keepers' share of the fee. */
  keeperShareBps: bigint;
  treasury: string;
  minStake: bigint;
  unbondingSecs: bigint;
  slashBps: bigint;
  /** The reporter's share of what is slashed. */
  reporterRewardBps: bigint;
  acceptWindowSecs: bigint;
  startWindowSecs: bigint;
  stallAfterSecs: bigint;
  stallGraceSecs: bigint;
  claimWindowSecs: bigint;
  minDurationSecs: bigint;
  maxDurationSecs: bigint;
  maxHoldbackSecs: bigint;
  arbiter: string;
  challengeWindowSecs: bigint;
  answerWindowSecs: bigint;
  arbitrationWindowSecs: bigint;
  bondBps: bigint;
  paused: boolean;
}

/** The parameters that a job keeps from the moment it is made. */
export interface JobRules
  extends Pick<
    MarketParameters,
    | "startWindowSecs"
    | "stallAfterSecs"
    | "stallGraceSecs"
    | "claimWindowSecs"
    | "challengeWindowSecs"
    | "answerWindowSecs"
    | "arbitrationWindowSecs"
    | "minStake"
    | "bondBps"
    | "slashBps"
    | "reporterRewardBps"
    | "arbiter"
    | "feeBps"
    | "keeperShareBps"
    | "treasury"
  > {
  /** After the settlement; the buyer's, twice of it anyone's. */
  reclaimAfterSecs: bigint;
}

export interface Machine {
  name: string;
  gpuModel: string;
  gpuCount: bigint;
  vramGb: bigint;
  cpuCores: bigint;
  ramGb: bigint;
  diskGb: bigint;
  region: string;
  sandbox: string;
}

export interface StakeView {
  provider: string;
  asset: string;
  staked: bigint;
  unbonding: bigint;
  /** Unix seconds, for all that is unbonding. */
  unlocksAt: bigint;
}

export interface RecordView {
  provider: string;
  jobsCompleted: bigint;
  jobsFailed: bigint;
  jobsExpired: bigint;
  faults: bigint;
  secondsServed: bigint;
  /** Net of fees. */
  earned: bigint;
  /** Basis points; 5000 for a new provider. */
  score: bigint;
}

export interface ProviderView extends Machine, StakeView, RecordView {
  owner: string;
  operator: string;
  /** 32 bytes as hex. */
  attestKey: string;
  /** A commitment for each GPU, or none. */
  devices: string[];
  slots: bigint;
  slotsBusy: bigint;
  /** Bit i = GPU i. */
  gpusBusyMask: bigint;
  pricePerHour: bigint;
  gpuPricePerHour: bigint;
  status: ProviderStatus;
  lastHeartbeatAt: bigint;
  registeredAt: bigint;
  /** What the provider's jobs rely on: at least that much stays staked while they run, and until `liableUntil`. */
  boundStake: bigint;
  /** The last moment at which a job that has ended may still cost stake. */
  liableUntil: bigint;
}

export interface StreamView {
  job: string;
  payer: string;
  payee: string;
  asset: string;
  attestKey: string;
  ratePerHour: bigint;
  deposited: bigint;
  maxDurationSecs: bigint;
  /** Seconds that the deposit pays for in all, at most the maximum. */
  fundedSecs: bigint;
  holdbackSecs: bigint;
  /** The highest rate that a second which waits for the buyer may have been billed at. */
  heldRatePerHour: bigint;
  startedAt: bigint;
  /** 0 while running. */
  endedAt: bigint;
  /** From here on no attestation counts; 0 while running. */
  proveUntil: bigint;
  seq: bigint;
  secondsAttested: bigint;
  secondsConfirmed: bigint;
  secondsBilled: bigint;
  /** What the billed seconds are worth, each at its own rate: base units times 3600. */
  acc: bigint;
  /** The whole units of `acc`: gross, held back or not; `earned - paid` waits. */
  earned: bigint;
  paid: bigint;
  /** Of `paid`, the keepers' part included. */
  feePaid: bigint;
  keeperPaid: bigint;
  feeBps: bigint;
  keeperShareBps: bigint;
  balance: bigint;
  lastProgressAt: bigint;
  /** 0 = not flagged. */
  stalledAt: bigint;
  /** No attestation counts any more, whatever `proveUntil` says. */
  sealed: boolean;
  closed: boolean;
}

/** `ratePerHour`, `maxDurationSecs` and `deposit` are those agreed at the start; the stream has today's. */
export interface JobView extends JobTerms {
  job: string;
  /** It was ordered from whoever takes it first; `provider` is `NO_ADDRESS` until then. */
  isOpen: boolean;
  /** 0x until the provider of an open job is known. */
  termsHash: string;
  rules: JobRules;
  state: JobState;
  /** null until the job has settled. */
  outcome: JobState | null;
  /** Bit i = GPU i of the provider. */
  gpuMask: bigint;
  /** The commitments of those GPUs, when the provider has any. */
  devices: string[];
  createdAt: bigint;
  acceptBy: bigint;
  startBy: bigint;
  startedAt: bigint;
  endedAt: bigint;
  claimUntil: bigint;
  /** 0 when nothing is held back. */
  challengeUntil: bigint;
  settledAt: bigint;
  /** Deadline of the open case; 0 = none. */
  caseUntil: bigint;
  /** A fault of the provider was proven. */
  faulted: boolean;
  exitCode: bigint;
  reason: string;
  outputUris: string[];
  outputSha256: string;
  outputRoot: string;
  outputSize: bigint;
}

export interface CaseView {
  job: string;
  kind: CaseKind;
  buyer: string;
  bond: bigint;
  deadline: bigint;
  /** Of an output challenge. */
  chunkIndex: bigint;
  /** Of an arbitration. */
  reason: string;
  /** What the provider gets when nobody decides. */
  defaultAward: bigint;
  openedAt: bigint;
}
