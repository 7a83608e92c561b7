/** What an application does with a fullnode, through the unmodified SDK. */
import {
  AccountAddress,
  Ed25519Account,
  generateSignedTransaction,
  MoveVector,
  U64,
  type UserTransactionResponse,
} from "@aptos-labs/ts-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toHex } from "../src/codec/bytes.ts";
import { MOVE, startTestDevnet } from "./helpers.ts";

let devnet: Awaited<ReturnType<typeof startTestDevnet>>;
let publisher: Ed25519Account;
let published: UserTransactionResponse;
let counter: `${string}::counter`;

beforeAll(async () => {
  devnet = await startTestDevnet();
  publisher = await devnet.newAccount(100n * MOVE);
  counter = `${publisher.accountAddress}::counter`;
  published = await devnet.publishCounter(publisher);
});
afterAll(() => devnet.close());

const bump = (by: number, note = "hi") =>
  ({ function: `${counter}::bump` as const, functionArguments: [by, note] }) as never;
const feeOf = (t: UserTransactionResponse) => BigInt(t.gas_used) * BigInt(t.gas_unit_price);

describe("accounts and money", () => {
  it("funds a new account and says so through the indexer query that the SDK waits for", async () => {
    const account = Ed25519Account.generate();
    const funding = await devnet.aptos.fundAccount({ accountAddress: account.accountAddress, amount: 12345 });
    expect(funding.success).toBe(true);
    expect(await devnet.balance(account)).toBe(12345n);
    expect(await devnet.aptos.getAccountInfo({ accountAddress: account.accountAddress })).toEqual({
      sequence_number: "0",
      authentication_key: account.publicKey.authKey().toString(),
    });
    expect(await devnet.aptos.getAccountAPTAmount({ accountAddress: account.accountAddress })).toBe(12345);
  });

  it("moves exactly the amount, and takes exactly the gas from the sender", async () => {
    const sender = await devnet.newAccount(1n * MOVE);
    const recipient = Ed25519Account.generate();
    const transaction = await devnet.aptos.transferCoinTransaction({
      sender: sender.accountAddress,
      recipient: recipient.accountAddress,
      amount: 777,
    });
    const done = await devnet.commit(sender, transaction);
    expect(done.vm_status).toBe("Executed successfully");
    expect(BigInt(done.gas_used)).toBeGreaterThan(0n);
    expect(done.gas_unit_price).toBe("100");
    expect(await devnet.balance(recipient)).toBe(777n);
    expect(await devnet.balance(sender)).toBe(1n * MOVE - 777n - feeOf(done));
    const info = await devnet.aptos.getAccountInfo({ accountAddress: sender.accountAddress });
    expect(info.sequence_number).toBe("1");
  });

  it("burns the gas: the supply shrinks by it and by nothing else", async () => {
    const supply = async () => {
      const [current] = await devnet.aptos.view({
        payload: {
          function: "0x1::fungible_asset::supply",
          typeArguments: ["0x1::fungible_asset::Metadata"],
          functionArguments: ["0xa"],
        },
      });
      return BigInt((current as { vec: string[] }).vec[0] ?? "0");
    };
    const sender = await devnet.newAccount();
    const before = await supply();
    const done = await devnet.execute(sender, {
      function: "0x1::aptos_account::transfer",
      functionArguments: [publisher.accountAddress, 1],
    });
    expect(before - (await supply())).toBe(feeOf(done));
  });
});

