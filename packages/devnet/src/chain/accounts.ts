/**
 * What the node itself reads and writes of Move state: account sequence numbers and keys, and MOVE for gas.
 * It knows the BCS layout of three framework resources, and doesn't run Move.
 */
import { BcsReader, BcsWriter } from "../codec/bcs.ts";
import { latin1, sha3, specialAddress, view } from "../codec/bytes.ts";
import { parseType, type StructType, structTagBytes } from "../codec/type-tag.ts";
import type { MoveVm, VmStore } from "../vm/types.ts";

export interface Account {
  authenticationKey: Buffer;
  sequenceNumber: bigint;
}

export interface Accounts {
  read(store: VmStore, address: Uint8Array): Account | null;
  /** A new account; its authentication key is the address unless another is given. */
  create(store: VmStore, address: Uint8Array, authenticationKey?: Uint8Array): void;
  /** The account must exist. */
  setSequenceNumber(store: VmStore, address: Uint8Array, sequenceNumber: bigint): void;
  /** Balance of the owner's primary store in base units; 0 when there is none. */
  balance(store: VmStore, owner: Uint8Array, metadata: Uint8Array): bigint;
  moveBalance(store: VmStore, owner: Uint8Array): bigint;
  /** Takes MOVE from the owner's primary store and out of the supply. The balance must suffice. */
  burnMove(store: VmStore, owner: Uint8Array, amount: bigint): void;
}

export const FRAMEWORK_ADDRESS = specialAddress(1);
/** Metadata object of MOVE. */
export const MOVE_METADATA = specialAddress(0xa);

const struct = (text: string): Buffer => structTagBytes(parseType(text) as StructType);
const ACCOUNT_TAG = struct("0x1::account::Account");
const FUNGIBLE_STORE_TAG = struct("0x1::fungible_asset::FungibleStore");
const SUPPLY_TAG = struct("0x1::fungible_asset::Supply");

/** FungibleStore: metadata address, balance u64, frozen bool. */
const BALANCE_OFFSET = 32;
/** Derivation scheme of `object::create_user_derived_object_address`. */
const OBJECT_DERIVED_SCHEME = Buffer.from([0xfc]);
const MAX_CACHED_STORES = 50_000;

export function primaryStoreAddress(owner: Uint8Array, metadata: Uint8Array): Buffer {
  return sha3(Buffer.concat([owner, metadata, OBJECT_DERIVED_SCHEME]));
}

export function createAccounts(keys: MoveVm["keys"]): Accounts {
  const supplyKey = keys.resource(MOVE_METADATA, SUPPLY_TAG);
  const storeKeys = new Map<string, Uint8Array>();

  const accountKey = (address: Uint8Array) => keys.resource(address, ACCOUNT_TAG);

  function moveStoreKey(owner: Uint8Array): Uint8Array {
    const id = latin1(owner);
    const cached = storeKeys.get(id);
    if (cached) return cached;
    const key = keys.resource(primaryStoreAddress(owner, MOVE_METADATA), FUNGIBLE_STORE_TAG);
    if (storeKeys.size >= MAX_CACHED_STORES) storeKeys.clear();
    storeKeys.set(id, key);
    return key;
  }

  function balanceAt(store: VmStore, key: Uint8Array): bigint {
    const bytes = store.get(key);
    return bytes ? view(bytes).readBigUInt64LE(BALANCE_OFFSET) : 0n;
  }

  return {
    read(store, address) {
      const bytes = store.get(accountKey(address));
      if (!bytes) return null;
      const reader = new BcsReader(bytes);
      return { authenticationKey: reader.bytes(), sequenceNumber: reader.u64() };
    },
    create(store, address, authenticationKey = address) {
      // authentication_key, sequence_number, guid_creation_num, signer_capability_offered: none
      const account = new BcsWriter(64).bytes(authenticationKey).u64(0n).u64(0n).u8(0).finish();
      store.set(accountKey(address), account);
    },
    setSequenceNumber(store, address, sequenceNumber) {
      const key = accountKey(address);
      const bytes = store.get(key);
      if (!bytes) throw new Error("sequence number of an account that does not exist");
      const changed = Buffer.from(bytes);
      const reader = new BcsReader(changed);
      reader.bytes();
      changed.writeBigUInt64LE(sequenceNumber, reader.position);
      store.set(key, changed);
    },
    balance: (store, owner, metadata) =>
      balanceAt(store, keys.resource(primaryStoreAddress(owner, metadata), FUNGIBLE_STORE_TAG)),
    moveBalance: (store, owner) => balanceAt(store, moveStoreKey(owner)),
    burnMove(store, owner, amount) {
      if (amount === 0n) return;
      const key = moveStoreKey(owner);
      const bytes = store.get(key);
      if (!bytes) throw new Error("gas payer has no MOVE store");
      const changed = Buffer.from(bytes);
      changed.writeBigUInt64LE(changed.readBigUInt64LE(BALANCE_OFFSET) - amount, BALANCE_OFFSET);
      store.set(key, changed);
      const supply = store.get(supplyKey);
      if (!supply) return;
      const reader = new BcsReader(supply);
      const current = reader.uint(16);
      store.set(
        supplyKey,
        new BcsWriter(supply.length)
          .uint(current - amount, 16)
          .raw(supply.subarray(16))
          .finish(),
      );
    },
  };
}
