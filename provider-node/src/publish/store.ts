/**
 * What a place for outputs must do, and how a copy read back is compared with what was sent.
 * It doesn't know S3 or IPFS.
 */
import { createHash } from "node:crypto";
import { NodeError } from "../errors.ts";
import type { PackedOutput } from "./pack.ts";

export interface OutputStore {
  readonly name: "s3" | "ipfs";
  /**
   * Uploads, reads back, compares, and gives the URI for the chain. Idempotent. Throws `NodeError` (retryable), also
   * when `signal` aborts: a store that takes the connection and never answers must not keep a job for ever.
   */
  put(job: string, pack: PackedOutput, signal: AbortSignal): Promise<string>;
  /** The bytes at one of its URIs, unchecked; null when the URI is another store's. Throws when it can't be read. */
  get(uri: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | null>;
}

/** Throws `OUTPUT_MISMATCH` (retryable) unless the stream holds exactly the pack. */
export async function verifyCopy(copy: AsyncIterable<Uint8Array>, pack: PackedOutput, where: string) {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of copy) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes > pack.bytes) break;
  }
  if (bytes !== pack.bytes || `0x${hash.digest("hex")}` !== pack.sha256) {
    throw new NodeError("OUTPUT_MISMATCH", `${where} gave back other bytes than were sent`, {
      retryable: true,
    });
  }
}
