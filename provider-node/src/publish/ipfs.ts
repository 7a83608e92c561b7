/**
 * Outputs in IPFS through a Kubo node's RPC API, pinned there.
 * It doesn't know how packs are made or what the chain stores of them.
 */
import { createReadStream } from "node:fs";
import { create } from "kubo-rpc-client";
import { messageOf, NodeError } from "../errors.ts";
import { type OutputStore, verifyCopy } from "./store.ts";

/** Written out: defaults differ between tools and versions, and the CID depends on them. */
export const IPFS_ADD_OPTIONS = {
  cidVersion: 1,
  rawLeaves: true,
  chunker: "size-262144",
  hashAlg: "sha2-256",
  wrapWithDirectory: false,
  pin: true,
} as const;

export function createIpfsStore(apiUrl: string): OutputStore {
  const client = create({ url: apiUrl });
  return {
    name: "ipfs",
    async put(_job, pack, signal) {
      const content = createReadStream(pack.path);
      try {
        const { cid } = await client.add({ content }, { ...IPFS_ADD_OPTIONS, signal });
        await verifyCopy(client.cat(cid, { signal }), pack, "IPFS");
        return `ipfs://${cid.toString()}`;
      } catch (cause) {
        if (cause instanceof NodeError) throw cause;
        throw new NodeError("STORE_UNREACHABLE", `IPFS: ${messageOf(cause)}`, {
          retryable: true,
          remedy: "Check IPFS_API_URL.",
          cause,
        });
      } finally {
        content.destroy();
      }
    },
    async get(uri, signal) {
      const prefix = "ipfs://";
      return uri.startsWith(prefix) ? client.cat(uri.slice(prefix.length), { signal }) : null;
    },
  };
}
