/**
 * A provider's GPUs as the chain knows them: a commitment for each device, and bit masks over their indices.
 * It doesn't know drivers: what a device's identifier is, the provider node finds out.
 */
import { sha3_256 } from "@noble/hashes/sha3.js";
import { normalizeAddress, toHex } from "./primitives.ts";

export const DEVICE_DOMAIN = "computestream::device.v1";
/** GPUs of one machine; masks are u64. */
export const MAX_GPUS = 64;

/**
 * 32 bytes as hex that stand on chain for one device. The same owner, identifier and salt always give the same one,
 * which is how a device that serves two jobs at a time is found out; without the salt nobody learns the identifier.
 * So an owner keeps one secret salt for all its machines.
 */
export function deviceCommitment(owner: string, uuid: string, salt: string): string {
  if (/\n/.test(uuid) || /\n/.test(salt))
    throw new RangeError("a device's identifier and salt are one line each");
  const text = `${DEVICE_DOMAIN}\nowner: ${normalizeAddress(owner)}\ndevice: ${uuid}\nsalt: ${salt}`;
  return toHex(sha3_256(new TextEncoder().encode(text)));
}

export function gpuMaskOf(indices: number[]): bigint {
  return indices.reduce((mask, index) => {
    if (!Number.isInteger(index) || index < 0 || index >= MAX_GPUS) throw new RangeError(`no GPU ${index}`);
    return mask | (1n << BigInt(index));
  }, 0n);
}

/** In rising order. */
export function gpuIndicesOf(mask: bigint): number[] {
  return Array.from({ length: MAX_GPUS }, (_, index) => index).filter(
    (index) => (mask >> BigInt(index)) & 1n,
  );
}

export function countGpus(mask: bigint): number {
  return gpuIndicesOf(mask).length;
}

/** The lowest `gpus` free GPUs as a mask for `accept`, or null when that many aren't free. */
export function chooseGpus(p: { gpuCount: bigint; busyMask: bigint; gpus: bigint }): bigint | null {
  const free = gpuIndicesOf(((1n << p.gpuCount) - 1n) & ~p.busyMask);
  return BigInt(free.length) < p.gpus ? null : gpuMaskOf(free.slice(0, Number(p.gpus)));
}
