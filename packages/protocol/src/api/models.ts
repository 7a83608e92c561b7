/**
 * What the read API tells about providers, jobs and the network. Amounts are decimal strings, times unix seconds.
 * It doesn't know routes: index.ts does.
 */
import { z } from "zod";
import { CASE_KINDS, FAULTS } from "../dispute.ts";
import { JOB_STATES } from "../job-state.ts";
import { zDecimal } from "../primitives.ts";
import { PROVIDER_STATUSES } from "../provider-status.ts";

export const zAsset = z.object({ address: z.string(), symbol: z.string(), decimals: z.number().int() });

export const zProvider = z.object({
  provider: z.string(),
  owner: z.string(),
  operator: z.string(),
  name: z.string(),
  gpuModel: z.string(),
  gpuCount: z.number(),
  vramGb: z.number(),
  cpuCores: z.number(),
  ramGb: z.number(),
  diskGb: z.number(),
  region: z.string(),
  sandbox: z.string(),
  slots: z.number(),
  slotsBusy: z.number(),
  /** GPUs that serve a job now. */
  gpusBusy: z.number(),
  /** How many of its GPUs the provider has committed to on chain: all or none. */
  devices: z.number(),
  pricePerHour: zDecimal,
  /** Added for each GPU of a job. */
  gpuPricePerHour: zDecimal,
  asset: zAsset,
  stake: zDecimal,
  status: z.enum(PROVIDER_STATUSES),
  /** `status` is Active: it takes new jobs. */
  available: z.boolean(),
  registeredAt: z.number(),
  lastHeartbeatAt: z.number(),
  jobsCompleted: z.number(),
  jobsFailed: z.number(),
  jobsExpired: z.number(),
  /** Proven ones. */
  faults: z.number(),
  /** Basis points; 5000 for a new provider. */
  score: z.number(),
  secondsServed: z.number(),
  earned: zDecimal,
});
export type ProviderDto = z.output<typeof zProvider>;

export const zJobState = z.enum(JOB_STATES);

/** What an open job asks of a machine beside its GPUs: an empty text takes any, a number is the least. */
export const zRequirements = z.object({
  gpuModel: z.string(),
  vramGb: z.number(),
  cpuCores: z.number(),
  ramGb: z.number(),
  diskGb: z.number(),
  region: z.string(),
  sandbox: z.string(),
  minStake: zDecimal,
});
export type RequirementsDto = z.output<typeof zRequirements>;

/** A case that a buyer has opened and nobody has closed. */
export const zCase = z.object({
  kind: z.enum(CASE_KINDS),
  bond: zDecimal,
  /** Of the answer or of the decision, unix seconds. */
  deadline: z.number(),
  openedAt: z.number(),
  /** Of an output challenge. */
  chunkIndex: zDecimal.nullable(),
  /** Of an arbitration. */
  arbiter: z.string().nullable(),
  reason: z.string(),
});
export type CaseDto = z.output<typeof zCase>;

