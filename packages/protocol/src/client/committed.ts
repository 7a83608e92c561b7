/**
 * Committed transactions in the fullnode's JSON, as far as this client reads them.
 * It doesn't know whose events they carry.
 */
import { z } from "zod";
import { address, type Fields, flag, list, quickly, struct, text, u64 } from "../field-readers.ts";
import { zAddress, zU64 } from "../primitives.ts";
import { decode } from "./node.ts";

const zCommitted = z.object({
  type: z.string(),
  version: zU64,
  hash: z.string(),
  success: z.boolean(),
  vm_status: z.string(),
  gas_used: zU64,
  timestamp: zU64.default(0n),
  sender: zAddress.optional(),
  gas_unit_price: zU64.default(0n),
  events: z.array(z.object({ type: z.string(), data: z.unknown() })).default([]),
});
export type Committed = z.output<typeof zCommitted>;
/** What `readCommittedPage` takes. */
export const zCommittedPage = z.array(zCommitted);

/** Throws `ChainError` (`NODE_ANSWER_UNEXPECTED`) that names what is wrong. */
export function readCommitted(body: unknown): Committed {
  return quickly(() => committed(body)) ?? decode(zCommitted, body, "transaction");
}

/** Throws as `readCommitted` does. */
export function readCommittedPage(body: unknown): Committed[] {
  return quickly(() => list(body, committed)) ?? decode(zCommittedPage, body, "transactions");
}

function committed(value: unknown): Committed {
  const fields = struct(value);
  const { timestamp, gas_unit_price, events } = fields;
  const read: Committed = {
    type: text(fields.type),
    version: u64(fields.version),
    hash: text(fields.hash),
    success: flag(fields.success),
    vm_status: text(fields.vm_status),
    gas_used: u64(fields.gas_used),
    timestamp: timestamp === undefined ? 0n : u64(timestamp),
    gas_unit_price: gas_unit_price === undefined ? 0n : u64(gas_unit_price),
    events: events === undefined ? [] : list(events, anEvent),
  };
  if (fields.sender !== undefined) read.sender = address(fields.sender);
  return read;
}

/** Itself: of what else the node tells of it nothing is read. */
function anEvent(value: unknown): { type: string; data: unknown } {
  const fields: Fields = struct(value);
  text(fields.type);
  return fields as { type: string; data: unknown };
}