describe("packages", () => {
  it("publishes within the SDK's default gas", () => {
    expect(published.success).toBe(true);
    expect(published.max_gas_amount).toBe("200000");
    expect(published.changes.some((c) => c.type === "write_module")).toBe(true);
  });

  it("shows module, ABI and bytecode", async () => {
    const module = await devnet.aptos.getAccountModule({
      accountAddress: publisher.accountAddress,
      moduleName: "counter",
    });
    expect(module.bytecode).toMatch(/^0xa11ceb0b/);
    expect(module.abi?.name).toBe("counter");
    expect(module.abi?.address).toBe(publisher.accountAddress.toString());
    expect(module.abi?.exposed_functions.find((f) => f.name === "bump")).toMatchObject({
      is_entry: true,
      is_view: false,
      params: ["&signer", "u64", "0x1::string::String"],
    });
    const modules = await devnet.aptos.getAccountModules({ accountAddress: publisher.accountAddress });
    expect(modules.map((m) => m.abi?.name)).toEqual(["counter"]);
  });

  it("runs entry functions: event, resource, table item, write set and arguments as the fullnode shows them", async () => {
    const account = await devnet.newAccount();
    const address = account.accountAddress.toString();
    await devnet.execute(account, bump(5, "first"));
    const done = await devnet.execute(account, bump(7, "second"));
    expect(done.success).toBe(true);
    expect(done.payload).toMatchObject({
      type: "entry_function_payload",
      function: `${counter}::bump`,
      type_arguments: [],
      arguments: ["7", "second"],
    });
    expect(done.events.map((e) => [e.type, e.data])).toContainEqual([
      `${counter}::Bumped`,
      { who: address, value: "12", note: "second" },
    ]);
    expect(done.events.at(-1)?.type).toBe("0x1::transaction_fee::FeeStatement");
    const resource = await devnet.aptos.getAccountResource({
      accountAddress: address,
      resourceType: `${counter}::Counter`,
    });
    expect(resource).toEqual({
      value: "12",
      note: "second",
      last: { vec: ["5"] },
      bumps: "2",
      history: { handle: expect.stringMatching(/^0x[0-9a-f]{64}$/) },
    });
    const handle = (resource as { history: { handle: string } }).history.handle;
    const item = await devnet.aptos.getTableItem<string>({
      handle,
      data: { key_type: "u64", value_type: "u64", key: "1" },
    });
    expect(item).toBe("5");
    const all = await devnet.aptos.getAccountResources({ accountAddress: address });
    expect(all.map((r) => r.type)).toEqual(
      expect.arrayContaining(["0x1::account::Account", `${counter}::Counter`]),
    );
    expect(done.changes).toContainEqual({
      type: "write_resource",
      address,
      state_key_hash: expect.any(String),
      data: { type: `${counter}::Counter`, data: resource },
    });
  });

  it("shows deleted resources in the write set, and gives Move the block's own time", async () => {
    const account = await devnet.newAccount();
    const call = (name: string) => ({ function: `${counter}::${name}`, functionArguments: [] }) as never;
    const marked = await devnet.execute(account, call("mark"));
    const mark = await devnet.aptos.getAccountResource({
      accountAddress: account.accountAddress,
      resourceType: `${counter}::Mark`,
    });
    expect(mark).toEqual({ at: marked.timestamp });
    const unmarked = await devnet.execute(account, call("unmark"));
    expect(unmarked.changes).toContainEqual({
      type: "delete_resource",
      address: account.accountAddress.toString(),
      state_key_hash: expect.any(String),
      resource: `${counter}::Mark`,
    });
  });

  it("answers views in BCS and in JSON", async () => {
    const account = await devnet.newAccount();
    await devnet.execute(account, bump(41, "views"));
    const view = (fn: string, functionArguments: unknown[]) =>
      ({ function: `${counter}::${fn}`, functionArguments }) as never;
    const address = account.accountAddress.toString();
    expect(await devnet.aptos.view({ payload: view("value", [address]) })).toEqual(["41"]);
    expect(await devnet.aptos.view({ payload: view("describe", [address, 3]) })).toEqual([
      "41",
      "views",
      { vec: [3] },
    ]);
    expect(await devnet.aptos.viewJson({ payload: view("describe", [address, null]) })).toEqual([
      "41",
      "views",
      { vec: [] },
    ]);
    await expect(devnet.aptos.viewJson({ payload: view("value", [7]) })).rejects.toThrow("arguments[0]");
    await expect(devnet.aptos.viewJson({ payload: view("nothing", []) })).rejects.toThrow("could not find");
    await expect(devnet.aptos.view({ payload: view("value", ["0x5"]) })).rejects.toMatchObject({
      status: 400,
      data: { error_code: "invalid_input" },
    });
  });
});

describe("other forms of transactions", () => {
  it("runs a script", async () => {
    const account = await devnet.newAccount();
    const bytecode = await devnet.counterScript(publisher);
    const transaction = await devnet.aptos.transaction.build.simple({
      sender: account.accountAddress,
      data: { bytecode, functionArguments: [new U64(4), MoveVector.U8("0x6869")] },
    });
    const done = await devnet.commit(account, transaction);
    expect(done.vm_status).toBe("Executed successfully");
    expect(done.payload).toMatchObject({ type: "script_payload", code: { bytecode: toHex(bytecode) } });
    const bumped = done.events.filter((e) => e.type === `${counter}::Bumped`);
    expect(bumped.map((e) => [e.data.value, e.data.note])).toEqual([
      ["4", "hi"],
      ["8", "hi"],
    ]);
  });

  it("runs an orderless transaction once, without a sequence number", async () => {
    const account = await devnet.newAccount();
    const build = (by: number) =>
      devnet.aptos.transaction.build.simple({
        sender: account.accountAddress,
        data: bump(by),
        options: { replayProtectionNonce: 77n },
      });
    const done = await devnet.commit(account, await build(1));
    expect(done).toMatchObject({ success: true, replay_protection_nonce: "77" });
    const info = await devnet.aptos.getAccountInfo({ accountAddress: account.accountAddress });
    expect(info.sequence_number).toBe("0");
    await expect(devnet.commit(account, await build(2))).rejects.toMatchObject({
      data: { vm_error_code: 29, message: expect.stringContaining("SEQUENCE_NONCE_INVALID") },
    });
  });
});

