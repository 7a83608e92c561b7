/**
 * What is promised of money that waits, and of stake: who must agree, what nobody can take back, what stays in reach.
 * Like the other invariants it reads the chain's views only; who agreed to what it is told.
 */
import { must } from "./compare.ts";
import { n, SECS_PER_HOUR, type View } from "./invariants.ts";

const SETTLED = "8";
const RUNNING = "2";
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** How the buyer agreed in this step: to what is billed, of it to what its key signed, or to an attestation. */
export type Agreement =
  | { kind: "none" }
  | { kind: "confirmed" }
  | { kind: "signed" | "countersigned"; secs: bigint }
  /** Of a batch, whose entries may be skipped. */
  | { kind: "perhaps" };

export function agreed(before: View | null, after: View, agreement: Agreement): void {
  const was = before ? n(before, "seconds_confirmed") : 0n;
  const is = n(after, "seconds_confirmed");
  const billed = n(after, "seconds_billed");
  const most = {
    none: () => was,
    confirmed: () => billed,
    signed: () => billed,
    countersigned: () => n(after, "seconds_attested"),
    perhaps: () => n(after, "seconds_attested"),
  }[agreement.kind]();
  must(
    is === was || is <= most,
    "I19_buyer_agrees",
    () => `${String(after.job)}: ${is} s confirmed (${agreement.kind}), before ${was}, at most ${most}`,
  );
  const least = {
    none: () => was,
    perhaps: () => was,
    confirmed: () => billed,
    signed: (secs: bigint) => min(secs, billed),
    countersigned: (secs: bigint) => secs,
  }[agreement.kind]("secs" in agreement ? agreement.secs : 0n);
  must(
    is >= least,
    "I22_signed_stays",
    () => `${String(after.job)}: ${is} s confirmed (${agreement.kind}), at least ${least}`,
  );
}

/** What the buyer has no say in any more. */
function freeOf(stream: View): bigint {
  const billed = n(stream, "seconds_billed");
  const tail = min(n(stream, "holdback_secs"), billed - min(billed, n(stream, "seconds_confirmed")));
  const acc = n(stream, "acc");
  return (acc - min(acc, n(stream, "held_rate_per_hour") * tail)) / SECS_PER_HOUR;
}

/**
 * What waits for the buyer isn't paid before `challenge_until`, unless a ruling says so. `released`: what was free at
 * some moment and stays so, which no view tells.
 */
export function heldWaits(
  before: View | null,
  after: View,
  job: View,
  { now, decided, released }: { now: bigint; decided: boolean; released: bigint },
): void {
  const challengeUntil = n(job, "challenge_until");
  const hasWaited = String(job.state) === SETTLED && challengeUntil !== 0n && now >= challengeUntil;
  // A raise comes after the payment and makes what is held worth more.
  const isRaised = before !== null && n(after, "rate_per_hour") > n(before, "rate_per_hour");
  if (decided || hasWaited || isRaised) return;
  const free = max(freeOf(after), released);
  const paid = n(after, "paid");
  must(
    paid <= free || (before !== null && paid === n(before, "paid")),
    "I20_held_waits",
    () => `${String(after.job)}: ${paid} paid, ${free} free, before ${before?.paid}`,
  );
}

/** An issuer delays money, nothing else: a settled job without a fault is paid what it earned, but for a ruling about the held. */
export function earnedIsPaid(stream: View, job: View, decided: boolean): void {
  // What a fault was proven of after it settled is paid as well.
  if (String(job.state) !== SETTLED || job.faulted === true) return;
  const least = decided ? freeOf(stream) : n(stream, "earned");
  must(
    n(stream, "paid") >= least,
    "I23_earned_is_paid",
    () => `${String(job.job)}: ${stream.paid} paid of ${least}`,
  );
}

/** While the escrow has what it should and nobody stops it, nothing due stays in it after a settlement. */
export function dueIsPaid(stream: View): void {
  const free = freeOf(stream);
  must(
    n(stream, "paid") >= free,
    "I23_earned_is_paid",
    () => `${String(stream.job)}: ${stream.paid} paid, ${free} due`,
  );
}

/** Evidence about a job that ran needs time to be found, and jobs rely on the stake that they asked for. */
export function staysLiable(job: View, provider: View): void {
  if (String(job.state) === RUNNING) {
    const { requirements } = job.terms as { requirements: View };
    must(
      n(provider, "bound_stake") >= n(requirements, "min_stake"),
      "I21_stays_liable",
      () => `${String(job.job)}: relies on ${requirements.min_stake}, bound is ${provider.bound_stake}`,
    );
  }
  const endedAt = n(job, "ended_at");
  if (n(job, "started_at") === 0n || endedAt === 0n || job.faulted === true) return;
  const least = endedAt + n(job.rules as View, "reclaim_after_secs");
  must(
    n(provider, "liable_until") >= least,
    "I21_stays_liable",
    () => `${String(job.job)}: liable until ${provider.liable_until}, not ${least}`,
  );
}

/** Unbonded stake has left: what jobs rely on is still there, or nothing relies on it. `after`: right after it left. */
export function boundStakeStays(after: View, now: bigint): void {
  const isFree = n(after, "slots_busy") === 0n && now >= n(after, "liable_until");
  must(
    isFree || n(after, "staked") >= n(after, "bound_stake"),
    "I24_bound_stake_stays",
    () =>
      `${String(after.provider)}: ${after.staked} staked, ${after.bound_stake} bound until ${after.liable_until}`,
  );
}
