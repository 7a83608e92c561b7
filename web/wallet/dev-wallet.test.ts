import {
  AccountAddress,
  type AccountAuthenticatorEd25519,
  ChainId,
  Ed25519Account,
  type Ed25519Signature,
  EntryFunction,
  generateSigningMessageForTransaction,
  MoveString,
  MoveVector,
  RawTransaction,
  SimpleTransaction,
  TransactionPayloadEntryFunction,
  U8,
  U64,
} from "@aptos-labs/ts-sdk";
import { isWalletWithRequiredFeatureSet } from "@aptos-labs/wallet-standard";
import { parseWalletMessage, walletMessage } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
import type { ApprovalRequest } from "./approvals.ts";
import { describeTransaction } from "./describe-transaction.ts";
import { createDevWallet } from "./dev-wallet.ts";

const PACKAGE = `0x${"c0".repeat(32)}`;
const asset = { symbol: "MOVE", decimals: 8 };

function setup(answer = true) {
  const kept = new Map<string, string>();
  const asked: ApprovalRequest[] = [];
  const wallet = createDevWallet({
    chainId: 77,
    nodeUrl: "http://n/v1",
    origin: "http://site",
    storage: { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => void kept.set(k, v) },
    describe: (raw) => describeTransaction(raw, { packageAddress: PACKAGE, asset }),
    approve: async (request) => {
      asked.push(request);
      return answer;
    },
  });
  return { wallet, asked, kept };
}

function createJob(sender: AccountAddress, chainId = 77): SimpleTransaction {
  const call = EntryFunction.build(
    `${PACKAGE}::job_orders`,
    "create_job",
    [],
    [
      AccountAddress.from("0x9"),
      new MoveString("img"),
      new MoveString("{}"),
      new U64(2),
      new U64(61),
      new U64(123_450_000),
      new U64(2_091_791),
      new U64(90),
      new U8(5),
      MoveVector.U8([]),
    ],
  );
  const payload = new TransactionPayloadEntryFunction(call);
  return new SimpleTransaction(
    new RawTransaction(sender, 0n, payload, 1000n, 100n, 9_999_999_999n, new ChainId(chainId)),
  );
}

async function connected(answer = true) {
  const made = setup(answer);
  const account = await made.wallet.features["aptos:account"].account();
  return { ...made, account };
}

describe("the development wallet", () => {
  it("has every feature the standard requires", () => {
    expect(isWalletWithRequiredFeatureSet(setup().wallet)).toBe(true);
  });

  it("keeps its account over a reload", async () => {
    const { wallet, kept, account } = await connected();
    await wallet.features["aptos:disconnect"].disconnect();
    const again = await wallet.features["aptos:account"].account();
    expect(again.address.toString()).toBe(account.address.toString());
    expect(kept.size).toBe(1);
  });

  it("shows what the bytes say, and signs them when approved", async () => {
    const { wallet, asked, account } = await connected();
    const transaction = createJob(account.address);
    const response = await wallet.features["aptos:signTransaction"].signTransaction(transaction);
    expect(asked[0]?.title).toBe("Create and fund a job");
    const told = Object.fromEntries(asked[0]?.lines.map((l) => [l.label, l.value]) ?? []);
    expect(told).toMatchObject({
      "Locked in escrow": "0.02091791 MOVE",
      "Highest price per hour": "1.2345 MOVE",
      "Longest run": "1 min 01 s",
      GPUs: "2",
      "Held back until you confirm": "1 min 30 s",
      Priority: "5",
      "Confirmation key": "none",
      "Network fee, at most": "0.001 MOVE",
      Chain: "77",
    });
    if (response.status !== "Approved") throw new Error("rejected");
    const authenticator = response.args as AccountAuthenticatorEd25519;
    const message = generateSigningMessageForTransaction(transaction);
    expect(authenticator.public_key.verifySignature({ message, signature: authenticator.signature })).toBe(
      true,
    );
  });

  it("signs nothing when its owner says no", async () => {
    const { wallet, account } = await connected(false);
    const response = await wallet.features["aptos:signTransaction"].signTransaction(
      createJob(account.address),
    );
    expect(response).toEqual({ status: "Rejected" });
  });

  it("refuses another chain's or another account's transaction before asking", async () => {
    const { wallet, asked, account } = await connected();
    const sign = wallet.features["aptos:signTransaction"].signTransaction;
    await expect(sign(createJob(account.address, 78))).rejects.toThrow(/chain 78/);
    await expect(sign(createJob(Ed25519Account.generate().accountAddress))).rejects.toThrow(
      /another account/,
    );
    expect(asked).toEqual([]);
  });

  it("signs a message in the standard's full form", async () => {
    const { wallet, asked, account } = await connected();
    const response = await wallet.features["aptos:signMessage"].signMessage({
      message: "line 1\nline 2",
      nonce: "n1",
      chainId: true,
    });
    if (response.status !== "Approved") throw new Error("rejected");
    expect(response.args.fullMessage).toBe("APTOS\nchainId: 77\nmessage: line 1\nline 2\nnonce: n1");
    expect(asked[0]?.text).toBe(response.args.fullMessage);
    const message = new TextEncoder().encode(response.args.fullMessage);
    const signature = response.args.signature as Ed25519Signature;
    expect(account.publicKey.verifySignature({ message, signature })).toBe(true);
  });

  it("makes what a sign-in asks for: address, site and chain, line by line", async () => {
    const { wallet, account } = await connected();
    const response = await wallet.features["aptos:signMessage"].signMessage({
      address: true,
      application: true,
      chainId: true,
      message: "Chain: 1\n\nnonce: other",
      nonce: "n1",
    });
    if (response.status !== "Approved") throw new Error("rejected");
    const said = {
      address: account.address.toString(),
      application: "http://site",
      message: "Chain: 1\n\nnonce: other",
      nonce: "n1",
    };
    expect(response.args.fullMessage).toBe(walletMessage({ ...said, chainId: 77 }));
    expect(parseWalletMessage(response.args.fullMessage)).toEqual({ ...said, chainId: "77" });
  });
});

it("describes a call of a package it doesn't know by its raw arguments", () => {
  const call = EntryFunction.build("0x1::coin", "transfer", [], [AccountAddress.from("0x9"), new U64(5)]);
  const raw = new RawTransaction(
    AccountAddress.from("0x2"),
    0n,
    new TransactionPayloadEntryFunction(call),
    1n,
    1n,
    1n,
    new ChainId(77),
  );
  const told = describeTransaction(raw, { packageAddress: PACKAGE, asset });
  expect(told.title).toBe("Call coin::transfer");
  expect(told.lines.find((l) => l.label === "Argument 2")?.value).toBe("0x0500000000000000");
});
