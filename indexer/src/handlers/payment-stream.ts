/**
 * payment_stream events -> what a job has earned and paid, and one tick per settlement.
 * It doesn't know why a settlement happened; cumulative amounts are set, never added.
 */
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import { fundedSecs, SECONDS_PER_HOUR } from "@computestream/protocol/money";
import type { JobRow, TickRow } from "../db/tables.ts";

export type PaymentStreamEvent = Extract<ProtocolEvent, { module: "payment_stream" }>;

export function applyPaymentStream(job: JobRow, event: PaymentStreamEvent): void {
  switch (event.name) {
    case "StreamOpened": {
      const { fee_bps, keeper_share_bps, rate_per_hour, max_duration_secs, holdback_secs } = event.data;
      Object.assign(job, { fee_bps, keeper_share_bps, rate_per_hour, max_duration_secs, holdback_secs });
      job.started_at = event.data.started_at;
      job.funded_secs = fundedSecs(event.data.deposited, rate_per_hour, max_duration_secs);
      break;
    }
    case "StreamSettled":
      // An attestation that proves more seconds is the answer to a stall flag.
      if (event.data.seconds_attested > job.seconds_attested) job.stalled_at = 0n;
      job.seq = event.data.seq;
      job.seconds_attested = event.data.seconds_attested;
      job.seconds_confirmed = event.data.seconds_confirmed;
      bill(job, event.data.seconds_billed);
      setPaid(job, event.data);
      job.balance = event.data.balance;
      break;
    case "StreamExtended":
      job.max_duration_secs = event.data.max_duration_secs;
      job.funded_secs = event.data.funded_secs;
      break;
    case "StreamRateChanged":
      // What is billed so far has the rate from before.
      bill(job, event.data.seconds_billed);
      job.rate_per_hour = event.data.rate_per_hour;
      job.funded_secs = event.data.funded_secs;
      break;
    case "StreamSealed":
      bill(job, event.data.seconds_billed);
      job.sealed = true;
      break;
    case "StreamClosed":
      bill(job, event.data.seconds_billed);
      setPaid(job, event.data);
      // A ruling or a fault may leave earned money unpaid: it was refunded, nothing waits any more.
      job.held = 0n;
      return;
    case "SettlementSkipped":
      return;
  }
  job.held = job.acc / SECONDS_PER_HOUR - job.paid;
}

/**
 * Adds what the seconds since the last event are worth. The chain may have billed some of them without an event, when
 * nothing was due for them, but never across a change of the rate, which always tells.
 */
function bill(job: JobRow, secondsBilled: bigint): void {
  job.acc += job.rate_per_hour * (secondsBilled - job.seconds_billed);
  job.seconds_billed = secondsBilled;
  // What is billed is proven, even if its attestation wasn't told of.
  if (job.seconds_attested < secondsBilled) job.seconds_attested = secondsBilled;
}

function setPaid(job: JobRow, totals: Pick<JobRow, "paid" | "fee_paid" | "keeper_paid">): void {
  job.paid = totals.paid;
  job.fee_paid = totals.fee_paid;
  job.keeper_paid = totals.keeper_paid;
}

export function tickOf(event: PaymentStreamEvent, at: EventPosition): TickRow | null {
  if (event.name !== "StreamSettled") return null;
  const { timestamp, ...settled } = event.data;
  return {
    occurred_at: timestamp,
    version: at.version,
    event_index: at.index,
    tx_hash: at.txHash,
    ...settled,
  };
}
