/**
 * The shape of every event of the Move package, and the types that follow from it.
 * It doesn't decode: events.ts does. Names and fields are those of docs/protocol.md, and the structs inside an event
 * (machine, terms, output, parameters) are spread into its data, so that every field is a plain value.
 */
import type { z } from "zod";
import { DISPUTE_EVENTS } from "./events/dispute.ts";
import { JOB_EVENTS, JOB_REGISTRY_EVENTS } from "./events/job.ts";
import { MARKET_EVENTS } from "./events/market.ts";
import { ESCROW_EVENTS, STREAM_EVENTS } from "./events/payment.ts";
import { PROVIDER_EVENTS, REPUTATION_EVENTS, STAKE_EVENTS } from "./events/provider.ts";
import { QUOTE_EVENTS } from "./events/quote.ts";

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
