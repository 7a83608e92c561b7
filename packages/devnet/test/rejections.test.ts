/** What the node refuses, with the status, code and VM status that a fullnode answers. */
import {
  AccountAddress,
  ChainId,
  Ed25519Account,
  EntryFunction,
  generateSignedTransaction,
  generateUserTransactionHash,
  RawTransaction,
  SimpleTransaction,
  TransactionPayloadEntryFunction,
  U64,
} from "@aptos-labs/ts-sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { MOVE, startTestDevnet } from "./helpers.ts";

let devnet: Awaited<ReturnType<typeof startTestDevnet>>;
let sender: Ed25519Account;

beforeAll(async () => {
  devnet = await startTestDevnet();
});
afterAll(() => devnet.close());
beforeEach(async () => {
  sender = await devnet.newAccount(1n * MOVE);
});

const now = () => BigInt(Math.floor(Date.now() / 1000));

interface Fields {
  sequence?: bigint;
  maxGas?: bigint;
  price?: bigint;
  expires?: bigint;
  chainId?: number;
  amount?: bigint;
  argument?: number;
}

function transfer(account: Ed25519Account, fields: Fields = {}) {
  const payload = EntryFunction.build(
    "0x1::aptos_account",
    "transfer",
    [],
    [AccountAddress.from(`0x${"b0b".padStart(64, "0")}`), new U64(fields.amount ?? 1n)],
  );
  const raw = new RawTransaction(
    account.accountAddress,
    fields.sequence ?? 0n,
    new TransactionPayloadEntryFunction(payload),
    fields.maxGas ?? 2000n,
    fields.price ?? 100n,
    fields.expires ?? now() + 60n,
    new ChainId(fields.chainId ?? 4),
  );
  const transaction = new SimpleTransaction(raw);
  const signed = { transaction, senderAuthenticator: account.signTransactionWithAuthenticator(transaction) };
  return { bytes: generateSignedTransaction(signed), hash: generateUserTransactionHash(signed) };
}

const post = (bytes: Uint8Array, path = "/transactions") =>
  devnet.get(path, {
    method: "POST",
    headers: { "content-type": "application/x.aptos.signed_transaction+bcs" },
    body: Buffer.from(bytes),
  });

const validation = (code: string, number: number) => ({
  status: 400,
  body: {
    message: `Invalid transaction: Type: Validation Code: ${code}`,
    error_code: "vm_error",
    vm_error_code: number,
  },
});

