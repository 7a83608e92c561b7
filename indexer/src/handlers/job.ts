/**
 * job and job_registry events -> a job's identity, state, times and output.
 * It doesn't move money columns: escrow and stream events do; `JobSettled` only confirms them.
 */
import type { EventOf, EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import { decodeJobSpec } from "@computestream/protocol/job-spec";
import type { JobRow, MarketRow } from "../db/tables.ts";

export type JobEvent = Extract<ProtocolEvent, { module: "job" | "job_registry" }>;

/** The codes of docs/protocol.md "Job states". */
export const STATE = {
  Pending: 0,
  Accepted: 1,
  Running: 2,
  Completed: 3,
  Failed: 4,
  Cancelled: 5,
  Terminated: 6,
  Expired: 7,
  Settled: 8,
} as const;

/** What `job::forfeit` writes as the reason of a running job. */
const FORFEIT_REASON = "FAULT_PROVEN";

/** A row before its first event; `created_version` -1 says that `JobCreated` hasn't been seen. */
export function blankJob(job: string): JobRow {
  return {
    job,
    buyer: "",
    provider: "",
    is_open: false,
    asset: "",
    image: "",
    spec: "",
    title: "",
    gpu_model: "",
    gpus: 0n,
    vram_gb: 0n,
    cpu_cores: 0n,
    ram_gb: 0n,
    disk_gb: 0n,
    region: "",
    sandbox: "",
    min_stake: 0n,
    terms_hash: "",
    rate_per_hour: 0n,
    max_duration_secs: 0n,
    holdback_secs: 0n,
    priority: 0,
    buyer_key: "",
    gpu_mask: 0n,
    state: STATE.Pending,
    outcome: null,
    created_at: 0n,
    accept_by: 0n,
    start_by: 0n,
    started_at: 0n,
    ended_at: 0n,
    claim_until: 0n,
    challenge_until: 0n,
    settled_at: 0n,
    reclaimed_at: 0n,
    stalled_at: 0n,
    exit_code: null,
    reason: "",
    output_uris: [],
    output_sha256: null,
    output_root: null,
    output_size: null,
    fault: null,
    case_kind: null,
    case_deadline: 0n,
    deposited: 0n,
    paid: 0n,
    fee_paid: 0n,
    keeper_paid: 0n,
    refunded: 0n,
    balance: 0n,
    acc: 0n,
    held: 0n,
    fee_bps: 0n,
    keeper_share_bps: 0n,
    treasury: "",
    payee: "",
    ticks: 0n,
    ticks_amount: 0n,
    ticks_fee: 0n,
    ticks_keeper_fee: 0n,
    seq: 0n,
    seconds_attested: 0n,
    seconds_confirmed: 0n,
    seconds_billed: 0n,
    funded_secs: 0n,
    sealed: false,
    created_version: -1n,
    created_index: 0,
    created_tx: "",
    started_version: null,
    last_version: -1n,
    last_index: 0,
  };
}

/** `market` gives the fees and who gets them, which a job keeps from its making on. */
export function applyJob(
  job: JobRow,
  event: JobEvent,
  at: EventPosition,
  market: Pick<MarketRow, "fee_bps" | "keeper_share_bps" | "treasury"> | null,
): void {
  switch (event.name) {
    case "JobCreated": {
      const { timestamp, deposit: _, ...created } = event.data;
      Object.assign(job, created);
      job.title = titleOf(created.spec);
      job.fee_bps = market?.fee_bps ?? 0n;
      job.keeper_share_bps = market?.keeper_share_bps ?? 0n;
      job.treasury = market?.treasury ?? "";
      job.created_at = timestamp;
      job.created_version = at.version;
      job.created_index = at.index;
      job.created_tx = at.txHash;
      break;
    }
    case "JobAccepted":
      job.state = STATE.Accepted;
      // Of an open job these are known only now.
      job.provider = event.data.provider;
      job.rate_per_hour = event.data.rate_per_hour;
      job.terms_hash = event.data.terms_hash;
      job.gpu_mask = event.data.gpu_mask;
      job.start_by = event.data.start_by;
      break;
    case "JobStarted":
      job.state = STATE.Running;
      job.started_at = event.data.started_at;
      job.started_version = at.version;
      break;
    case "JobCompleted":
      endWithOutput(job, STATE.Completed, event.data);
      break;
    case "JobFailed":
      endWithOutput(job, STATE.Failed, event.data);
      break;
    case "JobCancelled":
      end(job, STATE.Cancelled, event.data.timestamp);
      break;
    case "JobTerminated":
      end(job, STATE.Terminated, event.data.ended_at);
      setWindows(job, event.data);
      break;
    case "JobExpired":
      end(job, STATE.Expired, event.data.timestamp);
      setWindows(job, event.data);
      break;
    case "JobWaived":
      setWindows(job, event.data);
      break;
    case "JobForfeited":
      // A job that had ended keeps how.
      if (job.state === STATE.Running) {
        end(job, STATE.Failed, event.data.timestamp);
        job.reason = FORFEIT_REASON;
      }
      break;
    case "JobSettled":
      job.state = STATE.Settled;
      job.outcome = event.data.outcome;
      job.settled_at = event.data.timestamp;
      break;
    case "JobReclaimed":
      // Gone from the chain; its row stays, or its buyer's history would lose it.
      job.reclaimed_at = event.data.timestamp;
      break;
  }
}

function end(job: JobRow, state: number, endedAt: bigint): void {
  // A settlement in the same transaction may be told before the end it belongs to.
  if (job.state !== STATE.Settled) job.state = state;
  job.ended_at = endedAt;
}

function endWithOutput(
  job: JobRow,
  state: number,
  ended: EventOf<"JobCompleted">["data"] | EventOf<"JobFailed">["data"],
): void {
  end(job, state, ended.timestamp);
  setWindows(job, ended);
  job.exit_code = ended.exit_code;
  job.reason = ended.reason;
  job.output_uris = ended.output_uris;
  job.output_sha256 = ended.output_sha256 === "0x" ? null : ended.output_sha256;
  job.output_root = ended.output_root === "0x" ? null : ended.output_root;
  // Without a root the number commits to nothing.
  job.output_size = job.output_root === null ? null : ended.output_size;
}

function setWindows(job: JobRow, windows: { claim_until: bigint; challenge_until: bigint }): void {
  job.claim_until = windows.claim_until;
  job.challenge_until = windows.challenge_until;
}

function titleOf(spec: string): string {
  const decoded = decodeJobSpec(spec);
  return decoded.ok ? decoded.spec.title : "Untitled job";
}
