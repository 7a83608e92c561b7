/**
 * What a running stream is worth between two settlements: for the eye only, never past what the escrow funds.
 * It doesn't know the clock or the socket: elapsed time is an argument, and settled values always win.
 */
import type { JobDto } from "@computestream/protocol/api";
import { earned, fundedSecs, SECONDS_PER_HOUR } from "@computestream/protocol/money";

/** An estimate runs at most this far ahead of the last settled second; then it waits. */
export const MAX_AHEAD_MS = 15_000;

export type Accrual =
  /** Nothing is running: the settled values are all there is. */
  | "still"
  | "accruing"
  /** No settlement for `MAX_AHEAD_MS`: the estimate has stopped. */
  | "waiting"
  /** Every funded second is used. */
  | "exhausted";

export interface StreamEstimate {
  accrual: Accrual;
  /** Milliseconds of paid work, settled plus estimate. */
  billedMs: number;
  /** Gross base units earned, settled plus estimate. */
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
  | "deposited"
  | "paidToProvider"
  | "fees"
  | "refunded"
  | "balance"
  | "secondsBilled"
>;

/** Seconds the deposit pays for, within the job's maximum duration. */
export function fundedSeconds(job: Pick<JobDto, "deposited" | "ratePerHour" | "maxDurationSecs">): number {
  return Number(fundedSecs(BigInt(job.deposited), BigInt(job.ratePerHour), BigInt(job.maxDurationSecs)));
}

export function grossPaid(job: Pick<JobDto, "paidToProvider" | "fees">): bigint {
  return BigInt(job.paidToProvider) + BigInt(job.fees);
}

/** `sinceMs`: milliseconds since the settled numbers were seen to change. */
export function estimateStream(job: StreamNumbers, sinceMs: number): StreamEstimate {
  const rate = BigInt(job.ratePerHour);
  const funded = fundedSeconds(job);
  const settledMs = job.secondsBilled * 1000;
  if (job.state !== "Running") {
    return {
      accrual: "still",
      billedMs: settledMs,
      gross: grossPaid(job),
      refundable: BigInt(job.balance),
      leftSecs: Math.max(0, funded - job.secondsBilled),
    };
  }
  const fundedMs = funded * 1000;
  const ahead = Math.min(Math.max(0, Math.floor(sinceMs)), MAX_AHEAD_MS);
  const billedMs = Math.max(settledMs, Math.min(settledMs + ahead, fundedMs));
  const accrued = (rate * BigInt(billedMs)) / (SECONDS_PER_HOUR * 1000n);
  const settled = grossPaid(job);
  const gross = accrued > settled ? accrued : settled;
  const left = BigInt(job.balance) - (gross - settled);
  return {
    accrual: billedMs >= fundedMs ? "exhausted" : ahead >= MAX_AHEAD_MS ? "waiting" : "accruing",
    billedMs,
    gross,
    refundable: left > 0n ? left : 0n,
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

/** Gross money the settled seconds are worth by the formula: what a reader can compare with what was paid. */
export function expectedGross(job: Pick<JobDto, "ratePerHour" | "secondsBilled">): bigint {
  return earned(BigInt(job.ratePerHour), BigInt(job.secondsBilled));
}
