/**
 * Rows -> the API's answers. Amounts become decimal strings, states names.
 * It doesn't query.
 */

import { jobStateName } from "@computestream/protocol";
import type { JobDto, JobEventDto, ProviderDto, StatsDto, TickDto } from "@computestream/protocol/api";
import type { Deployment } from "@computestream/protocol/deployment";
import type { EventRow, JobRow, ProviderRow, TickRow } from "../db/tables.ts";

type Asset = Deployment["asset"];

/** An asset that the deployment record doesn't describe is shown in base units, under its address. */
function assetDto(address: string, known: Asset): JobDto["asset"] {
  return address === known.address
    ? { ...known }
    : { address, symbol: `${address.slice(0, 6)}…`, decimals: 0 };
}

export function providerDto(row: ProviderRow, asset: Asset): ProviderDto {
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
    pricePerHour: row.price_per_hour.toString(),
    asset: assetDto(row.asset, asset),
    stake: row.stake.toString(),
    available: row.available,
    registeredAt: Number(row.registered_at),
    lastHeartbeatAt: Number(row.last_heartbeat_at),
    jobsCompleted: Number(row.jobs_completed),
    jobsFailed: Number(row.jobs_failed),
    jobsExpired: Number(row.jobs_expired),
    secondsServed: Number(row.seconds_served),
    earned: row.earned.toString(),
  };
}

export function jobDto(row: JobRow, asset: Asset): JobDto {
  return {
    job: row.job,
    buyer: row.buyer,
    provider: row.provider,
    asset: assetDto(row.asset, asset),
    image: row.image,
    spec: row.spec,
    title: row.title,
    ratePerHour: row.rate_per_hour.toString(),
    maxDurationSecs: Number(row.max_duration_secs),
    state: jobStateName(row.state),
    outcome: row.outcome === null ? null : jobStateName(row.outcome),
    createdAt: Number(row.created_at),
    acceptBy: Number(row.accept_by),
    startedAt: Number(row.started_at),
    endedAt: Number(row.ended_at),
    settledAt: Number(row.settled_at),
    stalledAt: Number(row.stalled_at),
    exitCode: row.exit_code === null ? null : Number(row.exit_code),
    reason: row.reason,
    outputUris: row.output_uris,
    outputSha256: row.output_sha256,
    outputRoot: row.output_root,
    deposited: row.deposited.toString(),
    paidToProvider: (row.paid - row.fee_paid).toString(),
    fees: row.fee_paid.toString(),
    refunded: row.refunded.toString(),
    balance: row.balance.toString(),
    feeBps: Number(row.fee_bps),
    secondsAttested: Number(row.seconds_attested),
    secondsBilled: Number(row.seconds_billed),
    createdTx: row.created_tx,
  };
}

export function tickDto(row: TickRow): TickDto {
  return {
    version: row.version.toString(),
    index: row.event_index,
    txHash: row.tx_hash,
    job: row.job,
    seq: row.seq.toString(),
    secondsAttested: Number(row.seconds_attested),
    secondsBilled: Number(row.seconds_billed),
    amount: row.amount.toString(),
    fee: row.fee.toString(),
    paid: row.paid.toString(),
    balance: row.balance.toString(),
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

export type { JobDto, ProviderDto, StatsDto, TickDto };
