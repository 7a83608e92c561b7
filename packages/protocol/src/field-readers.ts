/**
 * What `generated/event-decoders.ts` reads fields with: the same values that the zod schemas of primitives.ts and
 * structs.ts take, and `MISFIT` thrown for all others, without a reason.
 * It doesn't say what is wrong: whoever catches `MISFIT` asks the schema.
 */
import { normalizeAddress } from "./primitives.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** One for all: an error's stack costs more than the reading. */
export const MISFIT = new Error("the value doesn't fit");

/** Undefined where the schema must decide: it is many times slower and says why. */
export function quickly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error === MISFIT) return undefined;
    throw error;
  }
}

const MAX_U64 = 0xffff_ffff_ffff_ffffn;
/** With so many digits a decimal is exact as a JavaScript number, which is quicker to read. */
const SAFE_DIGITS = 15;
/** A decimal of so many digits is below 2^64. */
const FITTING_DIGITS = 19;
const MAX_DIGITS = 20;
const [ZERO, NINE] = [48, 57];
const CANONICAL_ADDRESS = /^0x[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-fA-F]{1,64}$/;
const HEX = /^0x([0-9a-f]{2})*$/;
const CANONICAL_LENGTH = 66;

export function u64(value: unknown): bigint {
  if (typeof value !== "string") throw MISFIT;
  const { length } = value;
  if (length === 0 || length > MAX_DIGITS) throw MISFIT;
  for (let i = 0; i < length; i += 1) {
    const code = value.charCodeAt(i);
    if (code < ZERO || code > NINE) throw MISFIT;
  }
  if (length <= SAFE_DIGITS) return BigInt(Number(value));
  const wide = BigInt(value);
  if (length > FITTING_DIGITS && wide > MAX_U64) throw MISFIT;
  return wide;
}

export function u8(value: unknown): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > 255) throw MISFIT;
  return value;
}

export function address(value: unknown): string {
  if (typeof value !== "string") throw MISFIT;
  // As nodes spell nearly all of them.
  if (value.length === CANONICAL_LENGTH && CANONICAL_ADDRESS.test(value)) return value;
  if (!ADDRESS.test(value)) throw MISFIT;
  return normalizeAddress(value);
}

export function hex(value: unknown): string {
  if (typeof value !== "string" || !HEX.test(value)) throw MISFIT;
  return value;
}

export function text(value: unknown): string {
  if (typeof value !== "string") throw MISFIT;
  return value;
}

export function flag(value: unknown): boolean {
  if (typeof value !== "boolean") throw MISFIT;
  return value;
}

export function list<T>(value: unknown, read: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) throw MISFIT;
  const items: T[] = [];
  // By index: a hole is undefined, which no reader takes.
  for (let i = 0; i < value.length; i += 1) items.push(read(value[i]));
  return items;
}

export function struct(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw MISFIT;
  return value as Fields;
}
