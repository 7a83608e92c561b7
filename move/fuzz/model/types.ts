/**
 * What the model's world consists of: a market, wallets, providers and jobs, all integers as bigint.
 * It doesn't know any rule, nor how the chain stores these things.
 */
import type { QuoteTerms } from "./quotes.ts";

/** 0x and 64 digits. */
export type Address = string;
/** 0x and any even number of digits. */
export type Hex = string;

export const ZERO_ADDRESS: Address = `0x${"0".repeat(64)}`;

export interface Parameters {
  feeBps: bigint;
  keeperShareBps: bigint;
  treasury: Address;
  minStake: bigint;
  unbondingSecs: bigint;
  slashBps: bigint;
  reporterRewardBps: bigint;
  acceptWindowSecs: bigint;
  startWindowSecs: bigint;
  stallAfterSecs: bigint;
  stallGraceSecs: bigint;
  claimWindowSecs: bigint;
  minDurationSecs: bigint;
  maxDurationSecs: bigint;
  maxHoldbackSecs: bigint;
  arbiter: Address;
  challengeWindowSecs: bigint;
  answerWindowSecs: bigint;
  arbitrationWindowSecs: bigint;
  bondBps: bigint;
  paused: boolean;
}

export interface Market {
  admin: Address;
  proposedAdmin: Address | null;
  parameters: Parameters;
  allowedAssets: Address[];
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

export interface Requirements extends Omit<Machine, "name" | "gpuCount"> {
  gpus: bigint;
  minStake: bigint;
}

export const ACTIVE = 0n;
export const OFFLINE = 3n;

export interface Provider {
  provider: Address;
  owner: Address;
  operator: Address;
  attestKey: Hex;
  machine: Machine;
  devices: Hex[];
  slots: bigint;
  gpusBusy: bigint;
  pricePerHour: bigint;
  gpuPricePerHour: bigint;
  asset: Address;
  staked: bigint;
  unbonding: bigint;
  unlocksAt: bigint;
  status: bigint;
  lastHeartbeatAt: bigint;
  registeredAt: bigint;
  /** What its jobs rely on. */
  boundStake: bigint;
  liableUntil: bigint;
  activeJobs: Address[];
  jobsCompleted: bigint;
  jobsFailed: bigint;
  jobsExpired: bigint;
  faults: bigint;
  secondsServed: bigint;
  earned: bigint;
  /** For the conservation of stake only. */
  stakeAdded: bigint;
  stakeWithdrawn: bigint;
  stakeSlashed: bigint;
}

export interface Terms {
  buyer: Address;
  provider: Address;
  asset: Address;
  image: string;
  jobSpec: string;
  requirements: Requirements;
  ratePerHour: bigint;
  maxDurationSecs: bigint;
  deposit: bigint;
  holdbackSecs: bigint;
  priority: bigint;
  buyerKey: Hex;
}

/** Copied from the market when a job is made. */
export interface Rules {
  startWindowSecs: bigint;
  stallAfterSecs: bigint;
  stallGraceSecs: bigint;
  claimWindowSecs: bigint;
  challengeWindowSecs: bigint;
  answerWindowSecs: bigint;
  arbitrationWindowSecs: bigint;
  reclaimAfterSecs: bigint;
  minStake: bigint;
  bondBps: bigint;
  slashBps: bigint;
  reporterRewardBps: bigint;
  arbiter: Address;
  feeBps: bigint;
  keeperShareBps: bigint;
  treasury: Address;
}

export interface Meter {
  ratePerHour: bigint;
  /** The highest rate that a second which waits for the buyer may have been billed at. */
  heldRate: bigint;
  /** How much was billed when the rate last changed. */
  rateSince: bigint;
  deposited: bigint;
  maxDurationSecs: bigint;
  holdbackSecs: bigint;
  feeBps: bigint;
  keeperShareBps: bigint;
  secondsAttested: bigint;
  secondsConfirmed: bigint;
  secondsBilled: bigint;
  acc: bigint;
  /** The most that was ever free to be paid. */
  released: bigint;
  paid: bigint;
  feePaid: bigint;
  /** What keepers really got, less than their share where they had no store. */
  keeperPaid: bigint;
}

export interface Stream {
  payer: Address;
  payee: Address;
  treasury: Address;
  asset: Address;
  attestKey: Hex;
  buyerKey: Hex;
  termsHash: Hex;
  meter: Meter;
  startedAt: bigint;
  /** 0 while running. */
  endedAt: bigint;
  /** From here on no proof counts; 0 while running. */
  proveUntil: bigint;
  seq: bigint;
  lastProgressAt: bigint;
  /** 0 while not flagged. */
  stalledAt: bigint;
  sealed: boolean;
  closed: boolean;
}

export interface Output {
  exitCode: bigint;
  reason: string;
  outputUris: string[];
  outputSha256: Hex;
  outputRoot: Hex;
  outputSize: bigint;
}

export const OUTPUT_CHALLENGE = 1n;
export const ARBITRATION = 2n;

export interface Case {
  kind: bigint;
  buyer: Address;
  bond: bigint;
  deadline: bigint;
  chunkIndex: bigint;
  reason: string;
  defaultAward: bigint;
  openedAt: bigint;
}

export const STATE = {
  pending: 0n,
  accepted: 1n,
  running: 2n,
  completed: 3n,
  failed: 4n,
  cancelled: 5n,
  terminated: 6n,
  expired: 7n,
  settled: 8n,
} as const;

export interface Job {
  job: Address;
  terms: Terms;
  isOpen: boolean;
  termsHash: Hex;
  rules: Rules;
  state: bigint;
  outcome: bigint;
  gpuMask: bigint;
  devices: Hex[];
  createdAt: bigint;
  acceptBy: bigint;
  startBy: bigint;
  startedAt: bigint;
  endedAt: bigint;
  claimUntil: bigint;
  challengeUntil: bigint;
  settledAt: bigint;
  caseUntil: bigint;
  faulted: boolean;
  output: Output;
  /** What is in custody for the job. */
  escrow: bigint;
  /** Everything that was paid in and given back; for conservation. */
  deposited: bigint;
  refunded: bigint;
  stream: Stream | null;
  case: Case | null;
}

export interface Quote {
  quote: Address;
  terms: QuoteTerms;
  /** Null until it is used; the zero address when its money went back instead. */
  job: Address | null;
}

export interface State {
  now: bigint;
  market: Market;
  /** `asset|owner` -> balance; an entry means that the owner has a primary store. */
  wallets: Map<string, bigint>;
  /** `asset|owner` -> what was paid into other stores, while the primary one was frozen. */
  aside: Map<string, bigint>;
  /** What its issuer has frozen: `asset|owner`, or the address of a job or provider for what it has in custody. */
  frozen: Set<string>;
  /** Job or provider -> what strangers sent to its store, less what an issuer took from it: below zero money is missing. */
  dust: Map<Address, bigint>;
  providers: Map<Address, Provider>;
  jobs: Map<Address, Job>;
  /** Those that money was ever sent to; what lies there is in `wallets`. */
  quotes: Map<Address, Quote>;
}

export interface ModelEvent {
  /** `module::Name`. */
  type: string;
  data: Record<string, unknown>;
}

/** The first failing precondition; more than one name where the protocol leaves their order open. */
export class ModelAbort extends Error {
  readonly codes: string[];
  constructor(codes: string[]) {
    super(codes.join(" or "));
    this.codes = codes;
  }
}

/** What a step works on: the state to change and the events to add to. */
export interface Context {
  state: State;
  events: ModelEvent[];
  /** Addresses that the chain gave to the objects this action makes, in order. */
  fresh: Address[];
  /** True for exactly the signatures that were made with this key over this message. */
  isSigned: (key: Hex, message: Hex, signature: Hex) => boolean;
}

export function abort(...codes: string[]): never {
  throw new ModelAbort(codes);
}

export function require(condition: boolean, ...codes: string[]): void {
  if (!condition) throw new ModelAbort(codes);
}

export function emit(ctx: Context, type: string, data: Record<string, unknown>): void {
  ctx.events.push({ type, data: { ...data, timestamp: ctx.state.now } });
}

export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
export const MAX_U64 = 2n ** 64n - 1n;
export const BPS = 10_000n;
