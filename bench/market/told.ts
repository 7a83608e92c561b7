/**
 * Events and transactions of a generated history, in the shape that the chain client gives after decoding.
 * It doesn't know when anything happens; the fields are checked by the protocol's own types.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import {
  EVENT_SCHEMAS,
  type EventOf,
  type ProtocolEvent,
  type ProtocolEventName,
} from "@computestream/protocol/events";
import { hex32 } from "./random.ts";

const MODULE_OF = new Map(
  Object.entries(EVENT_SCHEMAS).flatMap(([module, events]) =>
    Object.keys(events).map((name) => [name, module] as const),
  ),
);

/** An event of a moment: its time is its transaction's. */
export type Told = (timestamp: bigint) => ProtocolEvent;

export function tell<N extends ProtocolEventName>(
  name: N,
  data: Omit<EventOf<N>["data"], "timestamp">,
): Told {
  const module = MODULE_OF.get(name);
  return (timestamp) => ({ module, name, data: { ...data, timestamp } }) as unknown as ProtocolEvent;
}

export interface TransactionFrame {
  version: bigint;
  hash: string;
  atSecs: number;
}

export function transactionOf({ version, hash, atSecs }: TransactionFrame, told: Told[]): TransactionRecord {
  const timestamp = BigInt(atSecs);
  return {
    version,
    hash,
    success: true,
    sender: SENDER,
    timestampUsecs: timestamp * 1_000_000n,
    gasUsed: 1n,
    gasUnitPrice: 100n,
    events: told.map((event, index) => ({
      position: { version, index, txHash: hash },
      event: event(timestamp),
      raw: {},
    })),
  };
}

const SENDER = hex32("sender");