describe("failed transactions", () => {
  it("name the abort with its sentence, charge gas, count the sequence number and change nothing else", async () => {
    const account = await devnet.newAccount(1n * MOVE);
    await devnet.execute(account, bump(1));
    const before = await devnet.balance(account);
    const done = await devnet.execute(account, bump(1000));
    expect(done.success).toBe(false);
    expect(done.vm_status).toBe(
      `Move abort in ${counter.replace(/^0x0+/, "0x")}: E_LIMIT(0x1): The counter can't go above its limit.`,
    );
    expect(done.events.map((e) => e.type)).toEqual(["0x1::transaction_fee::FeeStatement"]);
    expect(await devnet.balance(account)).toBe(before - feeOf(done));
    expect(feeOf(done)).toBeGreaterThan(0n);
    const info = await devnet.aptos.getAccountInfo({ accountAddress: account.accountAddress });
    expect(info.sequence_number).toBe("2");
    const value = await devnet.aptos.view({
      payload: { function: `${counter}::value`, functionArguments: [account.accountAddress] } as never,
    });
    expect(value).toEqual(["1"]);
  });

  it("out of gas, take all the gas they offered", async () => {
    const account = await devnet.newAccount(1n * MOVE);
    const done = await devnet.execute(
      account,
      { function: `${counter}::spin`, functionArguments: [] } as never,
      { maxGasAmount: 500 },
    );
    expect(done.success).toBe(false);
    expect(done.vm_status).toBe("Out of gas");
    expect(done.gas_used).toBe("500");
    expect(await devnet.balance(account)).toBe(1n * MOVE - 50_000n);
  });

  it("that never end are stopped, however much gas they pay for", async () => {
    const account = await devnet.newAccount(1n * MOVE);
    const done = await devnet.execute(
      account,
      { function: `${counter}::spin`, functionArguments: [] } as never,
      { maxGasAmount: 1_000_000 },
    );
    expect(done.success).toBe(false);
    expect(done.vm_status).toContain("EXECUTION_LIMIT_REACHED");
    expect(BigInt(done.gas_used)).toBeLessThan(1_000_000n);
  });

  it("of a function that isn't there are committed with the fullnode's sentence", async () => {
    const account = await devnet.newAccount();
    const absent = await devnet.execute(account, {
      function: `${counter}::absent`,
      functionArguments: [],
      abi: { signers: 1, typeParameters: [], parameters: [] },
    } as never);
    expect(absent.success).toBe(false);
    expect(absent.vm_status).not.toBe("Executed successfully");
  });

  it("that spend their own gas money charge it all the same", async () => {
    const account = await devnet.newAccount(1n * MOVE);
    const done = await devnet.execute(
      account,
      { function: "0x1::aptos_account::transfer", functionArguments: [publisher.accountAddress, MOVE] },
      { maxGasAmount: 10_000 },
    );
    expect(done.success).toBe(false);
    expect(await devnet.balance(account)).toBe(1n * MOVE - feeOf(done));
  });
});

describe("simulation", () => {
  it("predicts gas and events, and changes nothing", async () => {
    const account = await devnet.newAccount();
    const transaction = await devnet.aptos.transaction.build.simple({
      sender: account.accountAddress,
      data: bump(3),
    });
    const head = await devnet.aptos.getLedgerInfo();
    const [simulated] = await devnet.aptos.transaction.simulate.simple({
      signerPublicKey: account.publicKey,
      transaction,
    });
    expect(simulated?.success).toBe(true);
    expect(simulated?.events[0]?.data).toMatchObject({ value: "3" });
    expect((await devnet.get("")).body.ledger_version).toBe(head.ledger_version);
    const done = await devnet.commit(account, transaction);
    expect(simulated?.gas_used).toBe(done.gas_used);
  });

  it("needs no key, estimates gas, and reports failures as transactions", async () => {
    const account = await devnet.newAccount(1n * MOVE);
    const transaction = await devnet.aptos.transaction.build.simple({
      sender: account.accountAddress,
      data: bump(2000),
    });
    const [simulated] = await devnet.aptos.transaction.simulate.simple({
      transaction,
      options: { estimateGasUnitPrice: true, estimateMaxGasAmount: true },
    });
    expect(simulated).toMatchObject({ success: false, gas_unit_price: "100", max_gas_amount: "1000000" });
    expect(simulated?.vm_status).toContain("E_LIMIT(0x1)");
    const stranger = Ed25519Account.generate();
    const [unknown] = await devnet.aptos.transaction.simulate.simple({
      transaction: await devnet.aptos.transaction.build.simple({
        sender: stranger.accountAddress,
        data: bump(1),
        options: { accountSequenceNumber: 0 },
      }),
    });
    expect(unknown).toMatchObject({ success: false });
    expect(unknown?.vm_status).toContain("SENDING_ACCOUNT_DOES_NOT_EXIST");
  });

  it("refuses valid signatures", async () => {
    const account = await devnet.newAccount();
    const transaction = await devnet.aptos.transaction.build.simple({
      sender: account.accountAddress,
      data: bump(3),
    });
    const body = generateSignedTransaction({
      transaction,
      senderAuthenticator: account.signTransactionWithAuthenticator(transaction),
    });
    const reply = await devnet.get("/transactions/simulate", {
      method: "POST",
      headers: { "content-type": "application/x.aptos.signed_transaction+bcs" },
      body,
    });
    expect(reply.status).toBe(400);
    expect(reply.body.error_code).toBe("invalid_input");
  });
});

