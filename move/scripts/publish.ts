/**
 * Publishes a compiled package: in one transaction where it fits, else gathered on chain and published at once.
 * It doesn't know what is published before, nor whether it should be replaced.
 */
import { fileURLToPath } from "node:url";
import { type Account, type InputEntryFunctionData, parseTypeTag } from "@aptos-labs/ts-sdk";
import { type ChainClient, createNodeApi } from "@computestream/protocol/client";
import type { CompiledPackage } from "./build-package.ts";

/** Of a whole transaction on Movement. */
const TRANSACTION_MAX_BYTES = 64 * 1024;
/** What isn't code or metadata is about 270 bytes with twenty modules. */
const ENVELOPE_BYTES = 400;
/** The chain's own upper bound; unused gas isn't charged, but the account must hold its price. */
export const PUBLISH_MAX_GAS = 2_000_000;
/** Room for the numbers and lengths beside the bytes. */
const CHUNK_OVERHEAD_BYTES = 2_000;

export const STAGING_DIR = fileURLToPath(new URL("../staging", import.meta.url));
const STAGING_PACKAGE = "ComputeStreamStaging";

export interface PublishOptions {
  client: ChainClient;
  account: Account;
  built: CompiledPackage;
  /** Compiles the package that gathers; asked only when it is needed. */
  compileStaging: () => Promise<CompiledPackage>;
  report: (line: string) => void;
  /** Default: what Movement takes. */
  transactionMaxBytes?: number;
}

/** Safe to repeat: what an interrupted run has gathered is dropped. */
export async function publish({
  client,
  account,
  built,
  compileStaging,
  report,
  transactionMaxBytes = TRANSACTION_MAX_BYTES,
}: PublishOptions): Promise<void> {
  const run = (payload: InputEntryFunctionData) =>
    client.execute(account, payload, { maxGasAmount: PUBLISH_MAX_GAS });
  const { packageAddress } = client.deployment;
  const bytes = size(built);
  if (bytes <= transactionMaxBytes - ENVELOPE_BYTES) {
    await run(publishPayload(built));
    return;
  }
  const chunks = split(built, transactionMaxBytes - ENVELOPE_BYTES - CHUNK_OVERHEAD_BYTES);
  report(`${bytes} bytes don't fit one transaction: gathering them in ${chunks.length}`);
  const node = createNodeApi({ nodeUrl: client.deployment.nodeUrl, packageAddress });
  if (!(await node.get(`/accounts/${packageAddress}/module/staging`)).ok) {
    await run(publishPayload(await compileStaging()));
  }
  const call = (name: string, types: string[], args: InputEntryFunctionData["functionArguments"]) =>
    run({
      function: `${packageAddress}::staging::${name}` as `${string}::${string}::${string}`,
      functionArguments: args,
      abi: { signers: 1, typeParameters: [], parameters: types.map((type) => parseTypeTag(type)) },
    });
  await call("begin", ["vector<u8>", "u64"], [built.metadata, BigInt(built.modules.length)]);
  for (const [i, chunk] of chunks.entries()) {
    await call(
      "stage",
      ["vector<u64>", "vector<vector<u8>>"],
      [chunk.map((part) => BigInt(part.number)), chunk.map((part) => part.bytes)],
    );
    report(`gathered ${i + 1} of ${chunks.length}`);
  }
  await call("publish", [], []);
}

/**
 * True for a call that publishes the package: directly, gathered, or with the CLI's `--chunked-publish`; false for the
 * one that publishes the package that gathers.
 */
export function isPublication(calledFunction: string, args: unknown[] = []): boolean {
  if (/::code::publish_package_txn$/.test(calledFunction)) return packageName(args[0]) !== STAGING_PACKAGE;
  return /::(staging::publish|large_packages::stage_code_chunk_and_publish_to_account)$/.test(calledFunction);
}

/** The name at the front of a BCS PackageMetadata as the node's JSON shows it, null when it can't be read. */
function packageName(metadata: unknown): string | null {
  if (typeof metadata !== "string") return null;
  const bytes = Buffer.from(metadata.replace(/^0x/, ""), "hex");
  const length = bytes[0];
  return length === undefined || length > 127 ? null : bytes.subarray(1, 1 + length).toString("utf8");
}

interface Part {
  number: number;
  bytes: Uint8Array;
}

/** The modules' bytes in order, cut so that each list of parts fits a transaction. */
export function split(built: CompiledPackage, chunkBytes: number): Part[][] {
  const chunks: Part[][] = [[]];
  let room = chunkBytes;
  for (const [number, { bytecode }] of built.modules.entries()) {
    for (let at = 0; at < bytecode.length; ) {
      if (room === 0) {
        chunks.push([]);
        room = chunkBytes;
      }
      const bytes = bytecode.subarray(at, at + room);
      chunks.at(-1)?.push({ number, bytes });
      at += bytes.length;
      room -= bytes.length;
    }
  }
  return chunks;
}

function size(built: CompiledPackage): number {
  return built.modules.reduce((sum, { bytecode }) => sum + bytecode.length, built.metadata.length);
}

function publishPayload(built: CompiledPackage): InputEntryFunctionData {
  return {
    function: "0x1::code::publish_package_txn",
    functionArguments: [built.metadata, built.modules.map((module) => module.bytecode)],
    abi: {
      signers: 1,
      typeParameters: [],
      parameters: [parseTypeTag("vector<u8>"), parseTypeTag("vector<vector<u8>>")],
    },
  };
}
