/**
 * provider_registry events -> a provider's row and its heartbeat series. Amounts after the event are set, never added.
 * It doesn't know the database; `batch.ts` loads and stores the rows.
 */
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { HeartbeatRow, ProviderRow } from "../db/tables.ts";

export type ProviderEvent = Extract<ProtocolEvent, { module: "provider_registry" }>;

/** A row before its first event; `registered_version` -1 says that `ProviderRegistered` hasn't been seen. */
export function blankProvider(provider: string): ProviderRow {
  return {
    provider,
    owner: "",
    operator: "",
    attest_key: "",
    name: "",
    gpu_model: "",
    gpu_count: 0n,
    vram_gb: 0n,
    cpu_cores: 0n,
    ram_gb: 0n,
    disk_gb: 0n,
    region: "",
    sandbox: "",
    slots: 0n,
    slots_busy: 0n,
    price_per_hour: 0n,
    asset: "",
    stake: 0n,
    unbonding: 0n,
    unlocks_at: 0n,
    available: false,
    registered_at: 0n,
    last_heartbeat_at: 0n,
    jobs_completed: 0n,
    jobs_failed: 0n,
    jobs_expired: 0n,
    seconds_served: 0n,
    earned: 0n,
    registered_version: -1n,
    registered_index: 0,
    last_version: -1n,
    last_index: 0,
  };
}

export function applyProviderRegistry(row: ProviderRow, event: ProviderEvent, at: EventPosition): void {
  const { data } = event;
  switch (event.name) {
    case "ProviderRegistered": {
      const { timestamp, ...registered } = event.data;
      Object.assign(row, registered);
      row.available = true;
      row.registered_at = timestamp;
      row.last_heartbeat_at = timestamp;
      row.registered_version = at.version;
      row.registered_index = at.index;
      break;
    }
    case "ProviderHeartbeat":
      row.last_heartbeat_at = data.timestamp;
      break;
    case "ProviderAvailabilityChanged":
      row.available = event.data.available;
      break;
    case "ProviderPriceChanged":
      row.price_per_hour = event.data.price_per_hour;
      break;
    case "ProviderOperatorChanged":
      row.operator = event.data.operator;
      row.attest_key = event.data.attest_key;
      break;
    case "StakeAdded":
      row.stake = event.data.stake;
      break;
    case "UnstakeRequested":
      row.stake = event.data.stake;
      row.unbonding = event.data.unbonding;
      row.unlocks_at = event.data.unlocks_at;
      break;
    case "StakeWithdrawn":
      row.stake = event.data.stake;
      row.unbonding = 0n;
      row.unlocks_at = 0n;
      break;
    case "ProviderCapacityChanged":
      row.slots = event.data.slots;
      row.slots_busy = event.data.slots_busy;
      break;
    case "ProviderStatsUpdated": {
      const { timestamp: _, provider: __, ...stats } = event.data;
      Object.assign(row, stats);
      break;
    }
  }
}

export function heartbeatOf(event: ProviderEvent, at: EventPosition): HeartbeatRow | null {
  if (event.name !== "ProviderHeartbeat") return null;
  const { provider, timestamp } = event.data;
  return { occurred_at: timestamp, version: at.version, event_index: at.index, provider };
}
