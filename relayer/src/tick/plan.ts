/**
 * Which streams are worth a settlement, what a keeper may do about a job, and how a failing batch is halved.
 * It doesn't read or send anything: views, attestations and the time are arguments.
 */
import { bill, heldSecs, isWaiting, releasable, type SignedUsage } from "@computestream/protocol";
import type { JobView, StreamView } from "@computestream/protocol/client";

const min = (...values: bigint[]): bigint => values.reduce((a, b) => (b < a ? b : a));

/** Unix seconds. */
export interface Clocks {
  /** The later of this machine's clock and the chain's. */
  nowSecs: bigint;
  /** The chain's own, as last read: the only one by which something is given up. */
  chainSecs: bigint;
}

/** No attestation of it counts any more. */
export function isFinal(
  stream: Pick<StreamView, "sealed" | "closed" | "endedAt" | "proveUntil">,
  chainSecs: bigint,
): boolean {
  return stream.sealed || stream.closed || (stream.endedAt > 0n && chainSecs >= stream.proveUntil);
}

/**
 * Gross base units that settling `usage` now would move; 0 when the chain has it already, or all of it is held back.
 * After a lowered rate it may be a little more: the view doesn't tell when the chain stops holding at the old one.
 */
export function dueOf(stream: StreamView, usage: SignedUsage, clocks: Clocks): bigint {
  if (behindSecs(stream, usage, clocks) === 0n || usage.seq <= stream.seq) return 0n;
  const { nowSecs } = clocks;
  const end = stream.endedAt > 0n ? min(nowSecs, stream.endedAt) : nowSecs;
  const provable = min(usage.secondsCum, end - stream.startedAt, stream.fundedSecs);
  const { acc, secondsBilled } = bill(stream, provable);
  const held = heldSecs({ ...stream, secondsBilled });
  const due = releasable({ acc, heldRatePerHour: stream.heldRatePerHour, heldSecs: held }) - stream.paid;
  return due > 0n ? due : 0n;
}

/** A stream whose new seconds move no money yet is settled this often, so that it isn't taken for stalled. */
const KEEP_ALIVE_SECS = 20n;

/** Whether settling `usage` now is worth a place in a batch. */
export function isDue(stream: StreamView, usage: SignedUsage, clocks: Clocks): boolean {
  if (dueOf(stream, usage, clocks) > 0n) return true;
  if (behindSecs(stream, usage, clocks) === 0n || usage.seq <= stream.seq) return false;
  // The last seconds of an ended job are proven at once, held back or not: its claim window is short.
  if (stream.endedAt > 0n || stream.stalledAt > 0n) return true;
  return clocks.nowSecs - stream.lastProgressAt >= KEEP_ALIVE_SECS;
}

/** Seconds attested, not yet proven on chain, and still to be proven. */
export function behindSecs(
  stream: StreamView,
  usage: SignedUsage,
  { chainSecs }: Pick<Clocks, "chainSecs">,
): bigint {
  if (isFinal(stream, chainSecs) || usage.secondsCum <= stream.secondsAttested) return 0n;
  return usage.secondsCum - stream.secondsAttested;
}

export function chunk<T>(items: T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}

export type KeeperAction = "finalize" | "flag_stalled" | "expire" | "resolve";

/** What anyone may do about the job once the chain's clock is past `after` (unix seconds), by docs/protocol.md. */
export interface KeeperWindow {
  action: KeeperAction;
  after: bigint;
}

/** null = the job needs nobody. */
export function keeperWindow(
  job: Pick<JobView, "state" | "acceptBy" | "startBy" | "claimUntil" | "challengeUntil" | "caseUntil"> & {
    rules: Pick<JobView["rules"], "stallAfterSecs" | "stallGraceSecs">;
  },
  stream: Pick<StreamView, "lastProgressAt" | "stalledAt" | "earned" | "paid"> | null,
): KeeperWindow | null {
  if (job.caseUntil > 0n) return { action: "resolve", after: job.caseUntil };
  if (isWaiting(job.state)) {
    // Nothing that the buyer could still challenge is left once it has confirmed it all.
    const isHeld = !stream || stream.earned > stream.paid;
    const after = isHeld && job.challengeUntil > job.claimUntil ? job.challengeUntil : job.claimUntil;
    return { action: "finalize", after };
  }
  switch (job.state) {
    case "Pending":
      return { action: "expire", after: job.acceptBy };
    case "Accepted":
      return { action: "expire", after: job.startBy };
    case "Running":
      if (!stream) return null;
      return stream.stalledAt > 0n
        ? { action: "expire", after: stream.stalledAt + job.rules.stallGraceSecs }
        : { action: "flag_stalled", after: stream.lastProgressAt + job.rules.stallAfterSecs };
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
