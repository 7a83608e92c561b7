/**
 * Compares a downloaded output with what stands on chain: SHA-256 and Merkle root, both computed here.
 * It doesn't trust the indexer: the expected values come from the node.
 */
import type { PublicConfig } from "@computestream/protocol/api";
import type { Api } from "./api.ts";
import { ActionError, loadChain } from "./chain.ts";

export interface Verification {
  ok: boolean;
  bytes: number;
  sha256: string;
  expectedSha256: string;
  rootOk: boolean;
}

/** Throws `ActionError` or `ApiError` when it can't be told either way. */
export async function verifyOutput(options: {
  config: PublicConfig;
  api: Api;
  job: string;
  url: string;
  onProgress: (received: number, total: number | null) => void;
}): Promise<Verification> {
  const { config, api, job, url, onProgress } = options;
  const [pack, onChain, output] = await Promise.all([
    api.download(url, onProgress),
    loadChain(config).then((chain) => chain.getJob(job)),
    import("@computestream/protocol/output"),
  ]);
  if (!onChain || onChain.outputSha256 === "0x") {
    throw new ActionError("NO_OUTPUT", "The chain has no output hash for this job.");
  }
  const hex = (bytes: Uint8Array) => `0x${[...bytes].map((b) => b.toString(16).padStart(2, "0")).join("")}`;
  const sha256 = hex(output.outputSha256(pack));
  const rootOk = onChain.outputRoot === "0x" || hex(output.outputRoot(pack)) === onChain.outputRoot;
  return {
    ok: sha256 === onChain.outputSha256 && rootOk,
    bytes: pack.length,
    sha256,
    expectedSha256: onChain.outputSha256,
    rootOk,
  };
}
