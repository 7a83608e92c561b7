/**
 * Which streams are worth a settlement, what a keeper may do about a job, and how a failing batch is halved.
 * It doesn't read or send anything: views, attestations and the time are arguments.
 */
import { earned, fundedSecs, type SignedUsage } from "@computestream/protocol";
import type { JobView, MarketParameters, StreamView } from "@computestream/protocol/client";

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Gross base units that settling `usage` at `nowSecs` would move; 0 when the chain has it already. */
export function dueOf(stream: StreamView, usage: SignedUsage, nowSecs: bigint): bigint {
  if (stream.closed || usage.seq <= stream.seq || usage.secondsCum <= stream.secondsAttested) return 0n;
  const end = stream.endedAt > 0n ? min(nowSecs, stream.endedAt) : nowSecs;
  const wall = end - stream.startedAt;
  const funded = fundedSecs(stream.deposited, stream.ratePerHour, stream.maxDurationSecs);
  const billed = min(min(usage.secondsCum, wall), funded);
  const due = earned(stream.ratePerHour, billed) - stream.paid;
  return due > 0n ? due : 0n;
}

/** A stream whose new seconds are not worth a base unit yet is settled this often, so that it isn't taken for stalled. */
const KEEP_ALIVE_SECS = 20n;

/** Whether settling `usage` now is worth a place in a batch. */
export function isDue(stream: StreamView, usage: SignedUsage, nowSecs: bigint): boolean {
  if (dueOf(stream, usage, nowSecs) > 0n) return true;
  if (behindSecs(stream, usage) === 0n || usage.seq <= stream.seq) return false;
  return stream.stalledAt > 0n || nowSecs - stream.lastProgressAt >= KEEP_ALIVE_SECS;
}

/** Seconds attested and not yet proven on chain. */
export function behindSecs(stream: StreamView, usage: SignedUsage): bigint {
  if (stream.closed || usage.secondsCum <= stream.secondsAttested) return 0n;
  return usage.secondsCum - stream.secondsAttested;
}

export function chunk<T>(items: T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}

export type KeeperAction = "finalize" | "flag_stalled" | "expire";

/** What anyone may do about the job once the chain's clock is past `after` (unix seconds), by docs/protocol.md. */
export interface KeeperWindow {
  action: KeeperAction;
  after: bigint;
}

/** null = the job needs nobody. */
export function keeperWindow(
  job: Pick<JobView, "state" | "acceptBy" | "startBy" | "claimUntil">,
  stream: Pick<StreamView, "lastProgressAt" | "stalledAt"> | null,
  parameters: Pick<MarketParameters, "stallAfterSecs" | "stallGraceSecs">,
): KeeperWindow | null {
  switch (job.state) {
    case "Pending":
      return { action: "expire", after: job.acceptBy };
    case "Accepted":
      return { action: "expire", after: job.startBy };
    case "Terminated":
      return { action: "finalize", after: job.claimUntil };
    case "Running":
      if (!stream) return null;
      return stream.stalledAt > 0n
        ? { action: "expire", after: stream.stalledAt + parameters.stallGraceSecs }
        : { action: "flag_stalled", after: stream.lastProgressAt + parameters.stallAfterSecs };
    default:
      return null;
  }
}

export interface BatchFailure {
  code: string;
  message: string;
}

export interface BisectReport<T> {
  /** Items that alone make a transaction fail. */
  poisoned: Array<{ item: T; failure: BatchFailure }>;
  /** Not tried again because `maxFailures` was reached. */
  left: T[];
}

/**
 * Sends `items` together; when the whole fails, sends the halves, down to single items.
 * `send` returns the failure that stands on chain, or null; what it throws ends the search.
 */
export async function sendBisecting<T>(
  items: T[],
  send: (items: T[]) => Promise<BatchFailure | null>,
  maxFailures: number,
): Promise<BisectReport<T>> {
  const report: BisectReport<T> = { poisoned: [], left: [] };
  const stack = items.length > 0 ? [items] : [];
  let failures = 0;
  for (let part = stack.pop(); part; part = stack.pop()) {
    if (failures >= maxFailures) {
      report.left.push(...part);
      continue;
    }
    const failure = await send(part);
    if (!failure) continue;
    failures += 1;
    const [only] = part;
    if (part.length === 1 && only !== undefined) {
      report.poisoned.push({ item: only, failure });
    } else {
      const middle = Math.ceil(part.length / 2);
      stack.push(part.slice(middle), part.slice(0, middle));
    }
  }
  return report;
}
