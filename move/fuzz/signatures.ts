/**
 * Ed25519 keys of providers and buyers, and a memory of what was signed with which.
 * It doesn't know what the messages say.
 */
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign } from "node:crypto";
import type { Hex } from "./model/types.ts";

export interface Signatures {
  /** Public keys; the histories name them by index. */
  readonly keys: Hex[];
  sign(key: Hex, message: Hex): Hex;
  /** True for exactly what `sign` returned for this key and message: nobody forges Ed25519 by chance. */
  isSigned(key: Hex, message: Hex, signature: Hex): boolean;
  /** What is signed up to now is never forgotten. */
  keep(): void;
  /** Forgets the messages, so that memory doesn't grow from history to history. */
  forget(): void;
}

/** PKCS #8 of an Ed25519 key before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

export function createSignatures(count: number): Signatures {
  const privateKeys = new Map<Hex, KeyObject>();
  const made = new Map<string, Hex>();
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const seed = hash("sha256", `fuzz key ${i}`, "buffer");
    const privateKey = createPrivateKey({
      key: Buffer.concat([PKCS8_PREFIX, seed]),
      format: "der",
      type: "pkcs8",
    });
    const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);
    privateKeys.set(`0x${publicKey.toString("hex")}`, privateKey);
  }
  return {
    keys: [...privateKeys.keys()],
    sign(key, message) {
      const id = key + message;
      const known = made.get(id);
      if (known) return known;
      const privateKey = privateKeys.get(key);
      if (!privateKey) throw new Error("no such key");
      const signature: Hex = `0x${sign(null, Buffer.from(message.slice(2), "hex"), privateKey).toString("hex")}`;
      made.set(id, signature);
      return signature;
    },
    isSigned: (key, message, signature) => made.get(key + message) === signature,
    keep() {
      kept = made.size;
    },
    forget() {
      let position = 0;
      for (const id of made.keys()) if (position++ >= kept) made.delete(id);
    },
  };
}
