/**
 * RFC 6962 trees over 16 KiB chunks, made and checked by the RFC's recursion.
 * It doesn't know where chunks come from.
 */
import { hash } from "node:crypto";
import type { Hex } from "./types.ts";

export const CHUNK_BYTES = 16_384n;

const sha256 = (...parts: string[]): string => hash("sha256", Buffer.from(parts.join(""), "hex"), "hex");
/** The entries of the tree are chunks after their length in ULEB128. */
function uleb(length: number): string {
  let text = "";
  for (let rest = length; ; rest = Math.floor(rest / 128)) {
    const more = rest >= 128 ? 128 : 0;
    text += ((rest % 128) + more).toString(16).padStart(2, "0");
    if (!more) return text;
  }
}
const leafHash = (chunk: Hex): string => sha256("00", uleb(chunk.length / 2 - 1), chunk.slice(2));
const nodeHash = (left: string, right: string): string => sha256("01", left, right);

export const chunkCount = (size: bigint): bigint => (size + CHUNK_BYTES - 1n) / CHUNK_BYTES;

export function chunkLength(size: bigint, index: bigint): bigint {
  return index + 1n < chunkCount(size) ? CHUNK_BYTES : size - index * CHUNK_BYTES;
}

/** The largest power of two below `count`. */
function split(count: bigint): bigint {
  let k = 1n;
  while (k * 2n < count) k *= 2n;
  return k;
}

function rootOf(leaves: string[]): string {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0] as string;
  const k = Number(split(BigInt(leaves.length)));
  return nodeHash(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

export const joinNodes = (left: Hex, right: Hex): Hex => `0x${nodeHash(left.slice(2), right.slice(2))}`;

export const treeRoot = (chunks: Hex[]): Hex => `0x${rootOf(chunks.map(leafHash))}`;

/** From the leaf's sibling upwards. */
export function treeProof(chunks: Hex[], index: number): Hex[] {
  const path = (leaves: string[], at: number): string[] => {
    if (leaves.length <= 1) return [];
    const k = Number(split(BigInt(leaves.length)));
    return at < k
      ? [...path(leaves.slice(0, k), at), rootOf(leaves.slice(k))]
      : [...path(leaves.slice(k), at - k), rootOf(leaves.slice(0, k))];
  };
  return path(chunks.map(leafHash), index).map((node) => `0x${node}`);
}

/** The root that this proof leads to; null when it is too short or too long. */
function climb(leaf: string, index: bigint, count: bigint, proof: Hex[]): string | null {
  if (count === 1n) return proof.length === 0 ? leaf : null;
  const sibling = proof.at(-1)?.slice(2);
  if (sibling === undefined || sibling.length !== 64) return null;
  const k = split(count);
  const below = proof.slice(0, -1);
  const inner = index < k ? climb(leaf, index, k, below) : climb(leaf, index - k, count - k, below);
  if (inner === null) return null;
  return index < k ? nodeHash(inner, sibling) : nodeHash(sibling, inner);
}

export function provesChunk(root: Hex, size: bigint, index: bigint, chunk: Hex, proof: Hex[]): boolean {
  const top = climb(leafHash(chunk), index, chunkCount(size), proof);
  return top !== null && `0x${top}` === root;
}
