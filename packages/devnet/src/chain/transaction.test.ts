import {
  Account,
  AccountAddress,
  AccountAuthenticatorNoAccountAuthenticator,
  ChainId,
  EntryFunction,
  generateSignedTransaction,
  generateUserTransactionHash,
  MultiAgentTransaction,
  MultiEd25519Account,
  MultiEd25519PublicKey,
  MultiKey,
  MultiKeyAccount,
  RawTransaction,
  SigningSchemeInput,
  SimpleTransaction,
  TransactionPayloadEntryFunction,
  U64,
} from "@aptos-labs/ts-sdk";
import { describe, expect, it } from "vitest";
import { authenticationKey } from "./authenticator.ts";
import { decodeSignedTransaction, gasPayer, signers } from "./transaction.ts";
import { hasValidSignatures } from "./validation.ts";

const payload = new TransactionPayloadEntryFunction(
  EntryFunction.build(
    "0x1::aptos_account",
    "transfer",
    [],
    [AccountAddress.from(`0x${"b0b".padStart(64, "0")}`), new U64(7)],
  ),
);
const rawFor = (sender: { accountAddress: AccountAddress }) =>
  new RawTransaction(sender.accountAddress, 3n, payload, 1000n, 100n, 2_000_000_000n, new ChainId(4));

const single = (account: Account) => {
  const transaction = new SimpleTransaction(rawFor(account));
  return {
    transaction,
    senderAuthenticator: account.signTransactionWithAuthenticator(transaction),
  };
};

describe("a signed transaction of the SDK", () => {
  it("decodes to what it says, with the SDK's hash", () => {
    const sender = Account.generate();
    const signed = single(sender);
    const bytes = generateSignedTransaction(signed);
    const decoded = decodeSignedTransaction(bytes);
    expect(decoded).toMatchObject({
      sequenceNumber: 3n,
      maxGasAmount: 1000n,
      gasUnitPrice: 100n,
      expirationSecs: 2_000_000_000n,
      chainId: 4,
      nonce: null,
      payload: { kind: "entry_function", module: "aptos_account", function: "transfer" },
    });
    expect(decoded.sender).toEqual(Buffer.from(sender.accountAddress.toUint8Array()));
    expect(`0x${decoded.hash.toString("hex")}`).toBe(generateUserTransactionHash(signed));
    expect(gasPayer(decoded)).toEqual(decoded.sender);
  });

  it("says what is wrong with cut or extended bytes, in the fullnode's words", () => {
    const bytes = generateSignedTransaction(single(Account.generate()));
    expect(() => decodeSignedTransaction(bytes.slice(0, -1))).toThrow(
      "Failed to deserialize input into SignedTransaction: unexpected end of input",
    );
    expect(() => decodeSignedTransaction(Buffer.concat([bytes, Buffer.from([0])]))).toThrow(
      "remaining input",
    );
    expect(() => decodeSignedTransaction(new Uint8Array())).toThrow("unexpected end of input");
  });
});

describe("signatures", () => {
  const [first, second, third] = [Account.generate(), Account.generate(), Account.generate()];
  const keys = [first, second, third];
  const accounts: Array<[string, Account]> = [
    ["Ed25519", Account.generate()],
    ["SingleKey Ed25519", Account.generate({ scheme: SigningSchemeInput.Ed25519, legacy: false })],
    ["SingleKey Secp256k1", Account.generate({ scheme: SigningSchemeInput.Secp256k1Ecdsa })],
    [
      "MultiEd25519 2 of 3",
      new MultiEd25519Account({
        publicKey: new MultiEd25519PublicKey({ publicKeys: keys.map((k) => k.publicKey), threshold: 2 }),
        signers: [first.privateKey, third.privateKey],
      }) as unknown as Account,
    ],
    [
      "MultiKey 2 of 3",
      new MultiKeyAccount({
        multiKey: new MultiKey({ publicKeys: keys.map((k) => k.publicKey), signaturesRequired: 2 }),
        signers: [second, third],
      }),
    ],
  ];

  it.each(accounts)("of a %s account hold, and the key is the account's", async (_, account) => {
    const decoded = decodeSignedTransaction(generateSignedTransaction(single(account)));
    expect(await hasValidSignatures(decoded)).toBe(true);
    expect(authenticationKey(decoded.authenticator.sender)).toEqual(
      Buffer.from(account.publicKey.authKey().toUint8Array()),
    );
  });

  it.each(accounts)("of a %s account don't hold for changed bytes", async (_, account) => {
    const bytes = generateSignedTransaction(single(account));
    bytes[32] = 4; // the sequence number
    expect(await hasValidSignatures(decodeSignedTransaction(bytes))).toBe(false);
  });

  it("of a multi-agent transaction are needed from every signer", async () => {
    const [sender, stranger] = [first, third];
    const transaction = new MultiAgentTransaction(rawFor(sender), [second.accountAddress]);
    const signed = (by: Account) =>
      decodeSignedTransaction(
        generateSignedTransaction({
          transaction,
          senderAuthenticator: sender.signTransactionWithAuthenticator(transaction),
          additionalSignersAuthenticators: [by.signTransactionWithAuthenticator(transaction)],
        }),
      );
    const decoded = signed(second);
    expect(await hasValidSignatures(decoded)).toBe(true);
    expect(signers(decoded)).toEqual(
      [sender, second].map((a) => Buffer.from(a.accountAddress.toUint8Array())),
    );
    // The stranger's own signature holds, but its key isn't the second signer's.
    const forged = signed(stranger);
    if (forged.authenticator.kind !== "multi_agent") throw new Error("not multi-agent");
    expect(forged.authenticator.secondary.map((s) => authenticationKey(s.authenticator))).toEqual([
      Buffer.from(stranger.accountAddress.toUint8Array()),
    ]);
  });

  describe("with a fee payer", () => {
    const [sender, payer] = [first, second];
    const signed = (senderSees: AccountAddress, payerSees: AccountAddress) => {
      const build = (feePayer: AccountAddress) => new SimpleTransaction(rawFor(sender), feePayer);
      const transaction = build(payer.accountAddress);
      return decodeSignedTransaction(
        generateSignedTransaction({
          transaction,
          senderAuthenticator: sender.signTransactionWithAuthenticator(build(senderSees)),
          feePayerAuthenticator: payer.signTransactionWithAuthenticator(build(payerSees)),
        }),
      );
    };

    it("hold when the sender signed over the payer or over 0x0", async () => {
      const decoded = signed(payer.accountAddress, payer.accountAddress);
      expect(await hasValidSignatures(decoded)).toBe(true);
      expect(gasPayer(decoded)).toEqual(Buffer.from(payer.accountAddress.toUint8Array()));
      expect(await hasValidSignatures(signed(AccountAddress.ZERO, payer.accountAddress))).toBe(true);
    });
    it("don't hold when the payer signed over 0x0, or the sender over another payer", async () => {
      expect(await hasValidSignatures(signed(payer.accountAddress, AccountAddress.ZERO))).toBe(false);
      expect(await hasValidSignatures(signed(AccountAddress.ONE, payer.accountAddress))).toBe(false);
    });
  });

  it("never hold without a signature", async () => {
    const account = Account.generate();
    const bytes = generateSignedTransaction({
      transaction: new SimpleTransaction(rawFor(account)),
      senderAuthenticator: new AccountAuthenticatorNoAccountAuthenticator(),
    });
    expect(await hasValidSignatures(decodeSignedTransaction(bytes))).toBe(false);
  });
});
