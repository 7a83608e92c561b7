/**
 * What the chain's views must answer: jobs, streams, providers and cases as the protocol names their fields.
 * It doesn't ask the chain.
 */
import { termsView } from "./jobs.ts";
import { snakeKeys } from "./market.ts";
import * as meter from "./meter.ts";
import { score } from "./providers.ts";
import type { Job, Provider } from "./types.ts";

type View = Record<string, unknown>;

export function jobView(job: Job): View {
  return {
    job: job.job,
    terms: termsView(job.terms),
    is_open: job.isOpen,
    terms_hash: job.termsHash,
    rules: snakeKeys(job.rules),
    state: job.state,
    outcome: job.outcome,
    gpu_mask: job.gpuMask,
    devices: job.devices,
    created_at: job.createdAt,
    accept_by: job.acceptBy,
    start_by: job.startBy,
    started_at: job.startedAt,
    ended_at: job.endedAt,
    claim_until: job.claimUntil,
    challenge_until: job.challengeUntil,
    settled_at: job.settledAt,
    case_until: job.caseUntil,
    faulted: job.faulted,
    output: snakeKeys(job.output),
  };
}

export function streamView(job: Job): View | null {
  const { stream } = job;
  if (!stream) return null;
  const { meter: m } = stream;
  return {
    job: job.job,
    payer: stream.payer,
    payee: stream.payee,
    asset: stream.asset,
    attest_key: stream.attestKey,
    rate_per_hour: m.ratePerHour,
    deposited: m.deposited,
    max_duration_secs: m.maxDurationSecs,
    funded_secs: meter.fundedSecs(m),
    holdback_secs: m.holdbackSecs,
    held_rate_per_hour: m.heldRate,
    started_at: stream.startedAt,
    ended_at: stream.endedAt,
    prove_until: stream.proveUntil,
    seq: stream.seq,
    seconds_attested: m.secondsAttested,
    seconds_confirmed: m.secondsConfirmed,
    seconds_billed: m.secondsBilled,
    acc: m.acc,
    earned: meter.earned(m),
    paid: m.paid,
    fee_paid: m.feePaid,
    keeper_paid: m.keeperPaid,
    fee_bps: m.feeBps,
    keeper_share_bps: m.keeperShareBps,
    balance: job.escrow,
    last_progress_at: stream.lastProgressAt,
    stalled_at: stream.stalledAt,
    sealed: stream.sealed,
    closed: stream.closed,
  };
}

export function providerView(p: Provider): View {
  return {
    provider: p.provider,
    owner: p.owner,
    operator: p.operator,
    attest_key: p.attestKey,
    machine: snakeKeys(p.machine),
    devices: p.devices,
    slots: p.slots,
    slots_busy: BigInt(p.activeJobs.length),
    gpus_busy: p.gpusBusy,
    price_per_hour: p.pricePerHour,
    gpu_price_per_hour: p.gpuPricePerHour,
    asset: p.asset,
    staked: p.staked,
    unbonding: p.unbonding,
    unlocks_at: p.unlocksAt,
    status: p.status,
    last_heartbeat_at: p.lastHeartbeatAt,
    registered_at: p.registeredAt,
    bound_stake: p.boundStake,
    liable_until: p.liableUntil,
    jobs_completed: p.jobsCompleted,
    jobs_failed: p.jobsFailed,
    jobs_expired: p.jobsExpired,
    faults: p.faults,
    seconds_served: p.secondsServed,
    earned: p.earned,
    score: score(p),
  };
}

export function caseView(job: Job): View | null {
  const open = job.case;
  if (!open) return null;
  return {
    job: job.job,
    kind: open.kind,
    buyer: open.buyer,
    bond: open.bond,
    deadline: open.deadline,
    chunk_index: open.chunkIndex,
    reason: open.reason,
    default_award: open.defaultAward,
    opened_at: open.openedAt,
  };
}
