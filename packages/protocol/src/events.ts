/**
 * Every event of the Move package as a typed union, decoded from the fullnode's JSON.
 * It doesn't know where events are stored or shown; names and fields are those of docs/protocol.md.
 */
import { z } from "zod";
import { normalizeAddress, zAddress, zHex, zU64 } from "./primitives.ts";

/** A u8 arrives as a JSON number. */
const zU8 = z.number().int().min(0).max(255);

const parameters = {
  fee_bps: zU64,
  treasury: zAddress,
  min_stake: zU64,
  unbonding_secs: zU64,
  accept_window_secs: zU64,
  start_window_secs: zU64,
  stall_after_secs: zU64,
  stall_grace_secs: zU64,
  claim_window_secs: zU64,
  min_duration_secs: zU64,
  max_duration_secs: zU64,
  paused: z.boolean(),
};

const output = {
  exit_code: zU64,
  output_uris: z.array(z.string()),
  output_sha256: zHex,
  output_root: zHex,
};

/** Event name -> fields, by module. `timestamp` is chain time in unix seconds. */
export const EVENT_SCHEMAS = {
  market: {
    ParametersUpdated: z.object({ ...parameters, timestamp: zU64 }),
    AssetAllowanceChanged: z.object({ asset: zAddress, allowed: z.boolean(), timestamp: zU64 }),
    AdminProposed: z.object({ admin: zAddress, proposed: zAddress, timestamp: zU64 }),
    AdminChanged: z.object({ admin: zAddress, timestamp: zU64 }),
  },
  provider_registry: {
    ProviderRegistered: z.object({
      provider: zAddress,
      owner: zAddress,
      operator: zAddress,
      attest_key: zHex,
      name: z.string(),
      gpu_model: z.string(),
      gpu_count: zU64,
      vram_gb: zU64,
      cpu_cores: zU64,
      ram_gb: zU64,
      disk_gb: zU64,
      region: z.string(),
      sandbox: z.string(),
      slots: zU64,
      price_per_hour: zU64,
      asset: zAddress,
      stake: zU64,
      timestamp: zU64,
    }),
    ProviderHeartbeat: z.object({ provider: zAddress, timestamp: zU64 }),
    ProviderAvailabilityChanged: z.object({ provider: zAddress, available: z.boolean(), timestamp: zU64 }),
    ProviderPriceChanged: z.object({ provider: zAddress, price_per_hour: zU64, timestamp: zU64 }),
    ProviderOperatorChanged: z.object({
      provider: zAddress,
      operator: zAddress,
      attest_key: zHex,
      timestamp: zU64,
    }),
    StakeAdded: z.object({ provider: zAddress, amount: zU64, stake: zU64, timestamp: zU64 }),
    UnstakeRequested: z.object({
      provider: zAddress,
      amount: zU64,
      stake: zU64,
      unbonding: zU64,
      unlocks_at: zU64,
      timestamp: zU64,
    }),
    StakeWithdrawn: z.object({ provider: zAddress, amount: zU64, stake: zU64, timestamp: zU64 }),
    ProviderCapacityChanged: z.object({ provider: zAddress, slots_busy: zU64, slots: zU64, timestamp: zU64 }),
    ProviderStatsUpdated: z.object({
      provider: zAddress,
      jobs_completed: zU64,
      jobs_failed: zU64,
      jobs_expired: zU64,
      seconds_served: zU64,
      earned: zU64,
      timestamp: zU64,
    }),
  },
  escrow: {
    EscrowDeposited: z.object({
      job: zAddress,
      payer: zAddress,
      asset: zAddress,
      amount: zU64,
      balance: zU64,
      timestamp: zU64,
    }),
    EscrowRefunded: z.object({ job: zAddress, to: zAddress, amount: zU64, balance: zU64, timestamp: zU64 }),
  },
  payment_stream: {
    StreamOpened: z.object({
      job: zAddress,
      payer: zAddress,
      payee: zAddress,
      asset: zAddress,
      rate_per_hour: zU64,
      deposited: zU64,
      fee_bps: zU64,
      max_duration_secs: zU64,
      started_at: zU64,
      timestamp: zU64,
    }),
    StreamSettled: z.object({
      job: zAddress,
      payee: zAddress,
      keeper: zAddress,
      seq: zU64,
      seconds_attested: zU64,
      seconds_billed: zU64,
      amount: zU64,
      fee: zU64,
      paid: zU64,
      fee_paid: zU64,
      balance: zU64,
      timestamp: zU64,
    }),
    SettlementSkipped: z.object({ job: zAddress, keeper: zAddress, code: zU64, timestamp: zU64 }),
    StreamClosed: z.object({
      job: zAddress,
      seconds_billed: zU64,
      paid: zU64,
      fee_paid: zU64,
      timestamp: zU64,
    }),
  },
  job_registry: {
    JobCreated: z
      .object({
        job: zAddress,
        buyer: zAddress,
        provider: zAddress,
        asset: zAddress,
        image: z.string(),
        job_spec: z.string(),
        rate_per_hour: zU64,
        max_duration_secs: zU64,
        deposit: zU64,
        terms_hash: zHex,
        accept_by: zU64,
        timestamp: zU64,
      })
      // `spec` is a keyword of Move.
      .transform(({ job_spec, ...event }) => ({ ...event, spec: job_spec })),
    JobAccepted: z.object({
      job: zAddress,
      provider: zAddress,
      operator: zAddress,
      start_by: zU64,
      timestamp: zU64,
    }),
    JobStarted: z.object({ job: zAddress, provider: zAddress, started_at: zU64, timestamp: zU64 }),
    JobCompleted: z.object({ job: zAddress, provider: zAddress, ...output, timestamp: zU64 }),
    JobFailed: z.object({
      job: zAddress,
      provider: zAddress,
      reason: z.string(),
      ...output,
      timestamp: zU64,
    }),
    JobCancelled: z.object({ job: zAddress, buyer: zAddress, timestamp: zU64 }),
    JobTerminated: z.object({
      job: zAddress,
      buyer: zAddress,
      ended_at: zU64,
      claim_until: zU64,
      timestamp: zU64,
    }),
    JobStalled: z.object({ job: zAddress, flagged_by: zAddress, answer_by: zU64, timestamp: zU64 }),
    JobExpired: z.object({ job: zAddress, expired_by: zAddress, timestamp: zU64 }),
    JobSettled: z.object({
      job: zAddress,
      buyer: zAddress,
      provider: zAddress,
      outcome: zU8,
      seconds: zU64,
      deposited: zU64,
      paid: zU64,
      fees: zU64,
      refunded: zU64,
      timestamp: zU64,
    }),
  },
} as const;

