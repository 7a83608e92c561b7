/**
 * Every event of the Move package as a typed union, decoded from the fullnode's JSON.
 * It doesn't know where events are stored or shown; names and fields are those of docs/protocol.md, and the structs
 * inside an event (machine, terms, output, parameters) are spread into its data, so that every field is a plain value.
 */
import type { z } from "zod";
import { DISPUTE_EVENTS } from "./events/dispute.ts";
import { JOB_EVENTS, JOB_REGISTRY_EVENTS } from "./events/job.ts";
import { MARKET_EVENTS } from "./events/market.ts";
import { ESCROW_EVENTS, STREAM_EVENTS } from "./events/payment.ts";
import { PROVIDER_EVENTS, REPUTATION_EVENTS, STAKE_EVENTS } from "./events/provider.ts";
import { QUOTE_EVENTS } from "./events/quote.ts";
import { normalizeAddress } from "./primitives.ts";

/** Event name -> fields, by module. `timestamp` is chain time in unix seconds. */
export const EVENT_SCHEMAS = {
  market: MARKET_EVENTS,
  provider_registry: PROVIDER_EVENTS,
  stake: STAKE_EVENTS,
  reputation: REPUTATION_EVENTS,
  escrow: ESCROW_EVENTS,
  stream: STREAM_EVENTS,
  job: JOB_EVENTS,
  job_registry: JOB_REGISTRY_EVENTS,
  job_quotes: QUOTE_EVENTS,
  dispute: DISPUTE_EVENTS,
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
