/**
 * A node of the devnet's own REST server over a ledger of transactions that the VM has run, one history at a time.
 * It doesn't check signatures or gas money: the histories are of accounts without keys. Versions are shown as told.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ChainClient, createChainClient } from "@computestream/protocol/client";
import { CHAIN_ID, PACKAGE } from "../../move/fuzz/model/attestation.ts";
import type { Chain as NodeChain } from "../../packages/devnet/src/chain/chain.ts";
import { renderEvents } from "../../packages/devnet/src/chain/executor.ts";
import { createLedger } from "../../packages/devnet/src/chain/ledger.ts";
import { createModules } from "../../packages/devnet/src/chain/modules.ts";
import { decodeSignedTransaction } from "../../packages/devnet/src/chain/transaction.ts";
import { BcsWriter } from "../../packages/devnet/src/codec/bcs.ts";
import { parseAddress } from "../../packages/devnet/src/codec/bytes.ts";
import { createNodeServer } from "../../packages/devnet/src/rest/app.ts";
import { deploymentOf } from "./hand-written-chain.ts";
import type { Played, ProtocolHistories } from "./protocol-histories.ts";

export interface ProtocolNode {
  /** The protocol's client, as the indexer has it. */
  readonly client: ChainClient;
  /** The newest version that the node tells of. */
  readonly head: bigint;
  /** Makes the next `count` transactions known. */
  reveal(count: number): void;
  close(): Promise<void>;
}

const GAS_UNITS = 100n;
const ENTRY_FUNCTION = 2;

export async function startProtocolNode(
  { chain: { vm, assets, genesis } }: ProtocolHistories,
  transactions: Played[],
): Promise<ProtocolNode> {
  const ledger = createLedger();
  const first = transactions[0]?.run.at.now ?? 0n;
  const nothing = { success: true, vmStatus: "Executed successfully", gasUsed: 0n, writes: [] };
  // Framework and package are there from the start.
  ledger.add(ledger.prepare(null, Number(first) * 1_000_000, { ...nothing, eventsJson: "[]" }).entry);

  function commit({ run }: Played, sequence: number): void {
    const { ok, gasUsed } = run.result;
    const { entry } = ledger.prepare(
      decodeSignedTransaction(bytesOf(run, sequence)),
      Math.max(Number(run.at.now) * 1_000_000, ledger.last.timestampUsecs + 1),
      {
        success: ok,
        vmStatus: run.result.ok ? nothing.vmStatus : run.result.vmStatus,
        gasUsed,
        eventsJson: renderEvents(run.result.ok ? run.result.events : [], gasUsed, GAS_UNITS),
        writes: [],
      },
    );
    ledger.add(entry);
  }

  const shown: Partial<NodeChain> = {
    chainId: CHAIN_ID,
    vm,
    ledger,
    modules: createModules(vm),
    state: genesis as unknown as NodeChain["state"],
    nowUsecs: () => ledger.last.timestampUsecs,
  };
  const server = createNodeServer({
    chain: shown as NodeChain,
    faucet: undefined as never,
    developerEndpoints: false,
    onError: (message, error) => console.error(message, error),
  });
  const port = await listen(server);
  const asset = { address: assets[0] ?? "", symbol: "A", decimals: 6 };
  const nodeUrl = `http://127.0.0.1:${port}/v1`;
  const client = createChainClient({
    deployment: deploymentOf({ chainId: CHAIN_ID, packageAddress: PACKAGE, asset, nodeUrl }),
  });
  return {
    client,
    get head() {
      return BigInt(ledger.length - 1);
    },
    reveal(count) {
      for (let i = 0; i < count; i += 1) {
        const next = transactions[ledger.length - 1];
        if (next) commit(next, ledger.length);
      }
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As it would have been submitted, with nobody's signature. */
function bytesOf({ sender, moduleAddress, module, name, args }: Played["run"], sequence: number): Uint8Array {
  return new BcsWriter(512)
    .raw(parseAddress(sender) as Uint8Array)
    .u64(BigInt(sequence))
    .uleb(ENTRY_FUNCTION)
    .raw(moduleAddress)
    .str(module)
    .str(name)
    .vector([], () => undefined)
    .vector(args, (writer, arg) => writer.bytes(arg))
    .u64(200_000n)
    .u64(GAS_UNITS)
    .u64(2_000_000_000n)
    .u8(CHAIN_ID)
    .uleb(0)
    .bytes(new Uint8Array(32))
    .bytes(new Uint8Array(64))
    .finish();
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}
