/**
 * What must hold of the chain after every step, whatever the model says, each under its own name.
 * It reads the chain's events and views only; who agreed to what it is told.
 */
import type { ChainEvent } from "./chain.ts";
import { must } from "./compare.ts";

export type View = Record<string, unknown>;

export const n = (view: View, field: string): bigint => BigInt(view[field] as string | number);
export const SECS_PER_HOUR = 3600n;
const BPS = 10_000n;
const MAX_AHEAD_SECS = 30n;

/** What a job's events add up to, and its last views. */
export interface Ledger {
  deposited: bigint;
  toProvider: bigint;
  fees: bigint;
  refunded: bigint;
  stream: View | null;
  state: bigint | null;
  /** Whether a ruling, or the default instead of one, has given away what was held. */
  decided: boolean;
  /** Whether an issuer kept the escrow from paying, and nothing was settled since. */
  impeded: boolean;
  /** VM gas of creating, accepting and starting it. */
  openingGas: bigint;
}

export const emptyLedger = (): Ledger => ({
  ...{ deposited: 0n, toProvider: 0n, fees: 0n, refunded: 0n },
  ...{ stream: null, state: null, decided: false, impeded: false, openingGas: 0n },
});

export function readEvents(ledgers: Map<string, Ledger>, events: readonly ChainEvent[]): void {
  for (const { name, data } of events) {
    const job = data.job as string | undefined;
    if (job === undefined) continue;
    const ledger = ledgers.get(job) ?? emptyLedger();
    ledgers.set(job, ledger);
    if (name === "EscrowDeposited") ledger.deposited += n(data, "amount");
    if (name === "EscrowRefunded") ledger.refunded += n(data, "amount");
    if (name === "ArbitrationDecided") ledger.decided = true;
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

export function streamInvariants(stream: View, now: bigint): void {
  const job = stream.job as string;
  const acc = n(stream, "acc");
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
  const startedAt = n(stream, "started_at");
  const attested = n(stream, "seconds_attested");
  must(
    n(stream, "seconds_confirmed") <= attested,
    "I4_watermarks",
    () => `${job}: confirmed ${stream.seconds_confirmed} of ${attested}`,
  );
  must(
    attested <= now - startedAt + MAX_AHEAD_SECS,
    "I6_billable_bound",
    () => `${job}: ${attested} s proven at ${now}, started ${startedAt}`,
  );
  const wall = (endedAt === 0n || endedAt > now ? now : endedAt) - startedAt;
  const bounds = [attested, wall, n(stream, "max_duration_secs")];
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

/** The deposit always covers the whole duration, and what is held is bounded, unless its issuer stops it. */
export function coverInvariants(stream: View, impeded: boolean): void {
  const job = stream.job as string;
  must(
    n(stream, "funded_secs") === n(stream, "max_duration_secs"),
    "I16_fully_funded",
    () => `${job}: ${stream.funded_secs} of ${stream.max_duration_secs} s`,
  );
  const held = n(stream, "earned") - n(stream, "paid");
  const heldRate = n(stream, "held_rate_per_hour");
  const most = (n(stream, "holdback_secs") * heldRate + SECS_PER_HOUR - 1n) / SECS_PER_HOUR;
  must(impeded || held <= most, "I17_held_bounded", () => `${job}: ${held} held, at most ${most}`);
  must(
    heldRate >= n(stream, "rate_per_hour"),
    "I17_held_bounded",
    () => `${job}: held at ${heldRate}, runs at ${stream.rate_per_hour}`,
  );
}

/** From `prove_until` on, and once sealed or closed, nothing is proven. `now`: when `after` came about. */
export function lastProof(before: View | null, after: View, now: bigint): void {
  const job = after.job as string;
  const endedAt = n(after, "ended_at");
  const until = n(after, "prove_until");
  const isKnown = endedAt === 0n ? until === 0n : until >= endedAt;
  must(isKnown, "I18_no_late_proof", () => `${job}: ended ${endedAt}, proofs until ${until}`);
  if (!before) return;
  const wasUntil = n(before, "prove_until");
  must(
    wasUntil === 0n || wasUntil === until || (until === now && after.sealed === true && now < wasUntil),
    "I18_no_late_proof",
    () => `${job}: proofs until ${until}, before ${wasUntil}`,
  );
  const isOver = before.sealed === true || before.closed === true || (wasUntil !== 0n && now >= wasUntil);
  for (const field of ["seq", "seconds_attested", "seconds_billed", "acc"])
    must(
      !isOver || n(after, field) === n(before, field),
      "I18_no_late_proof",
      () => `${job}: ${field} from ${before[field]} to ${after[field]} at ${now}`,
    );
}

const RISING = ["seq", "seconds_attested", "seconds_confirmed", "seconds_billed", "last_progress_at"];
const RISING_MONEY = ["acc", "earned", "paid", "fee_paid", "keeper_paid", "deposited", "max_duration_secs"];

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
  "0": ["0", "1", "5", "7", "8"],
  "1": ["1", "2", "4", "5", "7", "8"],
  "2": ["2", "3", "4", "6", "7", "8"],
  "3": ["3", "8"],
  "4": ["4", "8"],
  "5": ["5", "8"],
  "6": ["6", "8"],
  "7": ["7", "8"],
  "8": ["8"],
};
/** Outcomes that a job may settle with, coming from each state. */
const OUTCOMES: Record<string, string[]> = {
  "0": ["5", "7"],
  "1": ["4", "5", "7"],
  "2": ["3", "4", "6", "7"],
  "3": ["3"],
  "4": ["4"],
  "5": ["5"],
  "6": ["6"],
  "7": ["7"],
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
