import {
  AnyPublicKey,
  AnySignature,
  Deserializer,
  Ed25519Account,
  Ed25519PrivateKey,
  Ed25519PublicKey,
  Ed25519Signature,
  Secp256k1PrivateKey,
  SingleKeyAccount,
} from "@aptos-labs/ts-sdk";
import { describe, expect, it } from "vitest";
import { keyAndSignature } from "./key-and-signature.ts";

const message = new TextEncoder().encode("a text");

describe("a wallet's key and signature for the sign-in", () => {
  const account = new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });

  it("are an Ed25519 account's plain bytes, however the wallet wraps the signature", () => {
    const signature = account.sign(message);
    for (const given of [signature, new AnySignature(signature)]) {
      const told = keyAndSignature(account.publicKey, given);
      expect(told.scheme).toBe("ed25519");
      const key = new Ed25519PublicKey(told.publicKey);
      expect(key.verifySignature({ message, signature: new Ed25519Signature(told.signature) })).toBe(true);
    }
  });

  it("are a single-key account's BCS, for each kind of key", () => {
    for (const privateKey of [Ed25519PrivateKey.generate(), Secp256k1PrivateKey.generate()]) {
      const single = new SingleKeyAccount({ privateKey });
      const told = keyAndSignature(single.publicKey, single.sign(message));
      expect(told.scheme).toBe("single_key");
      const key = AnyPublicKey.deserialize(Deserializer.fromHex(told.publicKey));
      const signature = AnySignature.deserialize(Deserializer.fromHex(told.signature));
      expect(key.verifySignature({ message, signature })).toBe(true);
    }
  });

  it("are wrapped for a single-key account whose wallet gives the plain signature", () => {
    const single = new SingleKeyAccount({ privateKey: Ed25519PrivateKey.generate() });
    const told = keyAndSignature(single.publicKey, single.sign(message).signature);
    const signature = AnySignature.deserialize(Deserializer.fromHex(told.signature));
    expect(single.publicKey.verifySignature({ message, signature })).toBe(true);
  });

  it("of any other kind are refused with what to do", () => {
    expect(() => keyAndSignature({}, account.sign(message))).toThrow(/Use an account with/);
  });
});
