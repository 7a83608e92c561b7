/**
 * When an attestation counts: lengths, signature, watermarks, time and the buyer's countersignature, in that order.
 * It doesn't know money, nor who brings the attestation.
 */
import { usageMessage } from "./bcs.ts";
import { type Address, type Context, type Hex, require, type Stream } from "./types.ts";

export interface Attestation {
  seq: bigint;
  secondsCum: bigint;
  tLast: bigint;
  logRoot: Hex;
  signature: Hex;
}

export type Unsigned = Omit<Attestation, "signature">;

export const CHAIN_ID = 4;
export const PACKAGE: Address = `0x${"cafe".padStart(64, "0")}`;

/** How far a provider's clock may be ahead. */
export const MAX_AHEAD_SECS = 30n;

const byteLength = (hex: Hex): number => (hex.length - 2) / 2;

export function messageOf(job: Address, stream: Pick<Stream, "termsHash">, a: Unsigned): Hex {
  return usageMessage({ chainId: CHAIN_ID, module: PACKAGE, job, termsHash: stream.termsHash, ...a });
}

/** Lengths and signature: what any genuine attestation of this stream passes. */
export function checkSigned(ctx: Context, job: Address, stream: Stream, a: Attestation): void {
  require(byteLength(a.logRoot) === 32, "E_LOG_ROOT_LENGTH");
  require(byteLength(a.signature) === 64, "E_SIGNATURE_LENGTH");
  require(ctx.isSigned(stream.attestKey, messageOf(job, stream, a), a.signature), "E_BAD_SIGNATURE");
}

/** Everything; nothing has changed when it aborts. True when the countersignature confirms. */
export function checkAttestation(
  ctx: Context,
  job: Address,
  stream: Stream,
  a: Attestation,
  countersignature: Hex,
): boolean {
  checkSigned(ctx, job, stream, a);
  require(a.seq >= stream.seq, "E_SEQ_BELOW_WATERMARK");
  const { secondsAttested } = stream.meter;
  require(a.seq !== stream.seq || a.secondsCum === secondsAttested, "E_EQUIVOCATION");
  require(a.secondsCum >= secondsAttested, "E_SECONDS_BELOW_WATERMARK");
  require(a.tLast >= stream.startedAt, "E_BEFORE_START");
  require(a.secondsCum <= a.tLast - stream.startedAt, "E_MORE_SECONDS_THAN_TIME");
  require(a.tLast <= ctx.state.now + MAX_AHEAD_SECS, "E_AHEAD_OF_TIME");
  if (byteLength(countersignature) === 0) return false;
  checkCountersignature(ctx, job, stream, a, countersignature);
  return true;
}

export function checkCountersignature(
  ctx: Context,
  job: Address,
  stream: Stream,
  a: Unsigned,
  countersignature: Hex,
): void {
  const isBuyers =
    byteLength(stream.buyerKey) > 0 &&
    ctx.isSigned(stream.buyerKey, messageOf(job, stream, a), countersignature);
  require(isBuyers, "E_BAD_COUNTERSIGNATURE");
}

/** 1: one number, two statements. 2: a later number, fewer seconds. 0: both can be true. */
export function contradiction(a: Attestation, b: Attestation): 0 | 1 | 2 {
  if (a.seq === b.seq) {
    const same = a.secondsCum === b.secondsCum && a.tLast === b.tLast && a.logRoot === b.logRoot;
    return same ? 0 : 1;
  }
  const [older, newer] = a.seq < b.seq ? [a, b] : [b, a];
  return newer.secondsCum < older.secondsCum ? 2 : 0;
}
