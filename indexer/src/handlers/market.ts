/**
 * market events -> the parameters row and the allowed assets.
 * It doesn't know the database; `batch.ts` loads and stores the rows.
 */
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { AssetRow, MarketRow } from "../db/tables.ts";

export type MarketEvent = Extract<ProtocolEvent, { module: "market" }>;

/** The parameters after the event; `before` is null until the first `ParametersUpdated`. */
export function applyMarket(
  before: MarketRow | null,
  event: MarketEvent,
  at: EventPosition,
): MarketRow | null {
  if (event.name !== "ParametersUpdated") return before;
  const { timestamp: _, ...parameters } = event.data;
  return { singleton: true, ...parameters, last_version: at.version, last_index: at.index };
}

export function allowanceOf(event: MarketEvent, at: EventPosition): AssetRow | null {
  if (event.name !== "AssetAllowanceChanged") return null;
  const { asset, allowed } = event.data;
  return { asset, allowed, last_version: at.version, last_index: at.index };
}