export type ModuleName = keyof typeof EVENT_SCHEMAS;

type EventsOf<M extends ModuleName> = {
  [N in keyof (typeof EVENT_SCHEMAS)[M]]: {
    module: M;
    name: N;
    data: z.output<Extract<(typeof EVENT_SCHEMAS)[M][N], z.ZodType>>;
  };
}[keyof (typeof EVENT_SCHEMAS)[M]];

/** One decoded event: narrow by `name`. */
export type ProtocolEvent = { [M in ModuleName]: EventsOf<M> }[ModuleName];
export type ProtocolEventName = ProtocolEvent["name"];
export type EventOf<N extends ProtocolEventName> = Extract<ProtocolEvent, { name: N }>;

/** Where an event stands in the chain's history. */
export interface EventPosition {
  /** Ledger version, a dense integer. */
  version: bigint;
  /** Index in the transaction's event list. */
  index: number;
  txHash: string;
}

/** An event of our package whose fields don't match: the deployed modules and this code differ. */
export class EventDecodeError extends Error {
  readonly eventType: string;
  constructor(eventType: string, cause: unknown) {
    super(`event ${eventType} doesn't match this version of the protocol`, { cause });
    this.name = "EventDecodeError";
    this.eventType = eventType;
  }
}

/** The event, or null when it is not one of the package at `packageAddress`. Throws `EventDecodeError`. */
export function decodeEvent(packageAddress: string, type: string, data: unknown): ProtocolEvent | null {
  const [address, module, name] = type.split("::");
  if (!address || !module || !name || !/^0x[0-9a-fA-F]{1,64}$/.test(address)) return null;
  if (normalizeAddress(address) !== normalizeAddress(packageAddress)) return null;
  const schemas = EVENT_SCHEMAS[module as ModuleName] as Record<string, z.ZodType> | undefined;
  const schema = schemas?.[name];
  if (!schema) throw new EventDecodeError(type, new Error("unknown event"));
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new EventDecodeError(type, parsed.error);
  return { module, name, data: parsed.data } as ProtocolEvent;
}
