/**
 * Rows -> the API's answers. Amounts become decimal strings, states names.
 * It doesn't query.
 */
import {
  caseKindName,
  countGpus,
  faultName,
  jobStateName,
  providerStatusName,
} from "@computestream/protocol";
import {
  type CaseDto,
  type CaseRecordDto,
  type JobAnswer,
  type JobDto,
  type JobEventDto,
  type ProviderAnswer,
  ratePerSecond,
  type TickAnswer,
  type TickDto,
} from "@computestream/protocol/api";
import type { AssetBook } from "../assets/book.ts";
import type { CaseRow, EventRow, JobRow, ProviderRow, TickRow } from "../db/tables.ts";

export function providerDto(row: ProviderRow, book: AssetBook): ProviderAnswer {
  const status = providerStatusName(row.status);
  return {
    provider: row.provider,
    owner: row.owner,
    operator: row.operator,
    name: row.name,
    gpuModel: row.gpu_model,
    gpuCount: Number(row.gpu_count),
    vramGb: Number(row.vram_gb),
    cpuCores: Number(row.cpu_cores),
    ramGb: Number(row.ram_gb),
    diskGb: Number(row.disk_gb),
    region: row.region,
    sandbox: row.sandbox,
    slots: Number(row.slots),
    slotsBusy: Number(row.slots_busy),
    gpusBusy: countGpus(row.gpus_busy),
    devices: row.devices.length,
    pricePerHour: row.price_per_hour.toString(),
    gpuPricePerHour: row.gpu_price_per_hour.toString(),
    asset: book.describe(row.asset),
    stake: row.staked.toString(),
    status,
    available: status === "Active",
    registeredAt: Number(row.registered_at),
    lastHeartbeatAt: Number(row.last_heartbeat_at),
    jobsCompleted: Number(row.jobs_completed),
    jobsFailed: Number(row.jobs_failed),
    jobsExpired: Number(row.jobs_expired),
    faults: Number(row.faults),
    score: Number(row.score),
    secondsServed: Number(row.seconds_served),
    earned: row.earned.toString(),
    pricePerSecond: ratePerSecond(row.price_per_hour.toString()),
    gpuPricePerSecond: ratePerSecond(row.gpu_price_per_hour.toString()),
    unbonding: row.unbonding.toString(),
    unlocksAt: Number(row.unlocks_at),
    slashed: row.slashed.toString(),
    boundStake: row.bound_stake.toString(),
    liableUntil: Number(row.liable_until),
  };
}

/** `openCase` is the job's, when it has one. */
export function jobDto(row: JobRow, openCase: CaseRow | null, book: AssetBook): JobAnswer {
  return {
    job: row.job,
    buyer: row.buyer,
    provider: row.provider,
    isOpen: row.is_open,
    asset: book.describe(row.asset),
    image: row.image,
    spec: row.spec,
    title: row.title,
    gpus: Number(row.gpus),
    requirements: requirementsDto(row),
    priority: row.priority,
    ratePerHour: row.rate_per_hour.toString(),
    maxDurationSecs: Number(row.max_duration_secs),
    holdbackSecs: Number(row.holdback_secs),
    state: jobStateName(row.state),
    outcome: row.outcome === null ? null : jobStateName(row.outcome),
    createdAt: Number(row.created_at),
    acceptBy: Number(row.accept_by),
    startedAt: Number(row.started_at),
    endedAt: Number(row.ended_at),
    claimUntil: Number(row.claim_until),
    challengeUntil: Number(row.challenge_until),
    settledAt: Number(row.settled_at),
    stalledAt: Number(row.stalled_at),
    exitCode: row.exit_code === null ? null : Number(row.exit_code),
    reason: row.reason,
    outputUris: row.output_uris,
    outputSha256: row.output_sha256,
    outputRoot: row.output_root,
    outputSize: row.output_size === null ? null : Number(row.output_size),
    case: openCase && caseDto(openCase),
    fault: row.fault === null ? null : faultName(row.fault),
    deposited: row.deposited.toString(),
    paidToProvider: (row.paid - row.fee_paid).toString(),
    fees: row.fee_paid.toString(),
    keeperFees: row.keeper_paid.toString(),
    refunded: row.refunded.toString(),
    balance: row.balance.toString(),
    held: row.held.toString(),
    acc: row.acc.toString(),
    feeBps: Number(row.fee_bps),
    keeperShareBps: Number(row.keeper_share_bps),
    secondsAttested: Number(row.seconds_attested),
    secondsConfirmed: Number(row.seconds_confirmed),
    secondsBilled: Number(row.seconds_billed),
    fundedSecs: Number(row.funded_secs),
    sealed: row.sealed,
    createdTx: row.created_tx,
    ratePerSecond: ratePerSecond(row.rate_per_hour.toString()),
    payee: row.payee === "" ? null : row.payee,
    treasury: row.treasury === "" ? null : row.treasury,
  };
}

export function caseDto(row: CaseRow): CaseDto {
  return {
    kind: caseKindName(row.kind),
    bond: row.bond.toString(),
    deadline: Number(row.deadline),
    openedAt: Number(row.opened_at),
    chunkIndex: row.chunk_index === null ? null : row.chunk_index.toString(),
    arbiter: row.arbiter,
    reason: row.reason,
  };
}

/** A case as its job remembers it, closed or not. */
export function caseRecordDto(row: CaseRow): CaseRecordDto {
  return {
    ...caseDto(row),
    unreleased: row.unreleased === null ? null : row.unreleased.toString(),
    // The table allows no other.
    outcome: row.outcome as CaseRecordDto["outcome"],
    award: row.award === null ? null : row.award.toString(),
    bondToProvider: row.bond_to_provider,
    closedAt: row.closed_at === null ? null : Number(row.closed_at),
  };
}

export function requirementsDto(row: JobRow): JobDto["requirements"] {
  return {
    gpuModel: row.gpu_model,
    vramGb: Number(row.vram_gb),
    cpuCores: Number(row.cpu_cores),
    ramGb: Number(row.ram_gb),
    diskGb: Number(row.disk_gb),
    region: row.region,
    sandbox: row.sandbox,
    minStake: row.min_stake.toString(),
  };
}

/** `asset` is the job's. */
export function tickAnswer(row: TickRow, asset: JobDto["asset"]): TickAnswer {
  return { ...tickDto(row), asset };
}

export function tickDto(row: TickRow): TickDto {
  return {
    version: row.version.toString(),
    index: row.event_index,
    txHash: row.tx_hash,
    job: row.job,
    seq: row.seq.toString(),
    secondsAttested: Number(row.seconds_attested),
    secondsConfirmed: Number(row.seconds_confirmed),
    secondsBilled: Number(row.seconds_billed),
    amount: row.amount.toString(),
    fee: row.fee.toString(),
    keeperFee: row.keeper_fee.toString(),
    paid: row.paid.toString(),
    balance: row.balance.toString(),
    acc: row.acc.toString(),
    timestamp: Number(row.occurred_at),
  };
}

/** `data` has the event's fields as in docs/protocol.md, integers as decimal strings. */
export function jobEventDto(row: EventRow): JobEventDto {
  return {
    version: row.version.toString(),
    index: row.event_index,
    txHash: row.tx_hash,
    module: row.module,
    name: row.name,
    data: row.data,
    timestamp: Number(row.timestamp),
  };
}
