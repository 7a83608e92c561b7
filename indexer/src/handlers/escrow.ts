/**
 * escrow events -> the money columns of a job's row that only custody knows: deposited, refunded, balance.
 * It doesn't know prices or settlements; releases are told by stream.
 */
import type { ProtocolEvent } from "@computestream/protocol/events";
import type { JobRow } from "../db/tables.ts";

export type EscrowEvent = Extract<ProtocolEvent, { module: "escrow" }>;

/**
 * Deposits and refunds are summed from the events themselves rather than inferred from balances, so that
 * `deposited = paid + refunded + balance` is a check and not a definition. The row's position guard makes it safe.
 */
export function applyEscrow(job: JobRow, event: EscrowEvent): void {
  switch (event.name) {
    case "EscrowDeposited":
      job.deposited += event.data.amount;
      break;
    case "EscrowRefunded":
      job.refunded += event.data.amount;
      break;
  }
  job.balance = event.data.balance;
}
