/**
 * A chain written by hand: it has whatever transactions a test appends and none of the rules of a real one.
 * It stands in for a node where a test needs a history that a real chain would take long to make, or never would.
 */
import { createHash } from "node:crypto";
import { normalizeAddress } from "@computestream/protocol";
import { ChainError, type TransactionRecord } from "@computestream/protocol/client";
import type { Deployment } from "@computestream/protocol/deployment";
import { decodeEvent } from "@computestream/protocol/events";
import type { ChainSource } from "../src/chain/source.ts";

export const PACKAGE = normalizeAddress("0xc0de");
export const ASSET = normalizeAddress("0xa");

/** `module::Name` and the fields as a node's JSON has them. */
export type RawEvent = [type: string, data: Record<string, unknown>];

export interface HandWrittenChain extends ChainSource {
  /** One transaction at `atSecs` chain time; returns its version. */
  append(atSecs: number, events?: RawEvent[]): bigint;
  readonly head: bigint;
  /** Another history under the same chain id, as after a devnet's reset. */
  reset(seed: string): void;
  /** The next `count` reads fail as an unreachable node does. */
  failNext(count: number): void;
  latencyMs: number;
  reads: number;
  /** The market's admin. */
  adminAddress: string;
  /** Authentication keys of accounts that have another than their address. */
  authenticationKeys: Map<string, string>;
  assetMetadataOf: Map<string, { symbol: string; decimals: number }>;
}

export function deploymentOf(overrides: Partial<Deployment> = {}): Deployment {
  return {
    network: "devnet",
    chainId: 4,
    nodeUrl: "http://127.0.0.1:1",
    packageAddress: PACKAGE,
    asset: { address: ASSET, symbol: "MOVE", decimals: 8 },
    deployedAtVersion: "1",
    transactionHash: "0xdeb1",
    deployedAt: "2026-11-21T00:00:00Z",
    modules: {},
    ...overrides,
  };
}

export function createHandWrittenChain(
  deployment: Deployment = deploymentOf(),
  seed = "first",
): HandWrittenChain {
  let records: TransactionRecord[] = [];
  let history = seed;
  let failures = 0;

  async function read<T>(answer: () => T): Promise<T> {
    chain.reads += 1;
    if (chain.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, chain.latencyMs));
    if (failures > 0) {
      failures -= 1;
      throw new ChainError(
        { code: "NODE_UNREACHABLE", module: null, message: "switched off by the test" },
        { retryable: true },
      );
    }
    return answer();
  }

  const chain: HandWrittenChain = {
    deployment,
    latencyMs: 0,
    reads: 0,
    adminAddress: normalizeAddress("0xad"),
    authenticationKeys: new Map(),
    assetMetadataOf: new Map(),
    get head() {
      return BigInt(records.length) - 1n;
    },
    append(atSecs, events = []) {
      const version = BigInt(records.length);
      const hash = `0x${createHash("sha256").update(`${history}:${version}`).digest("hex")}`;
      records.push({
        version,
        hash,
        success: true,
        sender: normalizeAddress("0x1"),
        timestampUsecs: BigInt(atSecs) * 1_000_000n,
        gasUsed: 1n,
        gasUnitPrice: 100n,
        events: events.map(([type, data], index) => {
          const event = decodeEvent(PACKAGE, `${PACKAGE}::${type}`, { ...data, timestamp: String(atSecs) });
          if (!event) throw new Error(`not an event of the package: ${type}`);
          return { position: { version, index, txHash: hash }, event, raw: data };
        }),
      });
      return version;
    },
    reset(newSeed) {
      records = [];
      history = newSeed;
      chain.append(0);
    },
    failNext(count) {
      failures = count;
    },
    async assertChain() {
      await read(() => undefined);
    },
    admin: () => read(() => chain.adminAddress),
    assetMetadata: (asset) =>
      read(() => {
        const metadata = chain.assetMetadataOf.get(asset);
        if (!metadata) throw new Error(`the test says nothing about ${asset}`);
        return metadata;
      }),
    authenticationKey: (address) => read(() => chain.authenticationKeys.get(address) ?? address),
    ledger: () =>
      read(() => {
        const last = records.at(-1);
        return {
          chainId: deployment.chainId,
          version: last?.version ?? 0n,
          timestampUsecs: last?.timestampUsecs ?? 0n,
        };
      }),
    transactions: (start, limit) =>
      read(() => records.slice(Number(start), Number(start) + Math.min(limit, 100))),
  };
  chain.append(0); // version 0: genesis
  return chain;
}
