/**
 * The few pieces of BCS that the signed and hashed texts of the protocol are made of.
 * It doesn't know what they mean; transactions are the SDK's.
 */
import { fromHex } from "./primitives.ts";

export function u8(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 255) throw new RangeError(`not a u8: ${value}`);
  return Uint8Array.of(value);
}

export function u64(value: bigint): Uint8Array {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new RangeError(`not a u64: ${value}`);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** Hex of exactly `length` bytes, without a length before it: an address, or the content of a hash. */
export function exactly(length: number, hex: string, field: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes.length !== length) throw new RangeError(`${field} must be ${length} bytes, not ${bytes.length}`);
  return bytes;
}

/** A `vector<u8>`: its length as ULEB128, then the bytes. */
export function bytesField(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  let rest = bytes.length;
  while (rest >= 0x80) {
    length.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  length.push(rest);
  return concat(Uint8Array.from(length), bytes);
}

/** A `String`: its UTF-8 as a `vector<u8>`. */
export function textField(text: string): Uint8Array {
  return bytesField(new TextEncoder().encode(text));
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
