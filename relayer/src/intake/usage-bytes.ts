/**
 * The bytes of a usage that a signature is checked against, made fast: what doesn't change of a job is made once.
 * It doesn't check signatures.
 */
import { encodeUsage, fromHex, type SignedUsage } from "@computestream/protocol";

const NO_ROOT = `0x${"00".repeat(32)}`;
/** seq, seconds and time, then the log root with its length before it. */
const TAIL_BYTES = 3 * 8 + 1 + 32;
const JOBS_MAX = 50_000;

export type UsageEncoder = (usage: SignedUsage, termsHash: string) => Uint8Array;

/** The same bytes as `encodeUsage`'s. The log root must be 32 bytes. */
export function createUsageEncoder(chain: { chainId: number; packageAddress: string }): UsageEncoder {
  const heads = new Map<string, { termsHash: string; bytes: Uint8Array }>();

  function headOf(job: string, termsHash: string): Uint8Array {
    const known = heads.get(job);
    if (known?.termsHash === termsHash) return known.bytes;
    const empty = { job, termsHash, seq: 0n, secondsCum: 0n, tLast: 0n, logRoot: NO_ROOT };
    const bytes = encodeUsage({ ...chain, ...empty }).slice(0, -TAIL_BYTES);
    if (heads.size >= JOBS_MAX) heads.delete(heads.keys().next().value as string);
    heads.set(job, { termsHash, bytes });
    return bytes;
  }

  return ({ job, seq, secondsCum, tLast, logRoot }, termsHash) => {
    const head = headOf(job, termsHash);
    const bytes = Buffer.allocUnsafe(head.length + TAIL_BYTES);
    bytes.set(head);
    let at = bytes.writeBigUInt64LE(seq, head.length);
    at = bytes.writeBigUInt64LE(secondsCum, at);
    at = bytes.writeBigUInt64LE(tLast, at);
    at = bytes.writeUInt8(32, at);
    bytes.set(fromHex(logRoot), at);
    return bytes;
  };
}
