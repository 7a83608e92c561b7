/**
 * stake events -> what a provider has at stake, and what came, went and was slashed in all.
 * It doesn't know why a stake was slashed: dispute's events do.
 */
import type { ProtocolEvent } from "@computestream/protocol/events";
import type { ProviderRow } from "../db/tables.ts";

export type StakeEvent = Extract<ProtocolEvent, { module: "stake" }>;

/**
 * What stands after the event is set; what moved is summed, so that `added = withdrawn + slashed + staked + unbonding`
 * is a check and not a definition. The row's position guard makes it safe.
 */
export function applyStake(row: ProviderRow, event: StakeEvent): void {
  const { data } = event;
  row.staked = data.staked;
  switch (event.name) {
    case "StakeAdded":
      row.stake_added += data.amount;
      break;
    case "UnstakeRequested":
      row.unbonding = event.data.unbonding;
      row.unlocks_at = event.data.unlocks_at;
      break;
    case "StakeWithdrawn":
      row.stake_withdrawn += data.amount;
      setUnbonding(row, event.data.unbonding);
      break;
    case "StakeSlashed":
      row.slashed += data.amount;
      setUnbonding(row, event.data.unbonding);
      break;
  }
}

function setUnbonding(row: ProviderRow, unbonding: bigint): void {
  row.unbonding = unbonding;
  if (unbonding === 0n) row.unlocks_at = 0n;
}
