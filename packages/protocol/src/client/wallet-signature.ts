/**
 * Whether a wallet's key signed a text, and which authentication key that is: every kind of key that needs no network.
 * It doesn't know accounts: whether the authentication key is one's is the chain's to say.
 */
import {
  AnyPublicKey,
  AnyPublicKeyVariant,
  AnySignature,
  Deserializer,
  Ed25519PublicKey,
  Ed25519Signature,
  MultiEd25519PublicKey,
  MultiEd25519Signature,
  MultiKey,
  MultiKeySignature,
} from "@aptos-labs/ts-sdk";
import type { KeyScheme } from "../api/index.ts";
import { fromHex } from "../primitives.ts";

/** Keyless accounts and passkeys are proven otherwise, with parts that aren't in the signature. */
const PLAIN = [AnyPublicKeyVariant.Ed25519, AnyPublicKeyVariant.Secp256k1];

/** The authentication key as 0x and 64 hex digits, or null when the signature isn't this key's over this text. */
export function verifiedAuthenticationKey(p: {
  scheme: KeyScheme;
  publicKey: string;
  signature: string;
  text: string;
}): string | null {
  const message = new TextEncoder().encode(p.text);
  try {
    const [key, signature] = [fromHex(p.publicKey), fromHex(p.signature)];
    switch (p.scheme) {
      case "ed25519": {
        const publicKey = new Ed25519PublicKey(key);
        const valid = publicKey.verifySignature({ message, signature: new Ed25519Signature(signature) });
        return valid ? publicKey.authKey().toString() : null;
      }
      case "multi_ed25519": {
        const publicKey = whole(key, MultiEd25519PublicKey.deserializeWithoutLength);
        const signed = multiEd25519Signature(signature);
        return publicKey.verifySignature({ message, signature: signed })
          ? publicKey.authKey().toString()
          : null;
      }
      case "single_key": {
        const publicKey = whole(key, AnyPublicKey.deserialize);
        const signed = whole(signature, AnySignature.deserialize);
        if (!isPlain(publicKey) || !publicKey.verifySignature({ message, signature: signed })) return null;
        return publicKey.authKey().toString();
      }
      case "multi_key": {
        const publicKey = whole(key, MultiKey.deserialize);
        const signed = whole(signature, MultiKeySignature.deserialize);
        if (!publicKey.publicKeys.every(isPlain)) return null;
        return publicKey.verifySignature({ message, signature: signed })
          ? publicKey.authKey().toString()
          : null;
      }
    }
  } catch {
    // Bytes that are no key or no signature: too short, too long, not on the curve, another kind.
    return null;
  }
}

/** Signatures one after the other, then four bytes that say whose they are. */
function multiEd25519Signature(bytes: Uint8Array): MultiEd25519Signature {
  const end = bytes.length - MultiEd25519Signature.BITMAP_LEN;
  const signatures: Ed25519Signature[] = [];
  for (let at = 0; at < end; at += Ed25519Signature.LENGTH) {
    signatures.push(new Ed25519Signature(bytes.subarray(at, Math.min(at + Ed25519Signature.LENGTH, end))));
  }
  return new MultiEd25519Signature({ signatures, bitmap: bytes.subarray(end) });
}

function isPlain({ variant }: AnyPublicKey): boolean {
  return PLAIN.includes(variant);
}

function whole<T>(bytes: Uint8Array, deserialize: (deserializer: Deserializer) => T): T {
  const deserializer = new Deserializer(bytes);
  const value = deserialize(deserializer);
  if (deserializer.remaining() !== 0) throw new RangeError("bytes left over");
  return value;
}
