/**
 * UsageV1: the bytes a provider signs each second and a buyer may countersign, and their JSON form between services.
 * It doesn't know the watermark on chain: whether an attestation is new is the chain's and the relayer's question.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { z } from "zod";
import { bytesField, concat, exactly, u8, u64 } from "./bcs.ts";
import { fromHex, toHex, zAddress, zHash32, zHex, zU64 } from "./primitives.ts";

export const USAGE_DOMAIN = "computestream::usage.v1";

/** How far `tLast` may be ahead of the chain's clock: the chain refuses more (`E_AHEAD_OF_TIME`) and would take it later. */
export const CLOCK_SKEW_SECS = 30n;

/** Hashes are 32 bytes as hex; addresses normalised; integers u64. */
export interface UsageV1 {
  chainId: number;
  packageAddress: string;
  job: string;
  termsHash: string;
  /** Strictly rising; one signature a value, ever. */
  seq: bigint;
  /** Whole seconds the container has run since the stream opened. */
  secondsCum: bigint;
  /** Unix seconds of the newest second told. */
  tLast: bigint;
  logRoot: string;
}

/** What the chain needs beside the job to settle; `signature` is 64 bytes as hex. */
export interface SignedUsage extends Pick<UsageV1, "job" | "seq" | "secondsCum" | "tLast" | "logRoot"> {
  signature: string;
}

/**
 * A usage whose seconds the buyer confirms too; `countersignature` is 64 bytes as hex. A type of its own, because a
 * payment with a bad countersignature is refused as a whole: whoever passes one on must have verified it.
 */
export interface CountersignedUsage extends SignedUsage {
  countersignature: string;
}

const zSignature = zHex.refine((hex) => hex.length === 130, "must be 64 bytes");

/** The JSON form of a `SignedUsage` on every wire. */
export const zSignedUsage = z.object({
  job: zAddress,
  seq: zU64,
  secondsCum: zU64,
  tLast: zU64,
  logRoot: zHash32,
  signature: zSignature,
});

/** The JSON form of a `CountersignedUsage`. */
export const zCountersignedUsage = zSignedUsage.extend({ countersignature: zSignature });

export function signedUsageToJson(usage: SignedUsage): z.input<typeof zSignedUsage> {
  return {
    job: usage.job,
    seq: usage.seq.toString(),
    secondsCum: usage.secondsCum.toString(),
    tLast: usage.tLast.toString(),
    logRoot: usage.logRoot,
    signature: usage.signature,
  };
}

export function countersignedUsageToJson(usage: CountersignedUsage): z.input<typeof zCountersignedUsage> {
  return { ...signedUsageToJson(usage), countersignature: usage.countersignature };
}

/** BCS of UsageV1, byte for byte what `attestation::usage_message` returns. Throws RangeError on a bad length or range. */
export function encodeUsage(usage: UsageV1): Uint8Array {
  return concat(
    bytesField(new TextEncoder().encode(USAGE_DOMAIN)),
    u8(usage.chainId),
    exactly(32, usage.packageAddress, "packageAddress"),
    exactly(32, usage.job, "job"),
    bytesField(exactly(32, usage.termsHash, "termsHash")),
    u64(usage.seq),
    u64(usage.secondsCum),
    u64(usage.tLast),
    bytesField(exactly(32, usage.logRoot, "logRoot")),
  );
}

/** Signs with a 32-byte Ed25519 seed. */
export function signUsage(usage: UsageV1, privateKey: Uint8Array): SignedUsage {
  const { job, seq, secondsCum, tLast, logRoot } = usage;
  return {
    job,
    seq,
    secondsCum,
    tLast,
    logRoot,
    signature: toHex(ed25519.sign(encodeUsage(usage), privateKey)),
  };
}

/**
 * The buyer's confirmation of a usage: a signature over the same bytes as the provider's, made with the 32-byte seed of
 * the job's `buyerKey`. `{ ...signed, countersignature }` is then a `CountersignedUsage`.
 */
export function countersign(usage: UsageV1, buyerSeed: Uint8Array): string {
  return signUsage(usage, buyerSeed).signature;
}

/** `verifyUsage` with the job's `buyerKey`; false when the job has none (0x). */
export function verifyCountersignature(
  usage: UsageV1,
  countersignature: string,
  buyerKey: Uint8Array,
): boolean {
  return verifyUsage(usage, countersignature, buyerKey);
}

/** True for exactly the signatures of this usage that Aptos's strict rule takes (the devnet takes a few more); never throws. */
export function verifyUsage(usage: UsageV1, signature: string, publicKey: Uint8Array): boolean {
  try {
    const bytes = fromHex(signature);
    const message = encodeUsage(usage);
    return (
      ed25519.verify(bytes, message, publicKey, { zip215: false }) && isStrict(bytes, message, publicKey)
    );
  } catch {
    return false;
  }
}

/**
 * What `signature_verify_strict` asks beyond noble, which multiplies the equation by the cofactor: neither point of
 * small order, and R = S*B - k*A to the byte. Else the key's owner could make signatures that pass here and fail there.
 */
function isStrict(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  const { Point } = ed25519;
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32));
  const k = littleEndian(sha512(Uint8Array.from([...r, ...publicKey, ...message]))) % Point.Fn.ORDER;
  const key = Point.fromBytes(publicKey);
  if (key.isSmallOrder() || Point.fromBytes(r).isSmallOrder()) return false;
  const expected = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k)).toBytes();
  return r.every((byte, i) => byte === expected[i]);
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
