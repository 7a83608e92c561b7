import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OUTPUT_CHUNK_BYTES, outputProof, outputRoot, toHex } from "@computestream/protocol";
import { describe, expect, it } from "vitest";
import { proveChunk } from "./find-pack.ts";
import { createLeafHasher, inclusionProof, treeRoot } from "./output-tree.ts";
import { packPath } from "./pack.ts";
import type { OutputStore } from "./store.ts";

const packOf = (size: number) => Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255);
const newDir = () => mkdtempSync(join(tmpdir(), "find-pack-"));

const storeWith = (uri: string, bytes: Uint8Array): OutputStore => ({
  name: "s3",
  put: async () => uri,
  get: async (asked) =>
    asked !== uri
      ? null
      : (async function* () {
          yield bytes;
        })(),
});
const unreachable: OutputStore = {
  name: "ipfs",
  put: async () => "ipfs://x",
  get: async (uri) => {
    if (uri.startsWith("ipfs:")) throw new Error("no answer");
    return null;
  },
};

describe("the tree made while bytes stream by", () => {
  it.each([1, 2, 3, 5, 8, 13])("of %d chunks has the protocol's root and proofs", (chunks) => {
    const pack = packOf((chunks - 1) * OUTPUT_CHUNK_BYTES + 77);
    const tree = createLeafHasher();
    // In parts that fit no chunk.
    for (let at = 0; at < pack.length; at += 10_007) tree.update(pack.subarray(at, at + 10_007));
    const leaves = tree.leaves();
    expect(treeRoot(leaves).toString("hex")).toBe(toHex(outputRoot(pack)).slice(2));
    for (let index = 0; index < chunks; index += 1) {
      expect(inclusionProof(leaves, index).map(toHex)).toEqual(outputProof(pack, index).map(toHex));
    }
  });
});

describe("a challenged chunk", () => {
  const pack = packOf(2 * OUTPUT_CHUNK_BYTES + 100);
  const committed = { uris: ["ipfs://x", "s3://b/k"], root: toHex(outputRoot(pack)), bytes: pack.length };
  const find = (dir: string, stores: OutputStore[], index = 2) => {
    const missed: string[] = [];
    const found = proveChunk(committed, index, {
      dir,
      stores,
      signal: AbortSignal.timeout(10_000),
      onMiss: (place) => missed.push(place),
    });
    return { found, missed };
  };

  it("comes from the pack that was kept, without asking a store", async () => {
    const dir = newDir();
    writeFileSync(packPath(dir), pack);
    const { found, missed } = find(dir, []);
    const { chunk, proof } = await found;
    expect(toHex(chunk)).toBe(toHex(pack.subarray(2 * OUTPUT_CHUNK_BYTES)));
    expect(proof.map(toHex)).toEqual(outputProof(pack, 2).map(toHex));
    expect(missed).toEqual([]);
  });

  it("is fetched back from the first store that still has it, and kept", async () => {
    const dir = newDir();
    const { found, missed } = find(dir, [unreachable, storeWith("s3://b/k", pack)], 0);
    expect(toHex((await found).chunk)).toBe(toHex(pack.subarray(0, OUTPUT_CHUNK_BYTES)));
    expect(missed).toEqual([packPath(dir), "ipfs://x"]);
    expect(readFileSync(packPath(dir)).equals(pack)).toBe(true);
  });

  it.each([
    ["other bytes", Uint8Array.from(pack).fill(0, 5, 6)],
    ["fewer bytes", pack.subarray(1)],
    ["more bytes", Uint8Array.from([...pack, 0])],
  ])("isn't taken from a copy with %s", async (_what, copy) => {
    const dir = newDir();
    writeFileSync(packPath(dir), copy);
    await expect(find(dir, [storeWith("s3://b/k", copy)]).found).rejects.toMatchObject({
      code: "OUTPUT_LOST",
      retryable: true,
    });
  });
});
