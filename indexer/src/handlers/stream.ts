/**
 * stream events -> what a job has earned and paid, and one tick per settlement.
 * It doesn't know why a settlement happened; cumulative amounts are set, and beside them what each settlement moved is added.
 */
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import { bill, earnedOf, fundedSecs } from "@computestream/protocol/money";
import type { JobRow, TickRow } from "../db/tables.ts";

export type StreamEvent = Extract<ProtocolEvent, { module: "stream" }>;

export function applyStream(job: JobRow, event: StreamEvent): void {
  switch (event.name) {
    case "StreamOpened": {
      const { fee_bps, keeper_share_bps, rate_per_hour, max_duration_secs, holdback_secs } = event.data;
      Object.assign(job, { fee_bps, keeper_share_bps, rate_per_hour, max_duration_secs, holdback_secs });
      job.started_at = event.data.started_at;
      job.payee = event.data.payee;
      job.funded_secs = fundedSecs(event.data.deposited, rate_per_hour, max_duration_secs);
      break;
    }
    case "StreamSettled":
      // More seconds proven are the answer to a stall flag; a confirmation or a late payment isn't.
      if (event.data.seconds_attested > job.seconds_attested) job.stalled_at = 0n;
      job.seq = event.data.seq;
      job.seconds_attested = event.data.seconds_attested;
      job.seconds_confirmed = event.data.seconds_confirmed;
      billUpTo(job, event.data.seconds_billed);
      // Added up, unlike the totals below: a receipt holds the one against the other.
      job.ticks += 1n;
      job.ticks_amount += event.data.amount;
      job.ticks_fee += event.data.fee;
      job.ticks_keeper_fee += event.data.keeper_fee;
      job.paid = event.data.paid;
      job.fee_paid = event.data.fee_paid;
      job.keeper_paid = event.data.keeper_paid;
      job.balance = event.data.balance;
      job.held = earnedOf(job.acc) - job.paid;
      break;
    case "StreamExtended":
      job.max_duration_secs = event.data.max_duration_secs;
      job.funded_secs = event.data.funded_secs;
      break;
    case "StreamRateChanged":
      // What is billed so far has the rate from before: a settlement has told of it.
      job.rate_per_hour = event.data.rate_per_hour;
      job.funded_secs = event.data.funded_secs;
      break;
    case "StreamStalled":
      job.stalled_at = event.data.timestamp;
      break;
    case "StreamSealed":
      job.sealed = true;
      break;
    case "StreamClosed":
      // A ruling or a fault may leave earned money unpaid: it was refunded, nothing waits any more.
      job.held = 0n;
      break;
    case "SettlementSkipped":
      break;
  }
}

/** Every change of the meter is told before the rate changes, so new seconds are always worth the rate known here. */
function billUpTo(job: JobRow, secondsBilled: bigint): void {
  const { rate_per_hour: ratePerHour, seconds_billed, acc } = job;
  const billed = bill({ ratePerHour, secondsBilled: seconds_billed, acc }, secondsBilled);
  job.acc = billed.acc;
  job.seconds_billed = billed.secondsBilled;
}

/** `job` is the row after the event, `secondsBefore` what was billed before it. */
export function tickOf(
  event: StreamEvent,
  job: JobRow,
  secondsBefore: bigint,
  at: EventPosition,
): TickRow | null {
  if (event.name !== "StreamSettled") return null;
  const { timestamp, ...settled } = event.data;
  return {
    occurred_at: timestamp,
    version: at.version,
    event_index: at.index,
    tx_hash: at.txHash,
    provider: job.provider,
    asset: job.asset,
    ...settled,
    seconds: settled.seconds_billed - secondsBefore,
    acc: job.acc,
  };
}
