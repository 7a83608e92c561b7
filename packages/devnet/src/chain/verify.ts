/**
 * Checks signatures over a message, off the main thread where node:crypto can.
 * It doesn't know what was signed.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1";
import { latin1, sha3 } from "../codec/bytes.ts";
import type { SignatureCheck } from "./authenticator.ts";

/** DER of SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const MAX_CACHED_KEYS = 10_000;
const keys = new Map<string, KeyObject>();

function ed25519Key(bytes: Buffer): KeyObject {
  const id = latin1(bytes);
  const cached = keys.get(id);
  if (cached) return cached;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: "der", type: "spki" });
  if (keys.size >= MAX_CACHED_KEYS) keys.clear();
  keys.set(id, key);
  return key;
}

export async function isValidSignature(check: SignatureCheck, message: Uint8Array): Promise<boolean> {
  if (check.key.kind === "secp256k1_ecdsa") {
    try {
      return secp256k1.verify(check.signature, sha3(message), check.key.bytes, { lowS: true });
    } catch {
      return false;
    }
  }
  let key: KeyObject;
  try {
    key = ed25519Key(check.key.bytes);
  } catch {
    return false;
  }
  return new Promise((resolve) => {
    verify(null, message, key, check.signature, (error, valid) => resolve(!error && valid));
  });
}

export async function areValidSignatures(
  checks: SignatureCheck[] | null,
  message: Uint8Array,
): Promise<boolean> {
  if (!checks) return false;
  const results = await Promise.all(checks.map((check) => isValidSignature(check, message)));
  return results.every(Boolean);
}
