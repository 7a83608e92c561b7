/**
 * What must hold after every event, by docs/protocol.md "Conservation": rows that add up, and events that tell the
 * same of the money as those before them.
 * It doesn't correct anything: a breach is told.
 */
import type { ProtocolEvent } from "@computestream/protocol/events";
import type { JobRow, ProviderRow } from "../db/tables.ts";

/** Empty while a job's deposits are all accounted for. */
export function jobImbalance(job: JobRow): string[] {
  const { deposited, paid, refunded, balance, fee_paid, keeper_paid, held } = job;
  const wrong: string[] = [];
  if (deposited !== paid + refunded + balance) {
    wrong.push(`deposited ${deposited} is not paid ${paid} + refunded ${refunded} + balance ${balance}`);
  }
  if (fee_paid > paid) wrong.push(`fees ${fee_paid} are more than paid ${paid}`);
  if (keeper_paid > fee_paid) wrong.push(`keepers' part ${keeper_paid} is more than fees ${fee_paid}`);
  if (held < 0n) wrong.push(`paid ${paid} is ${-held} more than earned`);
  return wrong;
}

/** Empty while all that a provider staked is accounted for. */
export function stakeImbalance(row: ProviderRow): string[] {
  const { stake_added, stake_withdrawn, slashed, staked, unbonding } = row;
  if (stake_added === stake_withdrawn + slashed + staked + unbonding) return [];
  return [
    `added ${stake_added} is not withdrawn ${stake_withdrawn} + slashed ${slashed} + staked ${staked} + unbonding ${unbonding}`,
  ];
}

export type Totals = Pick<JobRow, "paid" | "fee_paid" | "keeper_paid" | "seconds_billed">;

/**
 * Empty when what `event` tells of a job's money, and of the seconds it is paid for, agrees with the events before it.
 * `job` is the row after the event.
 */
export function moneyDifferences(before: Totals, job: JobRow, event: ProtocolEvent): string[] {
  return pairs(before, job, event)
    .filter(([, mirrored, told]) => mirrored !== told)
    .map(([name, mirrored, told]) => `${name} ${mirrored} is not ${told}`);
}

function pairs(
  before: Totals,
  job: JobRow,
  event: ProtocolEvent,
): Array<[name: string, mirrored: bigint, told: bigint]> {
  switch (event.name) {
    case "StreamOpened":
      return [["deposited", job.deposited, event.data.deposited]];
    case "StreamSettled":
      return [
        ["amount", job.paid - before.paid, event.data.amount],
        ["fee", job.fee_paid - before.fee_paid, event.data.fee],
        ["keeper's fee", job.keeper_paid - before.keeper_paid, event.data.keeper_fee],
      ];
    case "StreamExtended":
      return [
        ["deposited", job.deposited, event.data.deposited],
        ["balance", job.balance, event.data.balance],
      ];
    case "StreamRateChanged":
      return [["seconds billed", before.seconds_billed, event.data.seconds_billed]];
    case "StreamSealed":
      return [
        ["seconds billed", before.seconds_billed, event.data.seconds_billed],
        ["held", job.held, event.data.unreleased],
        // A frozen escrow holds more: what couldn't be refunded.
        ["balance", least(job.balance, event.data.unreleased), event.data.unreleased],
      ];
    case "ArbitrationOpened":
      // What a frozen escrow couldn't pay isn't held for the buyer.
      return [["held", least(job.held, event.data.unreleased), event.data.unreleased]];
    case "StreamClosed":
      return [
        ["seconds billed", before.seconds_billed, event.data.seconds_billed],
        ["paid", before.paid, event.data.paid],
        ["fees", before.fee_paid, event.data.fee_paid],
        ["keepers' part", before.keeper_paid, event.data.keeper_paid],
        ["balance", job.balance, 0n],
      ];
    case "JobSettled":
      return [
        ["seconds billed", before.seconds_billed, event.data.seconds],
        ["deposited", job.deposited, event.data.deposited],
        ["paid", job.paid - job.fee_paid, event.data.paid],
        ["fees", job.fee_paid, event.data.fees],
        ["refunded", job.refunded, event.data.refunded],
        ["balance", job.balance, 0n],
      ];
    default:
      return [];
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
