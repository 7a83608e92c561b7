/**
 * A published output found again, on this machine or in the stores, and one of its chunks with its proof.
 * It doesn't know who asks; what isn't byte for byte what was committed to counts as not found.
 */
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { OUTPUT_CHUNK_BYTES } from "@computestream/protocol";
import { messageOf, NodeError } from "../errors.ts";
import { createLeafHasher, inclusionProof, treeRoot } from "./output-tree.ts";
import { packPath } from "./pack.ts";
import type { OutputStore } from "./store.ts";

/** What stands on chain of an output. */
export interface CommittedOutput {
  uris: string[];
  /** 0x-hex, 32 bytes. */
  root: string;
  bytes: number;
}

export interface ChunkProof {
  chunk: Uint8Array;
  proof: Uint8Array[];
}

export interface FindOptions {
  /** Where the pack was made; a copy that is fetched back is kept there. */
  dir: string;
  stores: OutputStore[];
  signal: AbortSignal;
  /** A place that hasn't got it. */
  onMiss?(place: string, message: string): void;
}

/** Throws `OUTPUT_LOST` (retryable) when no place gives back what was committed to. */
export async function proveChunk(
  output: CommittedOutput,
  index: number,
  options: FindOptions,
): Promise<ChunkProof> {
  const { dir, onMiss } = options;
  const local = packPath(dir);
  const sources = [
    { place: local, bring: async () => local },
    ...output.uris.map((uri) => ({ place: uri, bring: () => fetchBack(uri, output, options) })),
  ];
  for (const { place, bring } of sources) {
    try {
      return await readChunk(await bring(), output, index);
    } catch (error) {
      options.signal.throwIfAborted();
      onMiss?.(place, messageOf(error));
    }
  }
  throw new NodeError("OUTPUT_LOST", "no copy of the output is what was committed to", { retryable: true });
}

async function readChunk(path: string, output: CommittedOutput, index: number): Promise<ChunkProof> {
  const tree = createLeafHasher();
  for await (const bytes of createReadStream(path)) tree.update(bytes as Buffer);
  const leaves = tree.leaves();
  if (`0x${treeRoot(leaves).toString("hex")}` !== output.root) {
    throw new NodeError("OUTPUT_MISMATCH", "its root isn't the one on chain");
  }
  const at = index * OUTPUT_CHUNK_BYTES;
  const chunk = new Uint8Array(Math.max(0, Math.min(OUTPUT_CHUNK_BYTES, output.bytes - at)));
  const file = await open(path);
  try {
    await file.read(chunk, 0, chunk.length, at);
  } finally {
    await file.close();
  }
  return { chunk, proof: inclusionProof(leaves, index) };
}

async function fetchBack(uri: string, output: CommittedOutput, options: FindOptions): Promise<string> {
  const copy = await firstOf(options.stores, (store) => store.get(uri, options.signal));
  if (!copy) throw new NodeError("STORE_UNKNOWN", "no store of this node has such addresses");
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const path = join(options.dir, "output.fetched");
  try {
    await pipeline(
      copy,
      (source: AsyncIterable<Uint8Array>) => atMost(source, output.bytes),
      createWriteStream(path, { mode: 0o600 }),
      {
        signal: options.signal,
      },
    );
    await rename(path, packPath(options.dir));
    return packPath(options.dir);
  } finally {
    await rm(path, { force: true });
  }
}

async function firstOf<T, R>(items: T[], ask: (item: T) => Promise<R | null>): Promise<R | null> {
  for (const item of items) {
    const answer = await ask(item);
    if (answer !== null) return answer;
  }
  return null;
}

/** A store that gives back more than was sent must not fill the disk. */
async function* atMost(source: AsyncIterable<Uint8Array>, limitBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const part of source) {
    bytes += part.length;
    if (bytes > limitBytes) throw new NodeError("OUTPUT_MISMATCH", "the copy is longer than the output");
    yield part;
  }
}