describe("several signers", () => {
  it("lets a fee payer pay for an account that doesn't exist yet", async () => {
    const payer = await devnet.newAccount(1n * MOVE);
    const sender = Ed25519Account.generate();
    const transaction = await devnet.aptos.transaction.build.simple({
      sender: sender.accountAddress,
      withFeePayer: true,
      data: bump(9),
    });
    const senderAuthenticator = devnet.aptos.transaction.sign({ signer: sender, transaction });
    const feePayerAuthenticator = devnet.aptos.transaction.signAsFeePayer({ signer: payer, transaction });
    const { hash } = await devnet.aptos.transaction.submit.simple({
      transaction,
      senderAuthenticator,
      feePayerAuthenticator,
    });
    const done = (await devnet.aptos.waitForTransaction({
      transactionHash: hash,
    })) as UserTransactionResponse;
    expect(done.signature).toMatchObject({
      type: "fee_payer_signature",
      fee_payer_address: payer.accountAddress.toString(),
    });
    expect(await devnet.balance(payer)).toBe(1n * MOVE - feeOf(done));
    expect(await devnet.balance(sender)).toBe(0n);
    const info = await devnet.aptos.getAccountInfo({ accountAddress: sender.accountAddress });
    expect(info.sequence_number).toBe("1");
  });

  it("runs a multi-agent transaction as both signers", async () => {
    const [first, second] = [await devnet.newAccount(), await devnet.newAccount()];
    const transaction = await devnet.aptos.transaction.build.multiAgent({
      sender: first.accountAddress,
      secondarySignerAddresses: [second.accountAddress],
      data: { function: `${counter}::bump_both`, functionArguments: ["both"] } as never,
    });
    const [simulated] = await devnet.aptos.transaction.simulate.multiAgent({
      transaction,
      signerPublicKey: first.publicKey,
      secondarySignersPublicKeys: [second.publicKey],
    });
    expect(simulated?.success).toBe(true);
    const { hash } = await devnet.aptos.transaction.submit.multiAgent({
      transaction,
      senderAuthenticator: devnet.aptos.transaction.sign({ signer: first, transaction }),
      additionalSignersAuthenticators: [devnet.aptos.transaction.sign({ signer: second, transaction })],
    });
    const done = (await devnet.aptos.waitForTransaction({
      transactionHash: hash,
    })) as UserTransactionResponse;
    const bumped = done.events.filter((e) => e.type === `${counter}::Bumped`).map((e) => e.data);
    expect(bumped).toEqual([
      { who: first.accountAddress.toString(), value: "1", note: "both" },
      { who: second.accountAddress.toString(), value: "2", note: "both" },
    ]);
  });
});

describe("reading the ledger", () => {
  it("has blocks, versions and account transactions that agree", async () => {
    const account = await devnet.newAccount();
    const done = await devnet.execute(account, bump(1));
    const byVersion = await devnet.aptos.getTransactionByVersion({ ledgerVersion: Number(done.version) });
    expect(byVersion).toEqual(done);
    const block = await devnet.aptos.getBlockByVersion({
      ledgerVersion: Number(done.version),
      options: { withTransactions: true },
    });
    expect(block.transactions).toEqual([done]);
    expect(block.block_timestamp).toBe(done.timestamp);
    const byHeight = await devnet.aptos.getBlockByHeight({ blockHeight: Number(block.block_height) });
    expect(byHeight).toMatchObject({ first_version: done.version, last_version: done.version });
    const own = await devnet.aptos.getAccountTransactions({ accountAddress: account.accountAddress });
    expect(own).toEqual([done]);
    const [same] = await devnet.aptos.getTransactions({
      options: { offset: Number(done.version), limit: 1 },
    });
    expect(same).toEqual(done);
    expect(AccountAddress.from(done.sender).equals(account.accountAddress)).toBe(true);
  });
});
