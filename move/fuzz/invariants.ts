/**
 * What must hold of the chain after every step, whatever the model says, each under its own name.
 * It reads the chain's events and views only, except for the meter's accumulator, which no view shows.
 */
import type { ChainEvent } from "./chain.ts";
import { must } from "./compare.ts";

type View = Record<string, unknown>;

const n = (view: View, field: string): bigint => BigInt(view[field] as string | number);
const SECS_PER_HOUR = 3600n;
const BPS = 10_000n;

/** What a job's events add up to, and its last views. */
export interface Ledger {
  deposited: bigint;
  toProvider: bigint;
  fees: bigint;
  refunded: bigint;
  stream: View | null;
  state: bigint | null;
  /** VM gas of creating, accepting and starting it. */
  openingGas: bigint;
}

export const emptyLedger = (): Ledger => ({
  ...{ deposited: 0n, toProvider: 0n, fees: 0n, refunded: 0n },
  ...{ stream: null, state: null, openingGas: 0n },
});

export function readEvents(ledgers: Map<string, Ledger>, events: readonly ChainEvent[]): void {
  for (const { name, data } of events) {
    const job = data.job as string | undefined;
    if (job === undefined) continue;
    const ledger = ledgers.get(job) ?? emptyLedger();
    ledgers.set(job, ledger);
    if (name === "EscrowDeposited") ledger.deposited += n(data, "amount");
    if (name === "EscrowRefunded") ledger.refunded += n(data, "amount");
    if (name === "StreamSettled") {
      ledger.toProvider += n(data, "amount") - n(data, "fee");
      ledger.fees += n(data, "fee");
    }
  }
}

export function conservation(job: string, ledger: Ledger, balance: bigint): void {
  const { deposited, toProvider, fees, refunded } = ledger;
  must(
    deposited === toProvider + fees + refunded + balance,
    "I1_conservation",
    () => `${job}: ${deposited} != ${toProvider} + ${fees} + ${refunded} + ${balance}`,
  );
}

export function streamInvariants(stream: View, acc: bigint, now: bigint): void {
  const job = stream.job as string;
  const deposited = n(stream, "deposited");
  const earned = n(stream, "earned");
  const paid = n(stream, "paid");
  const billed = n(stream, "seconds_billed");
  must(acc <= deposited * SECS_PER_HOUR, "I2_acc_le_funded", () => `${job}: ${acc} > ${deposited} * 3600`);
  must(acc / SECS_PER_HOUR === earned, "I2_acc_le_funded", () => `${job}: earned ${earned} of ${acc}`);
  must(
    paid <= earned && earned <= deposited,
    "I4_watermarks",
    () => `${job}: ${paid}, ${earned}, ${deposited}`,
  );
  const endedAt = n(stream, "ended_at");
  const wall = (endedAt === 0n || endedAt > now ? now : endedAt) - n(stream, "started_at");
  const bounds = [n(stream, "seconds_attested"), wall, n(stream, "max_duration_secs")];
  must(
    bounds.every((bound) => billed <= bound),
    "I6_billable_bound",
    () => `${job}: billed ${billed}, bounds ${bounds.join(", ")}`,
  );
  const feePaid = (paid * n(stream, "fee_bps")) / BPS;
  must(n(stream, "fee_paid") === feePaid, "I8_fee_delta", () => `${job}: fee ${stream.fee_paid} of ${paid}`);
  const share = (feePaid * n(stream, "keeper_share_bps")) / BPS;
  must(
    n(stream, "keeper_paid") <= share,
    "I8_fee_delta",
    () => `${job}: keepers ${stream.keeper_paid} of ${share}`,
  );
}

const RISING = ["seq", "seconds_attested", "seconds_confirmed", "seconds_billed", "last_progress_at"];
const RISING_MONEY = ["earned", "paid", "fee_paid", "keeper_paid", "deposited", "max_duration_secs"];

export function monotone(before: View, after: View): void {
  for (const field of [...RISING, ...RISING_MONEY])
    must(
      n(after, field) >= n(before, field),
      "I5_monotone",
      () => `${String(after.job)}: ${field} fell from ${before[field]} to ${after[field]}`,
    );
  for (const field of ["sealed", "closed"])
    must(after[field] === true || before[field] !== true, "I5_monotone", () => `${field} was taken back`);
}

/** Where each state may lead within one transaction; a job may pass through its ending on the way to 8. */
const NEXT: Record<string, string[]> = {
  "0": ["0", "1", "8"],
  "1": ["1", "2", "8"],
  "2": ["2", "3", "4", "6", "8"],
  "3": ["3", "8"],
  "4": ["4", "8"],
  "6": ["6", "8"],
  "8": ["8"],
};
/** Outcomes that a job may settle with, coming from each state. */
const OUTCOMES: Record<string, string[]> = {
  "0": ["5", "7"],
  "1": ["4", "5", "7"],
  "2": ["3", "4", "6", "7"],
  "3": ["3"],
  "4": ["4"],
  "6": ["6"],
};

export function transition(job: string, before: bigint | null, view: View): void {
  const from = before === null ? "0" : String(before);
  const to = String(view.state);
  must(NEXT[from]?.includes(to) ?? false, "I9_status_transitions", () => `${job}: ${from} to ${to}`);
  if (to === "8" && from !== "8") {
    const outcome = String(view.outcome);
    must(
      OUTCOMES[from]?.includes(outcome) ?? false,
      "I9_status_transitions",
      () => `${job}: ${from} as ${outcome}`,
    );
  }
}
