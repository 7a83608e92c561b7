/**
 * The mirror tables as TypeScript: one description per table of migrations/.
 * It doesn't know how rows come about (handlers/) or are asked for (queries/).
 */
import { defineTable, type RowOf } from "./table.ts";

const lastEvent = { last_version: "int8", last_index: "int4" } as const;

export const EVENTS = defineTable("events", ["version", "event_index"], {
  version: "int8",
  event_index: "int4",
  tx_hash: "text",
  module: "text",
  name: "text",
  job: "text?",
  provider: "text?",
  timestamp: "int8",
  data: "object",
});

export const MARKET = defineTable("market_parameters", ["singleton"], {
  singleton: "bool",
  fee_bps: "numeric",
  treasury: "text",
  min_stake: "numeric",
  unbonding_secs: "numeric",
  accept_window_secs: "numeric",
  start_window_secs: "numeric",
  stall_after_secs: "numeric",
  stall_grace_secs: "numeric",
  claim_window_secs: "numeric",
  min_duration_secs: "numeric",
  max_duration_secs: "numeric",
  paused: "bool",
  ...lastEvent,
});

export const ASSETS = defineTable("assets", ["asset"], { asset: "text", allowed: "bool", ...lastEvent });

export const PROVIDERS = defineTable("providers", ["provider"], {
  provider: "text",
  owner: "text",
  operator: "text",
  attest_key: "text",
  name: "text",
  gpu_model: "text",
  gpu_count: "numeric",
  vram_gb: "numeric",
  cpu_cores: "numeric",
  ram_gb: "numeric",
  disk_gb: "numeric",
  region: "text",
  sandbox: "text",
  slots: "numeric",
  slots_busy: "numeric",
  price_per_hour: "numeric",
  asset: "text",
  stake: "numeric",
  unbonding: "numeric",
  unlocks_at: "numeric",
  available: "bool",
  registered_at: "numeric",
  last_heartbeat_at: "numeric",
  jobs_completed: "numeric",
  jobs_failed: "numeric",
  jobs_expired: "numeric",
  seconds_served: "numeric",
  earned: "numeric",
  registered_version: "int8",
  registered_index: "int4",
  ...lastEvent,
});

export const JOBS = defineTable("jobs", ["job"], {
  job: "text",
  buyer: "text",
  provider: "text",
  asset: "text",
  image: "text",
  spec: "text",
  title: "text",
  terms_hash: "text",
  rate_per_hour: "numeric",
  max_duration_secs: "numeric",
  state: "int2",
  outcome: "int2?",
  created_at: "numeric",
  accept_by: "numeric",
  start_by: "numeric",
  started_at: "numeric",
  ended_at: "numeric",
  claim_until: "numeric",
  settled_at: "numeric",
  stalled_at: "numeric",
  exit_code: "numeric?",
  reason: "text",
  output_uris: "strings",
  output_sha256: "text?",
  output_root: "text?",
  deposited: "numeric",
  paid: "numeric",
  fee_paid: "numeric",
  refunded: "numeric",
  balance: "numeric",
  fee_bps: "numeric",
  seq: "numeric",
  seconds_attested: "numeric",
  seconds_billed: "numeric",
  created_version: "int8",
  created_index: "int4",
  created_tx: "text",
  started_version: "int8?",
  ...lastEvent,
});

export const TICKS = defineTable("stream_ticks", ["occurred_at", "version", "event_index"], {
  occurred_at: "secs",
  version: "int8",
  event_index: "int4",
  tx_hash: "text",
  job: "text",
  payee: "text",
  keeper: "text",
  seq: "numeric",
  seconds_attested: "numeric",
  seconds_billed: "numeric",
  amount: "numeric",
  fee: "numeric",
  paid: "numeric",
  fee_paid: "numeric",
  balance: "numeric",
});

export const HEARTBEATS = defineTable("provider_heartbeats", ["occurred_at", "version", "event_index"], {
  occurred_at: "secs",
  version: "int8",
  event_index: "int4",
  provider: "text",
});

/** What a rebuild must reproduce row by row. */
export const MIRROR_TABLES = [EVENTS, MARKET, ASSETS, PROVIDERS, JOBS, TICKS, HEARTBEATS].map((t) => t.name);

export type EventRow = RowOf<typeof EVENTS>;
export type MarketRow = RowOf<typeof MARKET>;
export type AssetRow = RowOf<typeof ASSETS>;
export type ProviderRow = RowOf<typeof PROVIDERS>;
export type JobRow = RowOf<typeof JOBS>;
export type TickRow = RowOf<typeof TICKS>;
export type HeartbeatRow = RowOf<typeof HEARTBEATS>;