/** Unix seconds; 0 = not yet. */
export const zJob = z.object({
  job: z.string(),
  buyer: z.string(),
  /** `NO_ADDRESS` until somebody takes an open job. */
  provider: z.string(),
  /** It was ordered from whoever takes it first; its rate is the buyer's maximum until then. */
  isOpen: z.boolean(),
  asset: zAsset,
  image: z.string(),
  spec: z.string(),
  title: z.string(),
  gpus: z.number(),
  requirements: zRequirements,
  /** 1..10. */
  priority: z.number(),
  /** Today's: the buyer may extend, either side may change the rate in the other's favour. */
  ratePerHour: zDecimal,
  maxDurationSecs: z.number(),
  /** Seconds' worth that wait for the buyer's confirmation. */
  holdbackSecs: z.number(),
  state: zJobState,
  /** The terminal state a settled job came through; null before. */
  outcome: zJobState.nullable(),
  createdAt: z.number(),
  acceptBy: z.number(),
  startedAt: z.number(),
  endedAt: z.number(),
  /** Until then the provider may prove its last seconds. */
  claimUntil: z.number(),
  /** Until then the buyer may open a case; 0 when nothing is held back. */
  challengeUntil: z.number(),
  settledAt: z.number(),
  stalledAt: z.number(),
  exitCode: z.number().nullable(),
  reason: z.string(),
  outputUris: z.array(z.string()),
  outputSha256: z.string().nullable(),
  outputRoot: z.string().nullable(),
  /** Bytes that `outputRoot` commits to. */
  outputSize: z.number().nullable(),
  /** The open case, or null. */
  case: zCase.nullable(),
  /** The fault of the provider that was proven, or null. */
  fault: z.enum(FAULTS).nullable(),
  /** Money, all gross unless said; deposited = paidToProvider + fees + refunded + balance. */
  deposited: zDecimal,
  paidToProvider: zDecimal,
  fees: zDecimal,
  /** The part of `fees` that went to keepers. */
  keeperFees: zDecimal,
  refunded: zDecimal,
  balance: zDecimal,
  /** Earned but waiting for the buyer's confirmation or the end of the challenge window; part of `balance`. */
  held: zDecimal,
  /** What the billed seconds are worth, each at its own rate: base units times 3600. */
  acc: zDecimal,
  feeBps: z.number(),
  keeperShareBps: z.number(),
  secondsAttested: z.number(),
  secondsConfirmed: z.number(),
  secondsBilled: z.number(),
  /** Seconds that the deposit pays for in all, at most the maximum duration; 0 before the start. */
  fundedSecs: z.number(),
  /** No attestation counts any more. */
  sealed: z.boolean(),
  createdTx: z.string(),
});
export type JobDto = z.output<typeof zJob>;

/** One settlement of one stream; `amount` is 0 where nothing new is earned, or all of it is held back. */
export const zTick = z.object({
  version: z.string(),
  index: z.number(),
  txHash: z.string(),
  job: z.string(),
  seq: zDecimal,
  secondsAttested: z.number(),
  secondsConfirmed: z.number(),
  secondsBilled: z.number(),
  amount: zDecimal,
  fee: zDecimal,
  /** The part of `fee` that went to the keeper. */
  keeperFee: zDecimal,
  paid: zDecimal,
  balance: zDecimal,
  /** As in a job, after the settlement. */
  acc: zDecimal,
  timestamp: z.number(),
});
export type TickDto = z.output<typeof zTick>;

/** One line of a job's history: any protocol event that names the job. */
export const zJobEvent = z.object({
  version: z.string(),
  index: z.number(),
  txHash: z.string(),
  module: z.string(),
  name: z.string(),
  data: z.record(z.string(), z.unknown()),
  timestamp: z.number(),
});
export type JobEventDto = z.output<typeof zJobEvent>;

export const zStats = z.object({
  providers: z.number(),
  providersAvailable: z.number(),
  slots: z.number(),
  slotsBusy: z.number(),
  jobs: z.number(),
  jobsRunning: z.number(),
  jobsSettled: z.number(),
  secondsBilled: z.number(),
  /** Gross money that has left escrow towards providers and fees, and what is locked now. */
  volumeSettled: zDecimal,
  escrowLocked: zDecimal,
  /** Sum of the running streams' rates. */
  ratePerHourRunning: zDecimal,
  asset: zAsset,
  /** What left escrows per bucket, and by how many settlements, oldest first. Those that paid nothing don't count. */
  recent: z.array(z.object({ timestamp: z.number(), amount: zDecimal, settlements: z.number() })),
});
export type StatsDto = z.output<typeof zStats>;

export const zHealth = z.object({
  ok: z.boolean(),
  chainId: z.number(),
  packageAddress: z.string(),
  version: zDecimal,
  chainVersion: zDecimal.nullable(),
  lagVersions: zDecimal.nullable(),
  timeseries: z.enum(["timescaledb", "postgresql"]),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })),
});
export type HealthDto = z.output<typeof zHealth>;
