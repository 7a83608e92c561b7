import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OUTPUT_CHUNK_BYTES, outputRoot, outputSha256 } from "./output.ts";

const hash = (...parts: Array<Uint8Array | number>) => {
  const sha = createHash("sha256");
  for (const part of parts) sha.update(typeof part === "number" ? Uint8Array.of(part) : part);
  return Uint8Array.from(sha.digest());
};
const leaf = (chunk: Uint8Array) => hash(0, chunk);
const node = (left: Uint8Array, right: Uint8Array) => hash(1, left, right);

/** `count` chunks, each filled with its number; the last has `lastBytes`. */
function pack(count: number, lastBytes = OUTPUT_CHUNK_BYTES): { bytes: Uint8Array; leaves: Uint8Array[] } {
  const chunks = Array.from({ length: count }, (_, i) =>
    new Uint8Array(i === count - 1 ? lastBytes : OUTPUT_CHUNK_BYTES).fill(i + 1),
  );
  return { bytes: Uint8Array.from(chunks.flatMap((chunk) => [...chunk])), leaves: chunks.map(leaf) };
}

describe("outputRoot", () => {
  it("of nothing is the hash of nothing", () => {
    expect(outputRoot(new Uint8Array())).toEqual(hash());
  });

  it("of one chunk is its leaf", () => {
    const { bytes, leaves } = pack(1, 5);
    expect(outputRoot(bytes)).toEqual(leaves[0]);
  });

  it("of exactly one full chunk is still one leaf", () => {
    const { bytes, leaves } = pack(1);
    expect(outputRoot(bytes)).toEqual(leaves[0]);
  });

  it("of a byte more than a chunk is a node of two leaves", () => {
    const { bytes, leaves } = pack(2, 1);
    const [a, b] = leaves as [Uint8Array, Uint8Array];
    expect(outputRoot(bytes)).toEqual(node(a, b));
  });

  it("of three, five and seven leaves splits at the largest power of two", () => {
    const [a, b, c, d, e, f, g] = pack(7).leaves as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(outputRoot(pack(3).bytes)).toEqual(node(node(a, b), c));
    const four = node(node(a, b), node(c, d));
    expect(outputRoot(pack(5).bytes)).toEqual(node(four, e));
    expect(outputRoot(pack(7).bytes)).toEqual(node(four, node(node(e, f), g)));
  });

  it("tells a leaf that looks like a node from the node", () => {
    const { bytes, leaves } = pack(2);
    const [a, b] = leaves as [Uint8Array, Uint8Array];
    expect(outputRoot(Uint8Array.from([1, ...a, ...b]))).not.toEqual(outputRoot(bytes));
  });
});

describe("outputSha256", () => {
  it("is SHA-256 of the pack", () => {
    expect(outputSha256(new TextEncoder().encode("abc"))).toEqual(
      Uint8Array.from(Buffer.from("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "hex")),
    );
  });
});
