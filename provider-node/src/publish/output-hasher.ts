/**
 * The two commitments of docs/protocol.md to a packed output, computed while it streams by.
 * It doesn't know files; it must agree with `outputRoot` of the protocol, which takes the whole pack at once.
 */
import { createHash } from "node:crypto";
import { createLeafHasher, treeRoot } from "./output-tree.ts";

export interface OutputHasher {
  update(bytes: Uint8Array): void;
  /** 32 bytes each as 0x-hex. Call once. */
  digest(): { sha256: string; root: string };
}

export function createOutputHasher(): OutputHasher {
  const whole = createHash("sha256");
  const tree = createLeafHasher();
  return {
    update(bytes) {
      whole.update(bytes);
      tree.update(bytes);
    },
    digest: () => ({
      sha256: `0x${whole.digest("hex")}`,
      root: `0x${treeRoot(tree.leaves()).toString("hex")}`,
    }),
  };
}
