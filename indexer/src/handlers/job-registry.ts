/**
 * job_registry events -> a job's identity, state, times and output.
 * It doesn't move money columns: escrow and payment_stream events do; `JobSettled` only confirms them.
 */
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import { decodeJobSpec } from "@computestream/protocol/job-spec";
import type { JobRow, MarketRow } from "../db/tables.ts";

export type JobRegistryEvent = Extract<ProtocolEvent, { module: "job_registry" }>;
export type JobSettledEvent = Extract<JobRegistryEvent, { name: "JobSettled" }>;

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

/** A row before its first event; `created_version` -1 says that `JobCreated` hasn't been seen. */
export function blankJob(job: string): JobRow {
  return {
    job,
    buyer: "",
    provider: "",
    asset: "",
    image: "",
    spec: "",
    title: "",
    terms_hash: "",
    rate_per_hour: 0n,
    max_duration_secs: 0n,
    state: STATE.Pending,
    outcome: null,
    created_at: 0n,
    accept_by: 0n,
    start_by: 0n,
    started_at: 0n,
    ended_at: 0n,
    claim_until: 0n,
    settled_at: 0n,
    stalled_at: 0n,
    exit_code: null,
    reason: "",
    output_uris: [],
    output_sha256: null,
    output_root: null,
    deposited: 0n,
    paid: 0n,
    fee_paid: 0n,
    refunded: 0n,
    balance: 0n,
    fee_bps: 0n,
    seq: 0n,
    seconds_attested: 0n,
    seconds_billed: 0n,
    created_version: -1n,
    created_index: 0,
    created_tx: "",
    started_version: null,
    last_version: -1n,
    last_index: 0,
  };
}

/** `market` gives the fee a job shows until its stream opens and fixes it. */
export function applyJobRegistry(
  job: JobRow,
  event: JobRegistryEvent,
  at: EventPosition,
  market: Pick<MarketRow, "fee_bps"> | null,
): void {
  switch (event.name) {
    case "JobCreated": {
      const { timestamp, deposit: _, ...created } = event.data;
      Object.assign(job, created);
      job.title = titleOf(created.spec);
      job.fee_bps = market?.fee_bps ?? 0n;
      job.created_at = timestamp;
      job.created_version = at.version;
      job.created_index = at.index;
      job.created_tx = at.txHash;
      break;
    }
    case "JobAccepted":
      job.state = STATE.Accepted;
      job.start_by = event.data.start_by;
      break;
    case "JobStarted":
      job.state = STATE.Running;
      job.started_at = event.data.started_at;
      job.started_version = at.version;
      break;
    case "JobCompleted":
      end(job, STATE.Completed, event.data.timestamp);
      setOutput(job, event.data);
      break;
    case "JobFailed":
      end(job, STATE.Failed, event.data.timestamp);
      setOutput(job, event.data);
      job.reason = event.data.reason;
      break;
    case "JobCancelled":
      end(job, STATE.Cancelled, event.data.timestamp);
      break;
    case "JobTerminated":
      end(job, STATE.Terminated, event.data.ended_at);
      job.claim_until = event.data.claim_until;
      break;
    case "JobStalled":
      job.stalled_at = event.data.timestamp;
      break;
    case "JobExpired":
      end(job, STATE.Expired, event.data.timestamp);
      break;
    case "JobSettled":
      job.state = STATE.Settled;
      job.outcome = event.data.outcome;
      job.settled_at = event.data.timestamp;
      job.seconds_billed = event.data.seconds;
      break;
  }
}

/** Empty when a settled job's own totals agree with what its escrow and stream events added up to. */
export function settlementDifferences(job: JobRow, event: JobSettledEvent): string[] {
  const totals: Array<[string, bigint, bigint]> = [
    ["deposited", job.deposited, event.data.deposited],
    ["paid", job.paid - job.fee_paid, event.data.paid],
    ["fees", job.fee_paid, event.data.fees],
    ["refunded", job.refunded, event.data.refunded],
    ["balance", job.balance, 0n],
  ];
  return totals
    .filter(([, mirrored, told]) => mirrored !== told)
    .map(([name, mirrored, told]) => `${name} ${mirrored} is not ${told}`);
}

function end(job: JobRow, state: number, endedAt: bigint): void {
  // A settlement in the same transaction may be told before the end it belongs to.
  if (job.state !== STATE.Settled) job.state = state;
  job.ended_at = endedAt;
}

function setOutput(
  job: JobRow,
  output: { exit_code: bigint; output_uris: string[]; output_sha256: string; output_root: string },
): void {
  job.exit_code = output.exit_code;
  job.output_uris = output.output_uris;
  job.output_sha256 = output.output_sha256 === "0x" ? null : output.output_sha256;
  job.output_root = output.output_root === "0x" ? null : output.output_root;
}

function titleOf(spec: string): string {
  const decoded = decodeJobSpec(spec);
  return decoded.ok ? decoded.spec.title : "Untitled job";
}
