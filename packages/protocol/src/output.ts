/**
 * The commitments to a job's packed output, SHA-256 and a Merkle root over fixed chunks, and the proof that a chunk
 * is in it.
 * It doesn't know how the pack is made or where it is stored.
 */
import { sha256 } from "@noble/hashes/sha2.js";

/** Bytes per leaf: small enough that one chunk and its proof fit a transaction. */
export const OUTPUT_CHUNK_BYTES = 16_384;

const concat = (...parts: Uint8Array[]): Uint8Array => {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
};

const LEAF = 0;
const NODE = Uint8Array.of(1);

/** How many chunks `size` bytes make: the last may be short, and no bytes make none. */
export function outputChunkCount(size: number): number {
  return Math.ceil(size / OUTPUT_CHUNK_BYTES);
}

/**
 * What stands before a chunk of that length in its leaf: 0x00, then the length as ULEB128. The tree's entries are the
 * chunks in BCS, so that the chain can put a leaf together natively.
 */
export function outputLeafPrefix(length: number): Uint8Array {
  const bytes = [LEAF];
  for (let rest = length; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** RFC 6962 tree hash (SHA-256, 0x00 before leaves, 0x01 before nodes) over `OUTPUT_CHUNK_BYTES` chunks in BCS. */
export function outputRoot(pack: Uint8Array): Uint8Array {
  const levels = treeLevels(pack);
  return levels.at(-1)?.[0] ?? sha256(new Uint8Array());
}

/**
 * The inclusion proof of chunk `index` (RFC 9162 2.1.3.1): the siblings from the leaf up to below `outputRoot(pack)`.
 * Throws a RangeError where the pack has no such chunk.
 */
export function outputProof(pack: Uint8Array, index: number): Uint8Array[] {
  const count = outputChunkCount(pack.length);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(`The output has ${count} chunks and none with the number ${index}.`);
  }
  const proof: Uint8Array[] = [];
  let at = index;
  for (const level of treeLevels(pack)) {
    // The last of an odd number goes up as it is, without a sibling.
    const sibling = level[at ^ 1];
    if (sibling) proof.push(sibling);
    at >>>= 1;
  }
  return proof;
}

/** From the leaves up to the root alone; none for no bytes. */
function treeLevels(pack: Uint8Array): Uint8Array[][] {
  let level: Uint8Array[] = [];
  for (let at = 0; at < pack.length; at += OUTPUT_CHUNK_BYTES) {
    const chunk = pack.subarray(at, at + OUTPUT_CHUNK_BYTES);
    level.push(sha256(concat(outputLeafPrefix(chunk.length), chunk)));
  }
  if (level.length === 0) return [];
  const levels = [level];
  while (level.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Uint8Array;
      const right = level[i + 1];
      above.push(right ? sha256(concat(NODE, left, right)) : left);
    }
    level = above;
    levels.push(level);
  }
  return levels;
}

export function outputSha256(pack: Uint8Array): Uint8Array {
  return sha256(pack);
}
