/**
 * The two commitments of docs/protocol.md to a packed output, computed while it streams by.
 * It doesn't know files; it must agree with `outputRoot` of the protocol, which takes the whole pack at once.
 */
import { createHash } from "node:crypto";
import { OUTPUT_CHUNK_BYTES } from "@computestream/protocol";

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export interface OutputHasher {
  update(bytes: Uint8Array): void;
  /** 32 bytes each as 0x-hex. Call once. */
  digest(): { sha256: string; root: string };
}

export function createOutputHasher(): OutputHasher {
  const whole = createHash("sha256");
  const leaves: Buffer[] = [];
  let chunk = createHash("sha256").update(LEAF);
  let filled = 0;

  return {
    update(bytes) {
      whole.update(bytes);
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + OUTPUT_CHUNK_BYTES - filled);
        chunk.update(part);
        filled += part.length;
        at += part.length;
        if (filled === OUTPUT_CHUNK_BYTES) {
          leaves.push(chunk.digest());
          chunk = createHash("sha256").update(LEAF);
          filled = 0;
        }
      }
    },
    digest() {
      if (filled > 0) leaves.push(chunk.digest());
      return { sha256: `0x${whole.digest("hex")}`, root: `0x${merkleRoot(leaves).toString("hex")}` };
    },
  };
}

function merkleRoot(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return createHash("sha256").digest();
  let level = leaves;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] as Buffer;
      const right = level[i + 1];
      above.push(right ? createHash("sha256").update(NODE).update(left).update(right).digest() : left);
    }
    level = above;
  }
  return level[0] as Buffer;
}
