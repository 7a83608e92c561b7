/**
 * The wire forms shared by events, views and API: addresses, hex bytes, decimal strings.
 * It doesn't know any module or route.
 */
import { z } from "zod";

/** Stands on chain where there is no account or object: the provider of an open job that nobody has accepted yet. */
export const NO_ADDRESS = `0x${"0".repeat(64)}`;

const MAX_U64 = 0xffff_ffff_ffff_ffffn;
const MAX_U128 = (1n << 128n) - 1n;

/** A u64 as a decimal string on the wire, a bigint in TypeScript. */
export const zU64 = z
  .string()
  .regex(/^\d{1,20}$/, "must be a decimal integer")
  .transform(BigInt)
  .refine((value) => value <= MAX_U64, "must be at most 18446744073709551615");

/** A u128 as a decimal string on the wire, a bigint in TypeScript. */
export const zU128 = z
  .string()
  .regex(/^\d{1,39}$/, "must be a decimal integer")
  .transform(BigInt)
  .refine((value) => value <= MAX_U128, "must be at most 340282366920938463463374607431768211455");

/** A decimal string that stays one: what an HTTP answer carries. */
export const zDecimal = z.string().regex(/^\d{1,78}$/, "must be a decimal integer");

/** Any spelling of an account or object address, normalised to 0x + 64 lower-case hex digits. */
export const zAddress = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/, "must be an address: 0x and up to 64 hex digits")
  .transform(normalizeAddress);

/** Bytes as 0x-prefixed lower-case hex. */
export const zHex = z.string().regex(/^0x([0-9a-f]{2})*$/, "must be bytes as 0x-prefixed hex");

/** 32 bytes as hex. */
export const zHash32 = z.string().regex(/^0x[0-9a-f]{64}$/, "must be 32 bytes as 0x-prefixed hex");

/** 0x + 64 lower-case hex digits, so that addresses compare as strings. */
export function normalizeAddress(address: string): string {
  return `0x${address.replace(/^0x/i, "").toLowerCase().padStart(64, "0")}`;
}

const BYTE_AS_HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): string {
  let hex = "0x";
  for (const byte of bytes) hex += BYTE_AS_HEX[byte];
  return hex;
}

/** No digit: a number above 255, shifted or not. */
const NO_DIGIT = 0x1000;
const DIGITS = Uint16Array.from({ length: 128 }, (_, code) => {
  const value = "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase());
  return value === -1 ? NO_DIGIT : value;
});

export function fromHex(hex: string): Uint8Array {
  const start = /^0x/i.test(hex) ? 2 : 0;
  const length = hex.length - start;
  const bytes = new Uint8Array(length >> 1);
  let bad = length % 2;
  for (let at = 0, from = start; at < bytes.length; at += 1) {
    const byte = (digit(hex.charCodeAt(from++)) << 4) | digit(hex.charCodeAt(from++));
    bad |= byte >> 8;
    bytes[at] = byte;
  }
  if (bad !== 0) throw new RangeError(`not hex: ${hex.slice(0, 80)}`);
  return bytes;
}

function digit(code: number): number {
  return DIGITS[code] ?? NO_DIGIT;
}
