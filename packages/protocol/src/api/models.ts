/**
 * What the read API tells about providers, jobs and the network. Amounts are decimal strings, times unix seconds.
 * It doesn't know routes: index.ts does.
 */
import { z } from "zod";
import { CASE_KINDS, FAULTS } from "../dispute.ts";
import { JOB_STATES } from "../job-state.ts";
import { zDecimal } from "../primitives.ts";
import { PROVIDER_STATUSES } from "../provider-status.ts";

export const zAsset = z.object({ address: z.string(), symbol: z.string(), decimals: z.number().int() }).meta({
  id: "Asset",
  description:
    "The asset that the amounts beside it are base units of. While the chain couldn't be asked about it yet it has 0 decimals and its address's beginning as symbol.",
});

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
  gpusBusy: z.number().describe("GPUs that serve a job now."),
  devices: z.number().describe("How many of its GPUs the provider has committed to on chain: all or none."),
  pricePerHour: zDecimal,
  gpuPricePerHour: zDecimal.describe("Added for each GPU of a job."),
  asset: zAsset,
  stake: zDecimal,
  status: z.enum(PROVIDER_STATUSES),
  available: z.boolean().describe("status is Active: it takes new jobs."),
  registeredAt: z.number(),
  lastHeartbeatAt: z.number(),
  jobsCompleted: z.number(),
  jobsFailed: z.number(),
  jobsExpired: z.number(),
  faults: z.number().describe("Proven ones."),
  score: z.number().describe("Basis points; 5000 for a new provider."),
  secondsServed: z.number(),
  earned: zDecimal,
});
export type ProviderDto = z.output<typeof zProvider>;

export const zJobState = z.enum(JOB_STATES);

/** What an open job asks of a machine beside its GPUs: an empty text takes any, a number is the least. */
export const zRequirements = z
  .object({
    gpuModel: z.string(),
    vramGb: z.number(),
    cpuCores: z.number(),
    ramGb: z.number(),
    diskGb: z.number(),
    region: z.string(),
    sandbox: z.string(),
    minStake: zDecimal,
  })
  .meta({
    id: "Requirements",
    description:
      "What an open job asks of a machine beside its GPUs: an empty text takes any, a number is the least.",
  });
export type RequirementsDto = z.output<typeof zRequirements>;

/** A case that a buyer has opened and nobody has closed. */
export const zCase = z
  .object({
    kind: z.enum(CASE_KINDS),
    bond: zDecimal,
    deadline: z.number().describe("Of the answer or of the decision, unix seconds."),
    openedAt: z.number(),
    chunkIndex: zDecimal.nullable().describe("Of an output challenge."),
    arbiter: z.string().nullable().describe("Of an arbitration."),
    reason: z.string(),
  })
  .meta({ id: "Case", description: "A case that a buyer has opened; its amounts are of the job's asset." });
export type CaseDto = z.output<typeof zCase>;

/** Unix seconds; 0 = not yet. */
export const zJob = z.object({
  job: z.string(),
  buyer: z.string(),
  provider: z.string().describe("NO_ADDRESS until somebody takes an open job."),
  isOpen: z
    .boolean()
    .describe("It was ordered from whoever takes it first; its rate is the buyer's maximum until then."),
  asset: zAsset,
  image: z.string(),
  spec: z.string(),
  title: z.string(),
  gpus: z.number(),
  requirements: zRequirements,
  priority: z.number().describe("1..10."),
  ratePerHour: zDecimal.describe(
    "Today's: the buyer may extend, either side may change the rate in the other's favour.",
  ),
  maxDurationSecs: z.number(),
  holdbackSecs: z.number().describe("Seconds' worth that wait for the buyer's confirmation."),
  state: zJobState,
  outcome: zJobState.nullable().describe("The terminal state a settled job came through; null before."),
  createdAt: z.number(),
  acceptBy: z.number(),
  startedAt: z.number(),
  endedAt: z.number(),
  claimUntil: z.number().describe("Until then the provider may prove its last seconds."),
  challengeUntil: z.number().describe("Until then the buyer may open a case; 0 when nothing is held back."),
  settledAt: z.number(),
  stalledAt: z.number(),
  exitCode: z.number().nullable(),
  reason: z.string(),
  outputUris: z.array(z.string()),
  outputSha256: z.string().nullable(),
  outputRoot: z.string().nullable(),
  outputSize: z.number().nullable().describe("Bytes that outputRoot commits to."),
  case: zCase.nullable().describe("The open case, or null."),
  fault: z.enum(FAULTS).nullable().describe("The fault of the provider that was proven, or null."),
  deposited: zDecimal.describe(
    "Money, all gross unless said; deposited = paidToProvider + fees + refunded + balance.",
  ),
  paidToProvider: zDecimal,
  fees: zDecimal,
  keeperFees: zDecimal.describe("The part of fees that went to keepers."),
  refunded: zDecimal,
  balance: zDecimal,
  held: zDecimal.describe(
    "Earned but waiting for the buyer's confirmation or the end of the challenge window; part of balance.",
  ),
  acc: zDecimal.describe("What the billed seconds are worth, each at its own rate: base units times 3600."),
  feeBps: z.number(),
  keeperShareBps: z.number(),
  secondsAttested: z.number(),
  secondsConfirmed: z.number(),
  secondsBilled: z.number(),
  fundedSecs: z
    .number()
    .describe("Seconds that the deposit pays for in all, at most the maximum duration; 0 before the start."),
  sealed: z.boolean().describe("No attestation counts any more."),
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
  keeperFee: zDecimal.describe("The part of fee that went to the keeper."),
  paid: zDecimal,
  balance: zDecimal,
  acc: zDecimal.describe("As in a job, after the settlement."),
  timestamp: z.number(),
});
export type TickDto = z.output<typeof zTick>;

/** One line of a job's history: any protocol event that names the job. */
export const zJobEvent = z
  .object({
    version: z.string(),
    index: z.number(),
    txHash: z.string(),
    module: z.string(),
    name: z.string(),
    data: z.record(z.string(), z.unknown()),
    timestamp: z.number(),
  })
  .meta({
    id: "Event",
    description:
      "One event of the protocol; data has the fields of docs/protocol.md, integers as decimal strings.",
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
  volumeSettled: zDecimal.describe(
    "Gross money that has left escrow towards providers and fees, and what is locked now.",
  ),
  escrowLocked: zDecimal,
  ratePerHourRunning: zDecimal.describe("Sum of the running streams' rates."),
  asset: zAsset,
  recent: z
    .array(z.object({ timestamp: z.number(), amount: zDecimal, settlements: z.number() }))
    .describe(
      "What left escrows per bucket, and by how many settlements, oldest first. Those that paid nothing don't count.",
    ),
});
export type StatsDto = z.output<typeof zStats>;

export const zHealth = z
  .object({
    ok: z.boolean(),
    chainId: z.number(),
    packageAddress: z.string(),
    version: zDecimal,
    chainVersion: zDecimal.nullable(),
    lagVersions: zDecimal.nullable(),
    timeseries: z.enum(["timescaledb", "postgresql"]),
    redis: z
      .enum(["ok", "unavailable", "not configured"])
      .describe(
        "Without it answers are right but cost more, and each instance counts rate limits by itself.",
      ),
    checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })),
  })
  .meta({ id: "Health", description: "Whether the mirror is true and fresh." });
export type HealthDto = z.output<typeof zHealth>;
