/**
 * Nonces that carry what they are for: when, and a MAC over account, site and market. Making one stores nothing.
 * It doesn't know which were used.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { NONCE_SECS } from "@computestream/protocol/api";
import type { SigningKey } from "./signing-key.ts";

export interface NonceTerms {
  address: string;
  domain: string;
  chainId: number;
  packageAddress: string;
}

const RANDOM_BYTES = 12;
const TIME_BYTES = 6;
const MAC_BYTES = 14;

/** 64 hex digits: 96 bits by chance, the time in milliseconds, 112 bits of MAC. */
export function makeNonce(key: SigningKey, terms: NonceTerms, nowMs: number): string {
  const head = Buffer.alloc(RANDOM_BYTES + TIME_BYTES);
  randomBytes(RANDOM_BYTES).copy(head);
  head.writeUIntBE(nowMs, RANDOM_BYTES, TIME_BYTES);
  return Buffer.concat([head, macOf(key, head, terms)]).toString("hex");
}

/** When it was made and ends, in milliseconds; null when it wasn't made here for these terms. */
export function readNonce(
  key: SigningKey,
  nonce: string,
  terms: NonceTerms,
): { issuedAtMs: number; expiresAtMs: number } | null {
  if (!/^[0-9a-f]{64}$/.test(nonce)) return null;
  const bytes = Buffer.from(nonce, "hex");
  const head = bytes.subarray(0, RANDOM_BYTES + TIME_BYTES);
  if (!timingSafeEqual(bytes.subarray(RANDOM_BYTES + TIME_BYTES), macOf(key, head, terms))) return null;
  const issuedAtMs = head.readUIntBE(RANDOM_BYTES, TIME_BYTES);
  return { issuedAtMs, expiresAtMs: issuedAtMs + NONCE_SECS * 1000 };
}

function macOf(key: SigningKey, head: Buffer, terms: NonceTerms): Buffer {
  const { address, domain, chainId, packageAddress } = terms;
  const about = JSON.stringify([head.toString("hex"), address, domain, chainId, packageAddress]);
  return key.mac("nonce", about).subarray(0, MAC_BYTES);
}
