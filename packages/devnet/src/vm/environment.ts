/**
 * Resources at 0x1 that every call sees as its environment says, whatever the store holds:
 * the time in microseconds, the chain id, and how many unique addresses the transaction has made.
 * It doesn't know the VM; writes to the last one are dropped, because it ends with the transaction.
 */
import { BcsWriter } from "../codec/bcs.ts";
import { concat, latin1, specialAddress } from "../codec/bytes.ts";
import { parseType, type StructType, structTagBytes } from "../codec/type-tag.ts";
import { keys } from "./keys.ts";
import type { VmEnv, VmStore } from "./types.ts";

const FRAMEWORK = specialAddress(1);
const resourceKey = (type: string): Uint8Array =>
  keys.resource(FRAMEWORK, structTagBytes(parseType(type) as StructType));

const TIME = resourceKey("0x1::timestamp::CurrentTimeMicroseconds");
const CHAIN_ID = resourceKey("0x1::chain_id::ChainId");
const UNIQUE_ADDRESS_COUNT = resourceKey("0x1::transaction_context::UniqueAddressCount");

const u64 = (value: bigint): Uint8Array => new BcsWriter(8).u64(value).finish();
const ZERO = u64(0n);
const PREFIX = concat(FRAMEWORK, Uint8Array.of(2));
const names = new Map([TIME, CHAIN_ID, UNIQUE_ADDRESS_COUNT].map((key) => [latin1(key), key] as const));

export interface Environment {
  /** Undefined for a key that the store answers. */
  read(key: Uint8Array): Uint8Array | undefined;
  /** True for a key that is not to be written. */
  owns(key: Uint8Array): boolean;
}

function known(key: Uint8Array): Uint8Array | undefined {
  // Nearly every key fails one of these two bytes.
  if (key[32] !== 2 || key[31] !== 1 || !startsWith(key, PREFIX)) return undefined;
  return names.get(latin1(key));
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false;
  return true;
}

export function createEnvironment(env: VmEnv): Environment {
  return {
    read(key) {
      switch (known(key)) {
        case TIME:
          return u64(env.timestampUsecs);
        case CHAIN_ID:
          return Uint8Array.of(env.chainId);
        case UNIQUE_ADDRESS_COUNT:
          return ZERO;
        default:
          return undefined;
      }
    },
    owns: (key) => known(key) !== undefined,
  };
}

/** Time and chain id as ordinary resources too, for who reads the store without a call. */
export function writeEnvironment(store: VmStore, env: VmEnv): void {
  store.set(TIME, u64(env.timestampUsecs));
  store.set(CHAIN_ID, Uint8Array.of(env.chainId));
}
