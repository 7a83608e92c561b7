/**
 * The Move VM as the chain uses it: synchronous calls over a synchronous key-value view.
 * It doesn't know transactions, signatures or HTTP.
 */

/** Ordered by key bytes; the VM reads during a call and writes only when the call succeeds. */
export interface VmStore {
  /** Keys and values are views of the VM's memory, good until the call returns: what is kept is copied. */
  get(key: Uint8Array): Uint8Array | null;
  set(key: Uint8Array, value: Uint8Array): void;
  delete(key: Uint8Array): void;
  /** Ascending or descending over [start, end); null bound = open. */
  scan(
    start: Uint8Array | null,
    end: Uint8Array | null,
    descending: boolean,
  ): Iterator<[Uint8Array, Uint8Array]>;
}

export interface VmEnv {
  blockHeight: bigint;
  /** Unix microseconds; natives of the VM see seconds. */
  timestampUsecs: bigint;
  chainId: number;
  /** 32 bytes. */
  transactionHash: Uint8Array;
}

export interface VmCall {
  /** 32 bytes. */
  moduleAddress: Uint8Array;
  module: string;
  function: string;
  /** BCS of each TypeTag. */
  typeArgs: Uint8Array[];
  /** BCS of each argument (without signers). */
  args: Uint8Array[];
}

export interface VmEvent {
  /** Canonical type tag, `0xcafe::counter::Bumped`. */
  type: string;
  /** JSON in the fullnode's form: u64 and larger as strings, smaller ints as numbers, vector<u8> as 0x-hex, addresses full 0x-hex, Object as {inner}, Option as {vec}. */
  data: unknown;
}

export type VmResult =
  | { ok: true; gasUsed: bigint; events: VmEvent[] }
  | {
      ok: false;
      gasUsed: bigint;
      /** The fullnode's wording: `Move abort in 0x..::module: E_NAME(0x1): sentence`, `Out of gas`, ... */
      vmStatus: string;
      abort: { module: string; code: bigint } | null;
    };

export interface MoveVm {
  /** Publishes the devnet framework at 0x1 into an empty store. */
  initialize(store: VmStore, env: VmEnv): void;
  /** `senders`: 32-byte addresses, one a signer parameter. Writes go to `store` only on success. */
  executeEntry(store: VmStore, env: VmEnv, senders: Uint8Array[], call: VmCall, maxGas: bigint): VmResult;
  executeScript(
    store: VmStore,
    env: VmEnv,
    senders: Uint8Array[],
    script: { code: Uint8Array; typeArgs: Uint8Array[]; args: Uint8Array[] },
    maxGas: bigint,
  ): VmResult;
  /** A `#[view]` function: JSON values in the fullnode's form. Throws `VmViewError`. */
  view(store: VmStore, env: VmEnv, call: VmCall, maxGas: bigint): unknown[];
  /** Module ABI in the fullnode's shape (`/modules`), without bytecode. */
  abi(moduleBytes: Uint8Array): unknown;
  /** JSON of a resource in the fullnode's form. */
  decodeResource(store: VmStore, structTag: Uint8Array, bytes: Uint8Array): unknown;
  /** Keys of the store: what is kept where. */
  keys: {
    module(address: Uint8Array, name: string): Uint8Array;
    resource(address: Uint8Array, structTagBcs: Uint8Array): Uint8Array;
    tableItem(handle: Uint8Array, keyBcs: Uint8Array): Uint8Array;
    /** What a key is, or null when it is none of the VM's. */
    parse(
      key: Uint8Array,
    ):
      | { kind: "module"; address: Uint8Array; name: string }
      | { kind: "resource"; address: Uint8Array; structTagBcs: Uint8Array }
      | { kind: "table_item"; handle: Uint8Array; keyBcs: Uint8Array }
      | { kind: "other" }
      | null;
  };
  close(): void;
}
