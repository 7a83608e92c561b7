import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { OUTPUT_CHUNK_BYTES, outputChunkCount, outputProof, outputRoot, outputSha256 } from "./output.ts";

const hash = (...parts: Array<Uint8Array | number>) => {
  const sha = createHash("sha256");
  for (const part of parts) sha.update(typeof part === "number" ? Uint8Array.of(part) : part);
  return Uint8Array.from(sha.digest());
};
/** ULEB128 of what a chunk can be long: 16,384 is 0x80 0x80 0x01. */
const lengthBytes = (n: number) =>
  n < 128 ? [n] : n < 16_384 ? [(n & 127) | 128, n >> 7] : [(n & 127) | 128, ((n >> 7) & 127) | 128, n >> 14];
const leaf = (chunk: Uint8Array) => hash(0, ...lengthBytes(chunk.length), chunk);
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

describe("outputChunkCount", () => {
  it("counts a short last chunk and none for nothing", () => {
    expect([0, 1, 16_383, 16_384, 16_385, 32_768, 32_769].map(outputChunkCount)).toEqual([
      0, 1, 1, 1, 2, 2, 3,
    ]);
  });
});

describe("outputProof", () => {
  const [a, b, c, d, e, f] = pack(7).leaves as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const ab = node(a, b);
  const cd = node(c, d);
  const ef = node(e, f);
  const abcd = node(ab, cd);

  it("of a single chunk is empty", () => {
    expect(outputProof(pack(1, 5).bytes, 0)).toEqual([]);
    expect(outputProof(pack(1).bytes, 0)).toEqual([]);
  });

  it("lists the siblings from the leaf up", () => {
    const [, last] = pack(2, 1).leaves as [Uint8Array, Uint8Array];
    const two = pack(2, 1).bytes;
    expect([0, 1].map((i) => outputProof(two, i))).toEqual([[last], [a]]);

    const short = leaf(new Uint8Array(100).fill(3));
    const three = pack(3, 100).bytes;
    expect([0, 1, 2].map((i) => outputProof(three, i))).toEqual([[b, short], [a, short], [ab]]);
  });

  it("leaves out the levels on which a chunk's branch has no sibling", () => {
    const five = pack(5).bytes;
    expect([0, 1, 2, 3, 4].map((i) => outputProof(five, i))).toEqual([
      [b, cd, e],
      [a, cd, e],
      [d, ab, e],
      [c, ab, e],
      [abcd],
    ]);

    const g = leaf(Uint8Array.of(7));
    const efg = node(ef, g);
    const seven = pack(7, 1).bytes;
    expect([0, 1, 2, 3, 4, 5, 6].map((i) => outputProof(seven, i))).toEqual([
      [b, cd, efg],
      [a, cd, efg],
      [d, ab, efg],
      [c, ab, efg],
      [f, g, abcd],
      [e, g, abcd],
      [ef, abcd],
    ]);
  });

  it("leads from every chunk of every size to the root", () => {
    for (let count = 1; count <= 17; count++) {
      const { bytes, leaves } = pack(count, 9);
      for (let i = 0; i < count; i++) {
        const path = outputProof(bytes, i);
        expect(rootFrom(leaves[i] as Uint8Array, i, count, path)).toEqual(outputRoot(bytes));
      }
    }
  });

  it("refuses a chunk the pack doesn't have", () => {
    for (const index of [-1, 3, 0.5, Number.NaN, 2 ** 32]) {
      expect(() => outputProof(pack(3).bytes, index)).toThrow(RangeError);
    }
    expect(() => outputProof(new Uint8Array(), 0)).toThrow(
      "The output has 0 chunks and none with the number 0.",
    );
  });
});

/** By RFC 9162's definition of the path: split at the largest power of two below `count`, the sibling tree last. */
function rootFrom(own: Uint8Array, index: number, count: number, path: Uint8Array[]): Uint8Array {
  if (count === 1) {
    expect(path).toEqual([]);
    return own;
  }
  const sibling = path.at(-1) as Uint8Array;
  const split = 2 ** Math.floor(Math.log2(count - 1));
  return index < split
    ? node(rootFrom(own, index, split, path.slice(0, -1)), sibling)
    : node(sibling, rootFrom(own, index - split, count - split, path.slice(0, -1)));
}

describe("outputSha256", () => {
  it("is SHA-256 of the pack", () => {
    expect(outputSha256(new TextEncoder().encode("abc"))).toEqual(
      Uint8Array.from(Buffer.from("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "hex")),
    );
  });
});
