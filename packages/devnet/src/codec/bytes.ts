/**
 * Hex, hashing and concatenation of bytes, and addresses in the fullnode's spelling.
 * It doesn't know what the bytes mean.
 */
import { hash } from "node:crypto";

export function sha3(data: Uint8Array): Buffer {
  return hash("sha3-256", data, "buffer");
}

export function concat(...parts: Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

/** A Buffer over the same memory. */
export function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function toHex(bytes: Uint8Array): string {
  return `0x${view(bytes).toString("hex")}`;
}

/** Bytes of a hex string with or without 0x; null when it is none. */
export function parseHex(text: string): Buffer | null {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) return null;
  return Buffer.from(digits, "hex");
}

/** 32 bytes of an address in any spelling (1 to 64 digits, with or without 0x); null when it is none. */
export function parseAddress(text: string): Buffer | null {
  const digits = text.startsWith("0x") || text.startsWith("0X") ? text.slice(2) : text;
  if (!/^[0-9a-fA-F]{1,64}$/.test(digits)) return null;
  return Buffer.from(digits.padStart(64, "0"), "hex");
}

/** AIP-40: 0x0 to 0xf short, all others with 64 digits. */
export function formatAddress(address: Uint8Array): string {
  const hex = view(address).toString("hex");
  return hex.startsWith("000000000000000000000000000000000000000000000000000000000000000")
    ? `0x${hex[63]}`
    : `0x${hex}`;
}

/** Bytes as a string of the same length: a cheap map key whose order is the bytes' order. */
export function latin1(bytes: Uint8Array): string {
  return view(bytes).toString("latin1");
}

export function fromLatin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** 32-byte address from a small number, as in 0x1 and 0xa. */
export function specialAddress(low: number): Buffer {
  const address = Buffer.alloc(32);
  address[31] = low;
  return address;
}
