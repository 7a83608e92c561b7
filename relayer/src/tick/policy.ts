/**
 * When a stream is worth a settlement: exposure, gas and deadlines as arithmetic.
 * It doesn't read or send anything: the stream, the newest attestation, prices and the time are arguments.
 *
 * A settlement is put off while waiting costs nobody anything: until what is due is worth its gas, the provider's risk
 * is at its cap, or a deadline is near. What ends is settled at once: its last seconds can be proven for moments only.
 */
import type { SignedUsage } from "@computestream/protocol";
import type { StreamView } from "@computestream/protocol/client";
import { behindSecs, type Clocks, dueOf } from "./plan.ts";

export interface SettlementPolicy {
  /** A stream is settled at most this often while nothing presses. */
  minIntervalSecs: bigint;
  /** What is due is to be this many times its gas; 0 = any amount is worth it. */
  gasMultiple: bigint;
  /** Base units that a provider may have proven and not got; null = no cap. */
  exposureMax: bigint | null;
  /** No proven second waits for longer. */
  maxAgeSecs: bigint;
}

/** In base units of the asset that gas is paid in. */
export interface SettlementCost {
  /** One entry's share of a full batch. */
  entry: bigint;
  /** The asset it is paid in: what is due in another can't be compared with it. */
  asset: string;
}

export type SettleReason =
  | "ended"
  | "stalled"
  | "exhausted"
  | "flush"
  | "exposure"
  | "age"
  | "keep_alive"
  | "worth";

/** A stream whose new seconds move no money yet is settled this often, so that it isn't taken for stalled. */
export const KEEP_ALIVE_SECS = 20n;

/** Why `usage` is to be settled now; null = it can wait, or there is nothing to settle. */
export function reasonToSettle(
  stream: StreamView,
  usage: SignedUsage,
  clocks: Clocks,
  p: { policy: SettlementPolicy; cost: SettlementCost; flush: boolean },
): SettleReason | null {
  const { policy, cost } = p;
  if (usage.seq <= stream.seq || behindSecs(stream, usage, clocks) === 0n) return null;
  // Held back or not: nothing of it counts any more once its claim window is over.
  if (stream.endedAt > 0n) return "ended";
  if (stream.stalledAt > 0n) return "stalled";
  const ageSecs = clocks.nowSecs - stream.lastProgressAt;
  const due = dueOf(stream, usage, clocks);
  if (due === 0n) return ageSecs >= KEEP_ALIVE_SECS ? "keep_alive" : null;
  // The last second that the deposit pays for: nothing more will come to make it worth more.
  if (usage.secondsCum >= stream.fundedSecs) return "exhausted";
  if (p.flush) return "flush";
  if (policy.exposureMax !== null && due >= policy.exposureMax) return "exposure";
  if (ageSecs >= policy.maxAgeSecs) return "age";
  if (ageSecs < policy.minIntervalSecs) return null;
  if (policy.gasMultiple === 0n) return "worth";
  if (stream.asset !== cost.asset) return null;
  return due >= policy.gasMultiple * cost.entry ? "worth" : null;
}

/**
 * Unix seconds from which on `stream` presses if its provider goes on attesting: the order in which streams are served.
 * The later of two that are equally far behind is the one that was settled last.
 */
export function pressesAt(stream: StreamView, policy: SettlementPolicy): bigint {
  if (stream.endedAt > 0n) return 0n;
  if (stream.stalledAt > 0n) return 1n;
  return stream.lastProgressAt + policy.minIntervalSecs;
}
