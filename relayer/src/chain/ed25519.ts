/**
 * Ed25519 verification on the thread pool: one attestation a second of every running job passes here.
 * It doesn't know what the bytes mean.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { fromHex } from "@computestream/protocol";

// A SubjectPublicKeyInfo for Ed25519 is this prefix and the 32 raw bytes (RFC 8410).
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const KEY_CACHE_MAX = 10_000;
const keys = new Map<string, KeyObject>();

/** False for a wrong signature and for a key or signature that is none; never throws. */
export function verifyEd25519(
  message: Uint8Array,
  signatureHex: string,
  publicKeyHex: string,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const signature = fromHex(signatureHex);
      if (signature.length !== 64) return resolve(false);
      verify(null, message, publicKey(publicKeyHex), signature, (error, valid) => resolve(!error && valid));
    } catch {
      resolve(false);
    }
  });
}

function publicKey(hex: string): KeyObject {
  const known = keys.get(hex);
  if (known) return known;
  const raw = fromHex(hex);
  if (raw.length !== 32) throw new RangeError("not an Ed25519 public key");
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
  if (keys.size >= KEY_CACHE_MAX) keys.delete(keys.keys().next().value as string);
  keys.set(hex, key);
  return key;
}
