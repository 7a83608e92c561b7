/**
 * What a running stream is worth between two settlements: for the eye only, never past what the escrow funds.
 * It doesn't know the clock or the socket: elapsed time is an argument, and settled values always win.
 */
import type { JobDto } from "@computestream/protocol/api";
import { earnedOf, fundedSecs } from "@computestream/protocol/money";

/** An estimate runs at most this far ahead of the last settled second; then it waits. */
export const MAX_AHEAD_MS = 15_000;

export type Accrual =
  /** Nothing is running: the settled values are all there is. */
  | "still"
  | "accruing"
  /** Seconds count, but all of them still wait for the buyer: no settlement is due. */
  | "holding"
  /** No settlement for `MAX_AHEAD_MS`: the estimate has stopped. */
  | "waiting"
  /** Every funded second is used. */
  | "exhausted";

export interface StreamEstimate {
  accrual: Accrual;
  /** Milliseconds of paid work, settled plus estimate. */
  billedMs: number;
  /** Gross base units earned, paid or held back, settled plus estimate. */
  gross: bigint;
  /** What the buyer would get back if it stopped now. */
  refundable: bigint;
  /** Seconds that are still funded. */
  leftSecs: number;
}

export type StreamNumbers = Pick<
  JobDto,
  | "state"
  | "ratePerHour"
  | "maxDurationSecs"
  | "fundedSecs"
  | "holdbackSecs"
  | "deposited"
  | "paidToProvider"
  | "fees"
  | "refunded"
  | "balance"
  | "held"
  | "acc"
  | "secondsBilled"
  | "secondsConfirmed"
>;

/** Seconds the deposit pays for, within the job's maximum duration; before the start at the rate it was ordered at. */
export function fundedSeconds(
  job: Pick<JobDto, "deposited" | "ratePerHour" | "maxDurationSecs" | "fundedSecs">,
): number {
  if (job.fundedSecs > 0) return job.fundedSecs;
  return Number(fundedSecs(BigInt(job.deposited), BigInt(job.ratePerHour), BigInt(job.maxDurationSecs)));
}

export function grossPaid(job: Pick<JobDto, "paidToProvider" | "fees">): bigint {
  return BigInt(job.paidToProvider) + BigInt(job.fees);
}

/** In escrow and nobody's yet: what comes back if nothing more is proven. */
export function unearned(job: Pick<JobDto, "balance" | "held">): bigint {
  const left = BigInt(job.balance) - BigInt(job.held);
  return left > 0n ? left : 0n;
}

/** How long nothing can be due by rule: before more seconds count than are held back. Settlements until then pay nothing. */
export function quietMs(
  job: Pick<StreamNumbers, "holdbackSecs" | "secondsBilled" | "secondsConfirmed">,
): number {
  return Math.max(0, job.secondsConfirmed + job.holdbackSecs - job.secondsBilled) * 1000;
}

/** `sinceMs`: milliseconds since the settled numbers were seen to change. */
export function estimateStream(job: StreamNumbers, sinceMs: number): StreamEstimate {
  const funded = fundedSeconds(job);
  const settledMs = job.secondsBilled * 1000;
  const settled = grossPaid(job) + BigInt(job.held);
  const left = unearned(job);
  if (job.state !== "Running") {
    return {
      accrual: "still",
      billedMs: settledMs,
      gross: settled,
      refundable: left,
      leftSecs: Math.max(0, funded - job.secondsBilled),
    };
  }
  const fundedMs = funded * 1000;
  const quiet = quietMs(job);
  const elapsed = Math.max(0, Math.floor(sinceMs));
  const limit = MAX_AHEAD_MS + quiet;
  const billedMs = Math.max(settledMs, Math.min(settledMs + Math.min(elapsed, limit), fundedMs));
  // From what the settled seconds are worth on, not from zero: the rate may have been another one before.
  const acc = BigInt(job.acc) * 1000n + BigInt(job.ratePerHour) * BigInt(billedMs - settledMs);
  const gross = earnedOf(acc / 1000n);
  const added = gross - settled;
  return {
    accrual:
      billedMs >= fundedMs
        ? "exhausted"
        : elapsed >= limit
          ? "waiting"
          : elapsed < quiet
            ? "holding"
            : "accruing",
    billedMs,
    gross,
    refundable: left > added ? left - added : 0n,
    leftSecs: Math.max(0, (fundedMs - billedMs) / 1000),
  };
}

/** True when the job's four destinations add up to its deposit. */
export function isConserved(
  job: Pick<JobDto, "deposited" | "paidToProvider" | "fees" | "refunded" | "balance">,
): boolean {
  return (
    BigInt(job.deposited) ===
    BigInt(job.paidToProvider) + BigInt(job.fees) + BigInt(job.refunded) + BigInt(job.balance)
  );
}
