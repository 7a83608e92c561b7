/**
 * A wallet's key and signature as the indexer's sign-in takes them: the kind of key, and the bytes of both as hex.
 * It doesn't verify them, nor know what was signed.
 */
import {
  AnyPublicKey,
  AnySignature,
  Ed25519PublicKey,
  Ed25519Signature,
  MultiEd25519PublicKey,
  MultiEd25519Signature,
  MultiKey,
  MultiKeySignature,
} from "@aptos-labs/ts-sdk";
import type { WalletSignature } from "@computestream/protocol/session";

const hex = (bytes: Uint8Array): string =>
  `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

/** Throws a sentence for a kind of key that can't sign in. */
export function keyAndSignature(key: unknown, signature: unknown): Omit<WalletSignature, "fullMessage"> {
  if (key instanceof Ed25519PublicKey) {
    // Some wallets wrap every signature, also of an account that isn't a single-key one.
    const inner = signature instanceof AnySignature ? signature.signature : signature;
    if (inner instanceof Ed25519Signature) {
      return { scheme: "ed25519", publicKey: hex(key.toUint8Array()), signature: hex(inner.toUint8Array()) };
    }
  }
  if (key instanceof MultiEd25519PublicKey && signature instanceof MultiEd25519Signature) {
    return {
      scheme: "multi_ed25519",
      publicKey: hex(key.toUint8Array()),
      signature: hex(signature.toUint8Array()),
    };
  }
  if (key instanceof AnyPublicKey) {
    const whole = signature instanceof Ed25519Signature ? new AnySignature(signature) : signature;
    if (whole instanceof AnySignature) {
      return { scheme: "single_key", publicKey: hex(key.bcsToBytes()), signature: hex(whole.bcsToBytes()) };
    }
  }
  if (key instanceof MultiKey && signature instanceof MultiKeySignature) {
    return { scheme: "multi_key", publicKey: hex(key.bcsToBytes()), signature: hex(signature.bcsToBytes()) };
  }
  throw new Error(
    "This wallet's account has a kind of key that can't sign in here. Use an account with an Ed25519 or Secp256k1 key.",
  );
}