describe("a transaction", () => {
  it.each<[string, number, Fields]>([
    ["BAD_CHAIN_ID", 23, { chainId: 126 }],
    ["TRANSACTION_EXPIRED", 6, { expires: 1_700_000_000n }],
    ["INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE", 5, { maxGas: 1_000_001n }],
    ["MAX_GAS_UNITS_EXCEEDS_MAX_GAS_UNITS_BOUND", 13, { maxGas: 2_000_001n }],
    ["MAX_GAS_UNITS_BELOW_MIN_TRANSACTION_GAS_UNITS", 14, { maxGas: 2n }],
    ["GAS_UNIT_PRICE_BELOW_MIN_BOUND", 15, { price: 99n }],
    ["GAS_UNIT_PRICE_ABOVE_MAX_BOUND", 16, { price: 10_000_000_001n }],
    ["SEQUENCE_NUMBER_TOO_NEW", 4, { sequence: 100n }],
    ["SEQUENCE_NUMBER_TOO_BIG", 24, { sequence: 2n ** 64n - 1n }],
  ])("is refused with %s", async (code, number, fields) => {
    const { bytes, hash } = transfer(sender, fields);
    expect(await post(bytes)).toMatchObject(validation(code, number));
    expect((await devnet.get(`/transactions/by_hash/${hash}`)).status).toBe(404);
  });

  it("may offer exactly the balance for its gas", async () => {
    expect((await post(transfer(sender, { maxGas: 10_000n, price: 10_000n }).bytes)).status).toBe(202);
  });

  it("with a used sequence number is refused", async () => {
    await devnet.aptos.waitForTransaction({
      transactionHash: (await post(transfer(sender).bytes)).body.hash,
    });
    expect(await post(transfer(sender, { amount: 2n }).bytes)).toMatchObject(
      validation("SEQUENCE_NUMBER_TOO_OLD", 3),
    );
  });

  it("that was changed after it was signed is refused", async () => {
    const { bytes } = transfer(sender);
    const at = Buffer.from(bytes).indexOf(Buffer.from("b0b".padStart(64, "0"), "hex"));
    bytes[at] = 0xee; // another recipient
    expect(await post(bytes)).toMatchObject(validation("INVALID_SIGNATURE", 1));
  });

  it("signed with another account's key is refused", async () => {
    const thief = Ed25519Account.generate();
    const posing = new Ed25519Account({ privateKey: thief.privateKey, address: sender.accountAddress });
    expect(await post(transfer(posing).bytes)).toMatchObject(validation("INVALID_AUTH_KEY", 2));
  });

  it("of an account that doesn't exist is refused", async () => {
    expect(await post(transfer(Ed25519Account.generate()).bytes)).toMatchObject(
      validation("SENDING_ACCOUNT_DOES_NOT_EXIST", 7),
    );
  });

  it("above 64 KiB is refused", async () => {
    const payload = EntryFunction.build("0x1::aptos_account", "transfer", [], []);
    payload.args.push({
      bcsToBytes: () => new Uint8Array(),
      serialize: () => {},
      serializeForEntryFunction: (s: { serializeBytes(b: Uint8Array): void }) =>
        s.serializeBytes(new Uint8Array(66_000)),
    } as never);
    const raw = new RawTransaction(
      sender.accountAddress,
      0n,
      new TransactionPayloadEntryFunction(payload),
      2000n,
      100n,
      now() + 60n,
      new ChainId(4),
    );
    const transaction = new SimpleTransaction(raw);
    const bytes = generateSignedTransaction({
      transaction,
      senderAuthenticator: sender.signTransactionWithAuthenticator(transaction),
    });
    expect(await post(bytes)).toMatchObject(validation("EXCEEDED_MAX_TRANSACTION_SIZE", 10));
  });

  it("submitted twice is accepted twice and committed once", async () => {
    const { bytes, hash } = transfer(sender);
    const replies = await Promise.all([post(bytes), post(bytes)]);
    await devnet.aptos.waitForTransaction({ transactionHash: hash });
    replies.push(await post(bytes));
    expect(replies.map((r) => [r.status, r.body.hash])).toEqual([
      [202, hash],
      [202, hash],
      [202, hash],
    ]);
    const own = await devnet.aptos.getAccountTransactions({ accountAddress: sender.accountAddress });
    expect(own.map((t) => t.hash)).toEqual([hash]);
  });

  it("that comes before its turn waits for it, and runs in order", async () => {
    const [zero, one, two] = [0n, 1n, 2n].map((sequence) => transfer(sender, { sequence }));
    if (!zero || !one || !two) throw new Error("three transactions");
    await post(two.bytes);
    await post(one.bytes);
    const waiting = await devnet.get(`/transactions/by_hash/${two.hash}`);
    expect(waiting).toMatchObject({ status: 200, body: { type: "pending_transaction", hash: two.hash } });
    expect((await devnet.get(`/transactions/wait_by_hash/${two.hash}`)).body.type).toBe(
      "pending_transaction",
    );
    expect((await post(transfer(sender, { sequence: 2n, amount: 5n }).bytes)).body).toMatchObject({
      error_code: "invalid_transaction_update",
    });
    const held = devnet.get(`/transactions/wait_by_hash/${two.hash}`);
    await post(zero.bytes);
    expect((await held).body).toMatchObject({ type: "user_transaction", success: true });
    const own = await devnet.aptos.getAccountTransactions({ accountAddress: sender.accountAddress });
    expect(own.map((t) => t.hash)).toEqual([zero.hash, one.hash, two.hash]);
  });
});

describe("bytes that are no transaction", () => {
  it("are refused in the fullnode's words", async () => {
    expect(await post(new Uint8Array())).toMatchObject({
      status: 400,
      body: {
        message: "Failed to deserialize input into SignedTransaction: unexpected end of input",
        error_code: "invalid_input",
        vm_error_code: null,
      },
    });
    const { bytes } = transfer(sender);
    expect((await post(Buffer.concat([bytes, Buffer.from([0])]))).body.message).toContain("remaining input");
    const multisig = Buffer.from(bytes);
    multisig[40] = 3; // the payload's variant
    expect((await post(multisig)).body.message).toContain("multisig payloads are not supported");
    const json = await devnet.get("/transactions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    expect(json).toMatchObject({ status: 415, body: { error_code: "web_framework_error" } });
  });
});
