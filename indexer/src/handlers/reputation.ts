/**
 * reputation events -> a provider's record and score, as they are after the event.
 * It doesn't count anything itself.
 */
import type { ProtocolEvent } from "@computestream/protocol/events";
import type { ProviderRow } from "../db/tables.ts";

export type ReputationEvent = Extract<ProtocolEvent, { module: "reputation" }>;

export function applyReputation(row: ProviderRow, event: ReputationEvent): void {
  const { timestamp: _, provider: __, ...stats } = event.data;
  Object.assign(row, stats);
}
