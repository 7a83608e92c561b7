/**
 * provider_registry events -> a provider's row and its heartbeat series. Amounts after the event are set, never added.
 * It doesn't know stakes after the first (stake) nor how jobs ended (reputation).
 */
import { NEW_PROVIDER_SCORE } from "@computestream/protocol";
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { HeartbeatRow, ProviderRow } from "../db/tables.ts";

export type ProviderEvent = Extract<ProtocolEvent, { module: "provider_registry" }>;

/** The codes of docs/protocol.md `set_status`. */
export const STATUS = { Active: 0, Draining: 1, Maintenance: 2, Offline: 3 } as const;

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
    gpus_busy: 0n,
    devices: [],
    price_per_hour: 0n,
    gpu_price_per_hour: 0n,
    asset: "",
    staked: 0n,
    unbonding: 0n,
    unlocks_at: 0n,
    stake_added: 0n,
    stake_withdrawn: 0n,
    slashed: 0n,
    bound_stake: 0n,
    liable_until: 0n,
    status: STATUS.Offline,
    registered_at: 0n,
    last_heartbeat_at: 0n,
    jobs_completed: 0n,
    jobs_failed: 0n,
    jobs_expired: 0n,
    faults: 0n,
    score: BigInt(NEW_PROVIDER_SCORE),
    seconds_served: 0n,
    earned: 0n,
    registered_version: -1n,
    registered_index: 0,
    last_version: -1n,
    last_index: 0,
  };
}

export function applyProviderRegistry(row: ProviderRow, event: ProviderEvent, at: EventPosition): void {
  switch (event.name) {
    case "ProviderRegistered": {
      const { timestamp, ...registered } = event.data;
      Object.assign(row, registered);
      row.stake_added = registered.staked;
      row.status = STATUS.Active;
      row.registered_at = timestamp;
      row.last_heartbeat_at = timestamp;
      row.registered_version = at.version;
      row.registered_index = at.index;
      break;
    }
    case "ProviderMachineChanged": {
      const { timestamp: _, ...machine } = event.data;
      Object.assign(row, machine);
      break;
    }
    case "ProviderHeartbeat":
      row.last_heartbeat_at = event.data.timestamp;
      break;
    case "ProviderStatusChanged":
      row.status = event.data.status;
      break;
    case "ProviderPriceChanged":
      row.price_per_hour = event.data.price_per_hour;
      row.gpu_price_per_hour = event.data.gpu_price_per_hour;
      break;
    case "ProviderOperatorChanged":
      row.operator = event.data.operator;
      row.attest_key = event.data.attest_key;
      break;
    case "ProviderCapacityChanged":
      row.slots = event.data.slots;
      row.slots_busy = event.data.slots_busy;
      row.gpus_busy = event.data.gpus_busy;
      break;
    case "ProviderLiabilityChanged":
      row.bound_stake = event.data.bound_stake;
      row.liable_until = event.data.liable_until;
      break;
  }
}

export function heartbeatOf(event: ProviderEvent, at: EventPosition): HeartbeatRow | null {
  if (event.name !== "ProviderHeartbeat") return null;
  const { provider, timestamp } = event.data;
  return { occurred_at: timestamp, version: at.version, event_index: at.index, provider };
}
