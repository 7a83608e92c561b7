/**
 * Events of the Move package decoded from the fullnode's JSON.
 * It doesn't know where events are stored or shown, nor their fields: event-schemas.ts does.
 */
import type { z } from "zod";
import { EVENT_SCHEMAS, type ModuleName, type ProtocolEvent } from "./event-schemas.ts";
import { MISFIT } from "./field-readers.ts";
import { EVENT_DECODERS } from "./generated/event-decoders.ts";
import { normalizeAddress } from "./primitives.ts";

export {
  EVENT_SCHEMAS,
  type EventOf,
  type ModuleName,
  type ProtocolEvent,
  type ProtocolEventName,
} from "./event-schemas.ts";

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

/** What a type tag names: an event of the package, or nothing of ours. */
type Named = { module: ModuleName; name: string } | "foreign";

/** Types seen before, by package: a node spells each the same every time. */
const named = new Map<string, Map<string, Named>>();
/** Anyone may make types without end. */
const MAX_TYPES = 2_000;

/** The event, or null when it is not one of the package at `packageAddress`. Throws `EventDecodeError`. */
export function decodeEvent(packageAddress: string, type: string, data: unknown): ProtocolEvent | null {
  const known = named.get(packageAddress)?.get(type) ?? remember(packageAddress, type);
  if (known === "foreign") return null;
  const { module, name } = known;
  return { module, name, data: decodeData(type, module, name, data) } as ProtocolEvent;
}

function decodeData(type: string, module: ModuleName, name: string, data: unknown): unknown {
  try {
    const decoded = EVENT_DECODERS[module]?.[name]?.(data);
    if (decoded) return decoded;
  } catch (error) {
    if (error !== MISFIT) throw error;
  }
  // The schema decides, and can say what is wrong.
  const schema = (EVENT_SCHEMAS[module] as Record<string, z.ZodType>)[name];
  const parsed = schema?.safeParse(data);
  if (!parsed?.success) throw new EventDecodeError(type, parsed?.error);
  return parsed.data;
}

/** Throws `EventDecodeError` for a type of the package that isn't one of its events. */
function remember(packageAddress: string, type: string): Named {
  const found = nameOf(packageAddress, type);
  let types = named.get(packageAddress);
  if (!types || types.size >= MAX_TYPES) {
    types = new Map();
    named.set(packageAddress, types);
  }
  types.set(type, found);
  return found;
}

function nameOf(packageAddress: string, type: string): Named {
  const [address, module, name] = type.split("::");
  if (!address || !module || !name || !/^0x[0-9a-fA-F]{1,64}$/.test(address)) return "foreign";
  if (normalizeAddress(address) !== normalizeAddress(packageAddress)) return "foreign";
  if (!Object.hasOwn(EVENT_SCHEMAS, module) || !Object.hasOwn(EVENT_SCHEMAS[module as ModuleName], name))
    throw new EventDecodeError(type, new Error("unknown event"));
  return { module: module as ModuleName, name };
}
