/**
 * Transaction and account authenticators: decoding, authentication keys and the signatures to verify.
 * It doesn't know accounts, so it can't say whether a key is the right one.
 */
import type { BcsReader } from "../codec/bcs.ts";
import { sha3 } from "../codec/bytes.ts";
import { MalformedTransaction } from "./rejection.ts";

export type KeyKind = "ed25519" | "secp256k1_ecdsa";
export interface AnyKey {
  kind: KeyKind;
  bytes: Buffer;
}

export type AccountAuthenticator =
  | { kind: "ed25519"; publicKey: Buffer; signature: Buffer }
  | { kind: "multi_ed25519"; publicKeys: Buffer[]; threshold: number; signatures: Buffer[]; bitmap: Buffer }
  | { kind: "single_key"; publicKey: AnyKey; signature: AnyKey }
  | { kind: "multi_key"; publicKeys: AnyKey[]; required: number; signatures: AnyKey[]; bitmap: Buffer }
  | { kind: "none" };

export type TransactionAuthenticator =
  | { kind: "single"; sender: AccountAuthenticator; enveloped: boolean }
  | { kind: "multi_agent"; sender: AccountAuthenticator; secondary: Secondary[] }
  | {
      kind: "fee_payer";
      sender: AccountAuthenticator;
      secondary: Secondary[];
      feePayer: Secondary;
    };

export interface Secondary {
  address: Buffer;
  authenticator: AccountAuthenticator;
}

/** One signature over one message; `valid` is decided by `verify.ts`. */
export interface SignatureCheck {
  key: AnyKey;
  signature: Buffer;
}

function sized(bytes: Buffer, length: number, what: string): Buffer {
  if (bytes.length !== length)
    throw new MalformedTransaction(`${what} has ${bytes.length} bytes, must have ${length}`);
  return bytes;
}

function readAnyKey(reader: BcsReader): AnyKey {
  const variant = reader.uleb();
  if (variant === 0) return { kind: "ed25519", bytes: sized(reader.bytes(), 32, "Ed25519 public key") };
  if (variant === 1)
    return { kind: "secp256k1_ecdsa", bytes: sized(reader.bytes(), 65, "Secp256k1 public key") };
  throw new MalformedTransaction(`public key variant ${variant} is not supported by this devnet`);
}

function readAnySignature(reader: BcsReader): AnyKey {
  const variant = reader.uleb();
  if (variant === 0) return { kind: "ed25519", bytes: sized(reader.bytes(), 64, "Ed25519 signature") };
  if (variant === 1)
    return { kind: "secp256k1_ecdsa", bytes: sized(reader.bytes(), 64, "Secp256k1 signature") };
  throw new MalformedTransaction(`signature variant ${variant} is not supported by this devnet`);
}

function readMultiEd25519(reader: BcsReader): AccountAuthenticator {
  const keys = reader.bytes();
  const signed = reader.bytes();
  const count = Math.floor(keys.length / 32);
  if (keys.length % 32 !== 1 || count < 1 || count > 32)
    throw new MalformedTransaction("MultiEd25519 public key is malformed");
  if (signed.length % 64 !== 4) throw new MalformedTransaction("MultiEd25519 signature is malformed");
  const at = (bytes: Buffer, size: number) => (_: unknown, i: number) =>
    bytes.subarray(i * size, (i + 1) * size);
  return {
    kind: "multi_ed25519",
    publicKeys: Array.from({ length: count }, at(keys, 32)),
    threshold: keys[keys.length - 1] ?? 0,
    signatures: Array.from({ length: Math.floor(signed.length / 64) }, at(signed, 64)),
    bitmap: signed.subarray(signed.length - 4),
  };
}

function readAccountAuthenticator(reader: BcsReader): AccountAuthenticator {
  const variant = reader.uleb();
  switch (variant) {
    case 0:
      return {
        kind: "ed25519",
        publicKey: sized(reader.bytes(), 32, "Ed25519 public key"),
        signature: sized(reader.bytes(), 64, "Ed25519 signature"),
      };
    case 1:
      return readMultiEd25519(reader);
    case 2:
      return { kind: "single_key", publicKey: readAnyKey(reader), signature: readAnySignature(reader) };
    case 3:
      return {
        kind: "multi_key",
        publicKeys: reader.vector(readAnyKey),
        required: reader.u8(),
        signatures: reader.vector(readAnySignature),
        bitmap: reader.bytes(),
      };
    case 4:
      return { kind: "none" };
    default:
      throw new MalformedTransaction(
        `account authenticator variant ${variant} is not supported by this devnet`,
      );
  }
}

