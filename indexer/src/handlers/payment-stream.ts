/**
 * payment_stream events -> what a job has earned and paid, and one tick per settlement.
 * It doesn't know why a settlement happened; cumulative amounts are set, never added.
 */
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { JobRow, TickRow } from "../db/tables.ts";

export type PaymentStreamEvent = Extract<ProtocolEvent, { module: "payment_stream" }>;

export function applyPaymentStream(job: JobRow, event: PaymentStreamEvent): void {
  switch (event.name) {
    case "StreamOpened":
      job.fee_bps = event.data.fee_bps;
      job.started_at = event.data.started_at;
      break;
    case "StreamSettled":
      // An attestation that proves more seconds is the answer to a stall flag.
      if (event.data.seconds_attested > job.seconds_attested) job.stalled_at = 0n;
      job.seq = event.data.seq;
      job.seconds_attested = event.data.seconds_attested;
      job.seconds_billed = event.data.seconds_billed;
      job.paid = event.data.paid;
      job.fee_paid = event.data.fee_paid;
      job.balance = event.data.balance;
      break;
    case "StreamClosed":
      job.seconds_billed = event.data.seconds_billed;
      job.paid = event.data.paid;
      job.fee_paid = event.data.fee_paid;
      break;
    case "SettlementSkipped":
      break;
  }
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
