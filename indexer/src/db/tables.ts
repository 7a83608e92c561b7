/**
 * The mirror tables as TypeScript: one description per table of migrations/.
 * It doesn't know how rows come about (handlers/) or are asked for (queries/).
 */
import { QUOTE_REFUNDS, QUOTES } from "./quote-tables.ts";
import { ROLLUP_TABLES } from "./rollup-tables.ts";
import { defineTable, type RowOf } from "./table.ts";
import { TOTAL_TABLES } from "./total-tables.ts";

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
  keeper_share_bps: "numeric",
  slash_bps: "numeric",
  reporter_reward_bps: "numeric",
  max_holdback_secs: "numeric",
  arbiter: "text",
  challenge_window_secs: "numeric",
  answer_window_secs: "numeric",
  arbitration_window_secs: "numeric",
  bond_bps: "numeric",
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
  gpus_busy: "numeric",
  devices: "strings",
  price_per_hour: "numeric",
  gpu_price_per_hour: "numeric",
  asset: "text",
  staked: "numeric",
  unbonding: "numeric",
  unlocks_at: "numeric",
  stake_added: "numeric",
  stake_withdrawn: "numeric",
  slashed: "numeric",
  bound_stake: "numeric",
  liable_until: "numeric",
  status: "int2",
  registered_at: "numeric",
  last_heartbeat_at: "numeric",
  jobs_completed: "numeric",
  jobs_failed: "numeric",
  jobs_expired: "numeric",
  faults: "numeric",
  score: "numeric",
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
  is_open: "bool",
  asset: "text",
  image: "text",
  spec: "text",
  title: "text",
  gpu_model: "text",
  gpus: "numeric",
  vram_gb: "numeric",
  cpu_cores: "numeric",
  ram_gb: "numeric",
  disk_gb: "numeric",
  region: "text",
  sandbox: "text",
  min_stake: "numeric",
  terms_hash: "text",
  rate_per_hour: "numeric",
  max_duration_secs: "numeric",
  holdback_secs: "numeric",
  priority: "int2",
  buyer_key: "text",
  gpu_mask: "numeric",
  state: "int2",
  outcome: "int2?",
  created_at: "numeric",
  accept_by: "numeric",
  start_by: "numeric",
  started_at: "numeric",
  ended_at: "numeric",
  claim_until: "numeric",
  challenge_until: "numeric",
  settled_at: "numeric",
  reclaimed_at: "numeric",
  stalled_at: "numeric",
  exit_code: "numeric?",
  reason: "text",
  output_uris: "strings",
  output_sha256: "text?",
  output_root: "text?",
  output_size: "numeric?",
  fault: "int2?",
  case_kind: "int2?",
  case_deadline: "numeric",
  deposited: "numeric",
  paid: "numeric",
  fee_paid: "numeric",
  keeper_paid: "numeric",
  refunded: "numeric",
  balance: "numeric",
  acc: "numeric",
  held: "numeric",
  fee_bps: "numeric",
  keeper_share_bps: "numeric",
  treasury: "text",
  payee: "text",
  ticks: "int8",
  ticks_amount: "numeric",
  ticks_fee: "numeric",
  ticks_keeper_fee: "numeric",
  seq: "numeric",
  seconds_attested: "numeric",
  seconds_confirmed: "numeric",
  seconds_billed: "numeric",
  funded_secs: "numeric",
  sealed: "bool",
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
  provider: "text",
  asset: "text",
  payee: "text",
  keeper: "text",
  seq: "numeric",
  seconds: "numeric",
  seconds_attested: "numeric",
  seconds_confirmed: "numeric",
  seconds_billed: "numeric",
  amount: "numeric",
  fee: "numeric",
  keeper_fee: "numeric",
  paid: "numeric",
  fee_paid: "numeric",
  keeper_paid: "numeric",
  balance: "numeric",
  acc: "numeric",
});

export const HEARTBEATS = defineTable("provider_heartbeats", ["occurred_at", "version", "event_index"], {
  occurred_at: "secs",
  version: "int8",
  event_index: "int4",
  provider: "text",
});

export const CASES = defineTable("cases", ["opened_version", "opened_index"], {
  opened_version: "int8",
  opened_index: "int4",
  job: "text",
  provider: "text",
  buyer: "text",
  kind: "int2",
  bond: "numeric",
  chunk_index: "numeric?",
  arbiter: "text?",
  reason: "text",
  unreleased: "numeric?",
  deadline: "numeric",
  opened_at: "numeric",
  outcome: "text?",
  award: "numeric?",
  bond_to_provider: "bool?",
  closed_at: "numeric?",
  closed_version: "int8?",
});

export const FAULTS = defineTable("faults", ["job"], {
  job: "text",
  provider: "text",
  fault: "int2",
  reporter: "text",
  slashed: "numeric",
  reward: "numeric",
  proven_at: "numeric",
  version: "int8",
  event_index: "int4",
  tx_hash: "text",
});

/** Every movement between a wallet and the market; `amount` is negative where it leaves the wallet. */
export const LEDGER = defineTable("ledger_entries", ["wallet", "version", "event_index", "line"], {
  wallet: "text",
  version: "int8",
  event_index: "int4",
  line: "int2",
  kind: "text",
  asset: "text",
  amount: "numeric",
});

/** What a rebuild must reproduce row by row; the totals of rollup-tables.ts and total-tables.ts too. */
export const MIRROR_TABLES = [
  ...[
    EVENTS,
    MARKET,
    ASSETS,
    PROVIDERS,
    JOBS,
    TICKS,
    HEARTBEATS,
    CASES,
    FAULTS,
    LEDGER,
    QUOTES,
    QUOTE_REFUNDS,
  ],
  ...ROLLUP_TABLES,
  ...TOTAL_TABLES,
].map((t) => t.name);

export type EventRow = RowOf<typeof EVENTS>;
export type MarketRow = RowOf<typeof MARKET>;
export type AssetRow = RowOf<typeof ASSETS>;
export type ProviderRow = RowOf<typeof PROVIDERS>;
export type JobRow = RowOf<typeof JOBS>;
export type TickRow = RowOf<typeof TICKS>;
export type HeartbeatRow = RowOf<typeof HEARTBEATS>;
export type CaseRow = RowOf<typeof CASES>;
export type FaultRow = RowOf<typeof FAULTS>;
export type LedgerRow = RowOf<typeof LEDGER>;
