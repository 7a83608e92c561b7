/** Ed25519 with plain 32-byte seeds, by another implementation than the one under test. */
import { Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { toHex } from "@computestream/protocol";

const keyOf = (seed: Uint8Array): Ed25519PrivateKey => new Ed25519PrivateKey(seed);

/** Hex of the 32 bytes. */
export const publicKeyOf = (seed: Uint8Array): string => toHex(keyOf(seed).publicKey().toUint8Array());

/** Hex of the 64 bytes. */
export const signBytes = (message: Uint8Array, seed: Uint8Array): string =>
  toHex(keyOf(seed).sign(message).toUint8Array());
