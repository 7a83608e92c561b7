/**
 * The Merkle tree over an output's chunks, made while the bytes stream by: a pack may be larger than memory.
 * It doesn't know files; it must agree with `outputRoot` and `outputProof` of the protocol, which take a whole pack.
 */
import { createHash } from "node:crypto";
import { OUTPUT_CHUNK_BYTES, outputLeafPrefix } from "@computestream/protocol";

const NODE = Uint8Array.of(1);

export interface LeafHasher {
  update(bytes: Uint8Array): void;
  /** One hash for each chunk, the last of which may be short. Call once. */
  leaves(): Buffer[];
}

export function createLeafHasher(): LeafHasher {
  const leaves: Buffer[] = [];
  // Kept whole, because a leaf begins with its chunk's length.
  const chunk = Buffer.alloc(OUTPUT_CHUNK_BYTES);
  let filled = 0;
  const close = () => {
    const leaf = createHash("sha256").update(outputLeafPrefix(filled)).update(chunk.subarray(0, filled));
    leaves.push(leaf.digest());
    filled = 0;
  };
  return {
    update(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + OUTPUT_CHUNK_BYTES - filled);
        chunk.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === OUTPUT_CHUNK_BYTES) close();
      }
    },
    leaves() {
      if (filled > 0) close();
      return leaves;
    },
  };
}

export function treeRoot(leaves: Buffer[]): Buffer {
  let level = leaves;
  while (level.length > 1) level = levelAbove(level);
  return level[0] ?? createHash("sha256").digest();
}

/** The siblings of leaf `index`, from the leaf up. */
export function inclusionProof(leaves: Buffer[], index: number): Buffer[] {
  const proof: Buffer[] = [];
  let at = index;
  for (let level = leaves; level.length > 1; level = levelAbove(level)) {
    // The last of an odd number goes up as it is, without a sibling.
    const sibling = level[at ^ 1];
    if (sibling) proof.push(sibling);
    at >>>= 1;
  }
  return proof;
}

function levelAbove(level: Buffer[]): Buffer[] {
  const above: Buffer[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Buffer;
    const right = level[i + 1];
    above.push(right ? createHash("sha256").update(NODE).update(left).update(right).digest() : left);
  }
  return above;
}