function readSecondaries(reader: BcsReader): Secondary[] {
  const addresses = reader.vector((r) => r.take(32));
  const authenticators = reader.vector(readAccountAuthenticator);
  if (addresses.length !== authenticators.length)
    throw new MalformedTransaction("secondary signer addresses and authenticators differ in number");
  return addresses.map((address, i) => ({
    address,
    authenticator: authenticators[i] ?? { kind: "none" },
  }));
}

export function readTransactionAuthenticator(reader: BcsReader): TransactionAuthenticator {
  const variant = reader.uleb();
  switch (variant) {
    case 0:
      return {
        kind: "single",
        enveloped: false,
        sender: {
          kind: "ed25519",
          publicKey: sized(reader.bytes(), 32, "Ed25519 public key"),
          signature: sized(reader.bytes(), 64, "Ed25519 signature"),
        },
      };
    case 1:
      return { kind: "single", enveloped: false, sender: readMultiEd25519(reader) };
    case 2: {
      const sender = readAccountAuthenticator(reader);
      return { kind: "multi_agent", sender, secondary: readSecondaries(reader) };
    }
    case 3: {
      const sender = readAccountAuthenticator(reader);
      const secondary = readSecondaries(reader);
      const address = reader.take(32);
      return {
        kind: "fee_payer",
        sender,
        secondary,
        feePayer: { address, authenticator: readAccountAuthenticator(reader) },
      };
    }
    case 4:
      return { kind: "single", enveloped: true, sender: readAccountAuthenticator(reader) };
    default:
      throw new MalformedTransaction(`unknown transaction authenticator variant ${variant}`);
  }
}

function anyKeyBcs(key: AnyKey): Buffer {
  return Buffer.concat([Buffer.from([key.kind === "ed25519" ? 0 : 1, key.bytes.length]), key.bytes]);
}

/** 32 bytes the account must hold as its authentication key; null for the signature-less authenticator of simulations. */
export function authenticationKey(authenticator: AccountAuthenticator): Buffer | null {
  switch (authenticator.kind) {
    case "ed25519":
      return sha3(Buffer.concat([authenticator.publicKey, Buffer.from([0])]));
    case "multi_ed25519":
      return sha3(Buffer.concat([...authenticator.publicKeys, Buffer.from([authenticator.threshold, 1])]));
    case "single_key":
      return sha3(Buffer.concat([anyKeyBcs(authenticator.publicKey), Buffer.from([2])]));
    case "multi_key":
      return sha3(
        Buffer.concat([
          Buffer.from([authenticator.publicKeys.length]),
          ...authenticator.publicKeys.map(anyKeyBcs),
          Buffer.from([authenticator.required, 3]),
        ]),
      );
    case "none":
      return null;
  }
}

/** Positions of the set bits, most significant first. */
function bits(bitmap: Buffer): number[] {
  const positions: number[] = [];
  for (let i = 0; i < bitmap.length * 8; i++)
    if (((bitmap[i >> 3] ?? 0) & (0x80 >> (i & 7))) !== 0) positions.push(i);
  return positions;
}

function pair(
  keys: AnyKey[],
  signatures: AnyKey[],
  bitmap: Buffer,
  required: number,
): SignatureCheck[] | null {
  const signers = bits(bitmap);
  if (required < 1 || required > keys.length) return null;
  if (signers.length !== signatures.length || signers.length < required) return null;
  const checks: SignatureCheck[] = [];
  for (const [i, signer] of signers.entries()) {
    const key = keys[signer];
    const signature = signatures[i];
    if (!key || !signature || key.kind !== signature.kind) return null;
    checks.push({ key, signature: signature.bytes });
  }
  return checks;
}

/** Every signature that must hold, or null when the authenticator can't be valid whatever the message. */
export function signatureChecks(authenticator: AccountAuthenticator): SignatureCheck[] | null {
  const ed25519 = (bytes: Buffer): AnyKey => ({ kind: "ed25519", bytes });
  switch (authenticator.kind) {
    case "ed25519":
      return [{ key: ed25519(authenticator.publicKey), signature: authenticator.signature }];
    case "multi_ed25519":
      return pair(
        authenticator.publicKeys.map(ed25519),
        authenticator.signatures.map(ed25519),
        authenticator.bitmap,
        authenticator.threshold,
      );
    case "single_key":
      return authenticator.publicKey.kind === authenticator.signature.kind
        ? [{ key: authenticator.publicKey, signature: authenticator.signature.bytes }]
        : null;
    case "multi_key":
      return pair(
        authenticator.publicKeys,
        authenticator.signatures,
        authenticator.bitmap,
        authenticator.required,
      );
    case "none":
      return null;
  }
}
