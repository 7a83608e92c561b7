/**
 * The arithmetic of a stream's money: billed seconds, what they earned, what of it may be paid.
 * It doesn't know time, accounts or escrows; it moves the numbers of one meter.
 */
import { BPS, type Meter, max, min } from "./types.ts";

const SECS_PER_HOUR = 3600n;

export interface Due {
  amount: bigint;
  fee: bigint;
  keeperFee: bigint;
}

export function fundedSecs(m: Meter): bigint {
  const left = m.maxDurationSecs - m.secondsBilled;
  if (m.ratePerHour === 0n) return m.secondsBilled + left;
  return m.secondsBilled + min((m.deposited * SECS_PER_HOUR - m.acc) / m.ratePerHour, left);
}

/** Bills what is attested, past and funded. */
export function advance(m: Meter, wallSecs: bigint): void {
  const billed = max(m.secondsBilled, min(min(m.secondsAttested, wallSecs), fundedSecs(m)));
  m.acc += m.ratePerHour * (billed - m.secondsBilled);
  m.secondsBilled = billed;
  forgetHeldRate(m);
}

/** Nothing waits, or nothing that was billed at another rate: that matters no more. */
function forgetHeldRate(m: Meter): void {
  const isOutgrown = m.secondsBilled - m.rateSince >= m.holdbackSecs;
  if (isOutgrown || m.secondsConfirmed >= m.rateSince) m.heldRate = m.ratePerHour;
}

export function confirm(m: Meter, secs: bigint): void {
  m.secondsConfirmed = max(m.secondsConfirmed, secs);
  forgetHeldRate(m);
}

export function setRate(m: Meter, ratePerHour: bigint): void {
  m.ratePerHour = ratePerHour;
  m.heldRate = max(m.heldRate, ratePerHour);
  m.rateSince = m.secondsBilled;
  forgetHeldRate(m);
}

export const earned = (m: Meter): bigint => m.acc / SECS_PER_HOUR;

export function releasable(m: Meter): bigint {
  const tail = min(m.holdbackSecs, m.secondsBilled - min(m.secondsBilled, m.secondsConfirmed));
  return (m.acc - min(m.acc, m.heldRate * tail)) / SECS_PER_HOUR;
}

export const unreleased = (m: Meter): bigint => earned(m) - m.paid;

/** What may be paid once stays free, whatever happens to the rate. */
export function release(m: Meter): void {
  m.released = max(m.released, releasable(m));
}

const free = (m: Meter): bigint => max(m.paid, max(m.released, releasable(m)));

/** What waits for the buyer; what could only not be moved is none of it. */
export const held = (m: Meter): bigint => earned(m) - free(m);

export const NOTHING_DUE: Due = { amount: 0n, fee: 0n, keeperFee: 0n };

/** Raises what is paid to `paid`; the differences to before. */
function payUpTo(m: Meter, paid: bigint): Due {
  const feePaid = (paid * m.feeBps) / BPS;
  const share = (fees: bigint): bigint => (fees * m.keeperShareBps) / BPS;
  const keeperFee = share(feePaid) - share(m.feePaid);
  const due = { amount: paid - m.paid, fee: feePaid - m.feePaid, keeperFee };
  m.paid = paid;
  m.feePaid = feePaid;
  return due;
}

export const collect = (m: Meter): Due => payUpTo(m, free(m));

/** Of what is held: all, an amount, or nothing; then what only couldn't be moved isn't paid either. */
export type Award = "all" | "nothing" | bigint;

export function award(m: Meter, award: Award): Due {
  if (award === "all") return payUpTo(m, earned(m));
  return payUpTo(m, award === "nothing" ? m.paid : free(m) + award);
}

/** The last second that may ever be billed when the stream runs no longer than `wallSecs`. */
export const limitSecs = (m: Meter, wallSecs: bigint): bigint => min(wallSecs, fundedSecs(m));

export const isProven = (m: Meter, wallSecs: bigint): boolean => m.secondsBilled >= limitSecs(m, wallSecs);

/** What is earned in all if every second up to `wallSecs` gets proven. */
export function reachable(m: Meter, wallSecs: bigint): bigint {
  const more = limitSecs(m, wallSecs) - m.secondsBilled;
  return (m.acc + m.ratePerHour * max(0n, more)) / SECS_PER_HOUR;
}

/** Whether the deposit covers all that may still run. */
export const isCovered = (m: Meter): boolean =>
  m.deposited * SECS_PER_HOUR - m.acc >= m.ratePerHour * (m.maxDurationSecs - m.secondsBilled);

export const covers = (deposit: bigint, ratePerHour: bigint, secs: bigint): boolean =>
  deposit * SECS_PER_HOUR >= ratePerHour * secs;
