/**
 * The names of live topics, and which of them a change concerns.
 * It doesn't read anything.
 */
import { normalizeAddress } from "@computestream/protocol";
import type { LiveTopicKind } from "@computestream/protocol/api";

/** One spelling per topic: addresses as 0x and 64 hex digits. */
export function canonicalTopic(topic: string): string {
  const [kind, address] = topic.split(":");
  return address === undefined ? topic : `${kind}:${normalizeAddress(address)}`;
}

/** `name` is canonical; the address is "" where the kind has none. */
export function partsOf(name: string): { kind: LiveTopicKind; address: string } {
  const colon = name.indexOf(":");
  if (colon < 0) return { kind: name as LiveTopicKind, address: "" };
  return { kind: name.slice(0, colon) as LiveTopicKind, address: name.slice(colon + 1) };
}

/** What a topic tells beside its state, one by one; null where it tells only its state. */
export function happeningsOf(kind: LiveTopicKind): "ticks" | "entries" | null {
  if (kind === "wallet") return "entries";
  return kind === "provider" || kind === "providers" ? null : "ticks";
}

/** Dear to read: read last, so that nobody else waits for them, and not at every commit. */
const INTERVALS_MS: Partial<Record<LiveTopicKind, number>> = { network: 250, providers: 1_000, wallet: 250 };

export function intervalMsOf(kind: LiveTopicKind): number {
  return INTERVALS_MS[kind] ?? 0;
}
