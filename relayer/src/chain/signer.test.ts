import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ChainId,
  Ed25519Account,
  generateTransactionPayloadWithABI,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { type ChainClient, createChainClient, createPayloads } from "@computestream/protocol/client";
import { expect, it } from "vitest";
import { loadSigner } from "./signer.ts";

it("signs what the SDK signs, under the same hash", () => {
  const home = mkdtempSync(join(tmpdir(), "signer-"));
  const account = Ed25519Account.generate();
  const file = join(home, "key.json");
  writeFileSync(file, JSON.stringify({ privateKey: account.privateKey.toHexString() }), { mode: 0o600 });
  const { abi, ...payload } = createPayloads(`0x${"c5".repeat(32)}`).finalize("0x1");
  if (!abi) throw new Error("a payload without its ABI");
  const transaction = new SimpleTransaction(
    new RawTransaction(
      account.accountAddress,
      7n,
      generateTransactionPayloadWithABI({ ...payload, abi }),
      200_000n,
      100n,
      1_900_000_000n,
      new ChainId(4),
    ),
  );
  const client = createChainClient({
    deployment: { packageAddress: "0x1", chainId: 4, asset: { address: "0xa" }, nodeUrl: "http://x" },
  } as unknown as Parameters<typeof createChainClient>[0]);
  const byTheSdk = (client as ChainClient).sign(account, transaction);
  const signed = loadSigner(file).sign(client, transaction);
  rmSync(home, { recursive: true });
  expect(signed).toEqual({ ...byTheSdk, bytes: Buffer.from(byTheSdk.bytes) });
});
