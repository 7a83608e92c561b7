/**
 * The seconds a job may attest: pure arithmetic over container times, the stream's limits and what was signed before.
 * It doesn't know clocks, containers or keys; every time is an argument.
 */

import { CLOCK_SKEW_SECS } from "@computestream/protocol";

const NS_PER_SEC = 1_000_000_000n;

/** Whole seconds between two instants in nanoseconds; never negative. */
export function wholeSecs(startNs: bigint, endNs: bigint): bigint {
  return endNs > startNs ? (endNs - startNs) / NS_PER_SEC : 0n;
}

/** An RFC 3339 time with up to nine decimals, as Docker writes it, in unix nanoseconds; null for Docker's "never". */
export function parseTimeNs(text: string): bigint | null {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (!match) return null;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(ms) || ms <= 0) return null;
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

export interface UsagePoint {
  seq: bigint;
  secondsCum: bigint;
  tLast: bigint;
}

/**
 * The next point to sign. `secondsCum` is what the container ran, never above what is funded nor, once the chain has
 * ended the job, above the time it was open; it never falls below what was signed or proven. `seq` is above every
 * value signed or seen on chain, and above `seqFloor`. `tLast >= startedAt + secondsCum`, as the chain demands, and
 * neither it nor a new second is ahead of what the chain takes at `chainNow`, whatever this machine's clock says.
 */
export function nextUsage(p: {
  /** Chain time at which the stream opened, unix seconds. */
  startedAt: bigint;
  /** Chain time at which the job ended; 0 while it runs. */
  endedAt: bigint;
  /** Whole seconds the deposit and the maximum duration allow. */
  capSecs: bigint;
  /** Whole seconds the container ran. */
  ranSecs: bigint;
  nowSecs: bigint;
  /** The chain's clock, unix seconds; 0 while it isn't known. */
  chainNow: bigint;
  /** Newest point in the journal. */
  signed: UsagePoint | null;
  /** The watermark on chain. */
  chain: { seq: bigint; secondsAttested: bigint };
  /** What was signed and forgotten may have gone up to here; 0 when nothing was. */
  seqFloor: bigint;
}): UsagePoint {
  const open = p.endedAt > 0n ? p.endedAt - p.startedAt : p.ranSecs;
  const earned = min(p.ranSecs, p.capSecs, open, takenSecs(p.startedAt, p.chainNow) ?? p.ranSecs);
  const secondsCum = max(earned, p.signed?.secondsCum ?? 0n, p.chain.secondsAttested);
  const now = p.chainNow > 0n ? min(p.nowSecs, p.chainNow) : p.nowSecs;
  const told = p.endedAt > 0n ? min(now, p.endedAt) : now;
  const before = p.signed?.tLast ?? 0n;
  const wasAhead = p.chainNow > 0n && before > p.chainNow + CLOCK_SKEW_SECS;
  return {
    seq: max(p.signed?.seq ?? 0n, p.chain.seq, p.seqFloor) + 1n,
    secondsCum,
    tLast: max(told, p.startedAt + secondsCum, wasAhead ? 0n : before),
  };
}

/** The most seconds that the chain takes when its clock shows `chainNow`; null while that isn't known. */
export function takenSecs(startedAt: bigint, chainNow: bigint): bigint | null {
  return chainNow === 0n ? null : max(chainNow + CLOCK_SKEW_SECS - startedAt, 0n);
}

function min(...values: bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

function max(...values: bigint[]): bigint {
  return values.reduce((a, b) => (b > a ? b : a));
}
