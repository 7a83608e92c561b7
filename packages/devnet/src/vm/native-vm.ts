/**
 * The native VM behind synchronous calls: C structs in, bytes out, the store through callbacks.
 * It doesn't know what is run, nor how results are shown.
 */
import koffi from "koffi";
import { BcsReader, BcsWriter } from "../codec/bcs.ts";
import {
  ByteSliceView,
  byteSlice,
  copyVector,
  emptyVector,
  type NativeVector,
  nativeLibraryPath,
  UnmanagedVector,
} from "../toolchain/native.ts";
import { createChecksumCache } from "./checksum-cache.ts";
import { createEnvironment, type Environment } from "./environment.ts";
import { createStoreCallbacks } from "./native-callbacks.ts";
import { createNativeMemory } from "./native-memory.ts";
import type { VmCall, VmEnv, VmStore } from "./types.ts";

export interface NativeOutcome {
  /** What was used of the limit, in the VM's units. */
  gasUsed: bigint;
  /** The VM's message when it failed. */
  error: string | null;
  /** BCS of the result when it succeeded. */
  bytes: Uint8Array;
}

export interface NativeScript {
  code: Uint8Array;
  typeArgs: Uint8Array[];
  args: Uint8Array[];
}

export interface NativeVm {
  initialize(store: VmStore, env: VmEnv, modules: Uint8Array[]): void;
  entry(store: VmStore, env: VmEnv, senders: Uint8Array[], call: VmCall, maxGas: bigint): NativeOutcome;
  script(
    store: VmStore,
    env: VmEnv,
    senders: Uint8Array[],
    script: NativeScript,
    maxGas: bigint,
  ): NativeOutcome;
  view(store: VmStore, env: VmEnv, call: VmCall, maxGas: bigint): NativeOutcome;
  /** JSON text. */
  decodeModule(module: Uint8Array): string;
  close(): void;
}

const SUCCESS = 0;
const PANIC = 1;
/** The compiler marks language 2.1 as unstable. */
const ALLOW_UNSTABLE = true;
const MODULE_CACHE = 1000n;
const SCRIPT_CACHE = 100n;
const MAX_U64 = 2n ** 64n - 1n;

const Db = koffi.struct({
  state: "uintptr_t",
  read: "void *",
  write: "void *",
  remove: "void *",
  scan: "void *",
});
const Api = koffi.struct({
  state: "uintptr_t",
  query: "void *",
  accountInfo: "void *",
  amountToShare: "void *",
  shareToAmount: "void *",
  unbondTimestamp: "void *",
  price: "void *",
});
/** `portable`: see `createStoreCallbacks`. */
export function createNativeVm(options: { portable?: boolean } = {}): NativeVm {
  const library = koffi.load(nativeLibraryPath("libmovevm"));
  const error = koffi.inout(koffi.pointer(UnmanagedVector));
  const gas = koffi.inout(koffi.pointer("uint64_t"));
  const destroyVector = library.func("destroy_unmanaged_vector", "void", [UnmanagedVector]);
  const allocateVm = library.func("allocate_vm", "void *", [ByteSliceView]);
  const releaseVm = library.func("release_vm", "void", ["void *"]);
  const initializeVm = library.func("initialize", UnmanagedVector, [
    "void *",
    Db,
    Api,
    ByteSliceView,
    ByteSliceView,
    ByteSliceView,
    error,
  ]);
  const executing = ["void *", gas, Db, Api, ByteSliceView, ByteSliceView, ByteSliceView, error];
  const executeContract = library.func("execute_contract", UnmanagedVector, executing);
  const executeScript = library.func("execute_script", UnmanagedVector, executing);
  const executeView = library.func("execute_view_function", UnmanagedVector, [
    "void *",
    gas,
    Db,
    Api,
    ByteSliceView,
    ByteSliceView,
    error,
  ]);
  const decodeModuleBytes = library.func("decode_module_bytes", UnmanagedVector, [error, ByteSliceView]);

  // One call runs at a time, so the callbacks find their store here.
  let store: VmStore | null = null;
  let environment: Environment | null = null;
  let thrown: { error: unknown } | null = null;

  const memory = createNativeMemory();
  const checksums = createChecksumCache();
  const guarded = (run: (store: VmStore, environment: Environment) => void): number => {
    try {
      if (!store || !environment) throw new Error("the VM called back outside a call");
      run(store, environment);
      return SUCCESS;
    } catch (error) {
      thrown ??= { error };
      return PANIC;
    }
  };

  const callbacks = createStoreCallbacks(
    memory,
    {
      read: (key, out) =>
        guarded((store, environment) => {
          let value: Uint8Array | null | undefined = checksums.get(key);
          if (value === undefined) {
            value = environment.read(key) ?? store.get(key);
            if (value) checksums.keep(key, value);
          }
          memory.putVector(out, value);
        }),
      write: (key, value) =>
        guarded((store, environment) => {
          if (!environment.owns(key)) store.set(key, value);
        }),
      remove: (key) =>
        guarded((store, environment) => {
          if (!environment.owns(key)) store.delete(key);
        }),
    },
    options,
  );
  // Iterating tables and asking the outside belong to natives that the framework doesn't declare.
  const db = {
    state: 0,
    read: callbacks.read,
    write: callbacks.write,
    remove: callbacks.remove,
    scan: callbacks.refuse,
  };
  const api = {
    state: 0,
    query: callbacks.refuse,
    accountInfo: callbacks.refuse,
    amountToShare: callbacks.refuse,
    shareToAmount: callbacks.refuse,
    unbondTimestamp: callbacks.refuse,
    price: callbacks.refuse,
  };
  let vm: unknown = allocateVm(
    byteSlice(new BcsWriter(24).bool(ALLOW_UNSTABLE).u64(SCRIPT_CACHE).u64(MODULE_CACHE).finish()),
  );

  /** Runs one library call; frees what it returned. */
  function call(invoke: (error: NativeVector) => NativeVector): { error: string | null; bytes: Uint8Array } {
    const message = emptyVector();
    const result = invoke(message);
    try {
      const text = copyVector(message);
      const bytes = copyVector(result) ?? new Uint8Array(0);
      return { error: text ? new TextDecoder().decode(text) : null, bytes };
    } finally {
      destroyVector(message);
      destroyVector(result);
    }
  }

  function withStore<T>(target: VmStore, env: VmEnv, run: () => T): T {
    if (!vm) throw new Error("the VM is closed");
    if (store) throw new Error("the VM was called from within a call");
    store = target;
    environment = createEnvironment(env);
    thrown = null;
    // The VM writes when it is done: while it runs, no module changes.
    checksums.clear();
    try {
      const result = run();
      const failure = thrown as { error: unknown } | null;
      if (failure) throw failure.error;
      return result;
    } finally {
      store = null;
      environment = null;
    }
  }

  function metered(
    target: VmStore,
    env: VmEnv,
    maxGas: bigint,
    invoke: (balance: bigint[], error: NativeVector) => NativeVector,
  ): NativeOutcome {
    const limit = maxGas < MAX_U64 ? maxGas : MAX_U64;
    const balance: [bigint | number] = [limit];
    const outcome = withStore(target, env, () => call((error) => invoke(balance as bigint[], error)));
    return { gasUsed: limit - BigInt(balance[0]), ...outcome };
  }

  return {
    initialize(target, env, modules) {
      const bundle = new BcsWriter(4096).vector(modules, (w, code) => w.bytes(code)).finish();
      const { error } = withStore(target, env, () =>
        call((message) =>
          initializeVm(
            vm,
            db,
            api,
            byteSlice(encodeEnv(env)),
            byteSlice(bundle),
            byteSlice(Uint8Array.of(0)), // publishers: anyone
            message,
          ),
        ),
      );
      if (error !== null) throw new Error(`the framework can't be published: ${error}`);
    },
    entry: (target, env, senders, entry, maxGas) =>
      metered(target, env, maxGas, (balance, message) =>
        executeContract(
          vm,
          balance,
          db,
          api,
          byteSlice(encodeEnv(env)),
          byteSlice(encodeAddresses(senders)),
          byteSlice(encodeCall(entry)),
          message,
        ),
      ),
    script: (target, env, senders, script, maxGas) =>
      metered(target, env, maxGas, (balance, message) =>
        executeScript(
          vm,
          balance,
          db,
          api,
          byteSlice(encodeEnv(env)),
          byteSlice(encodeAddresses(senders)),
          byteSlice(encodeScript(script)),
          message,
        ),
      ),
    view: (target, env, view, maxGas) =>
      metered(target, env, maxGas, (balance, message) =>
        executeView(vm, balance, db, api, byteSlice(encodeEnv(env)), byteSlice(encodeCall(view)), message),
      ),
    decodeModule(module) {
      const { error, bytes } = call((message) => decodeModuleBytes(message, byteSlice(module)));
      if (error !== null) throw new Error(`not a Move module: ${error}`);
      return new TextDecoder().decode(bytes);
    },
    close() {
      if (!vm) return;
      releaseVm(vm);
      vm = null;
      callbacks.close();
    },
  };
}

const NEXT_ACCOUNT_NUMBER = 1n;
const MICROS = 1_000_000n;

/** The session id, like the transaction's hash, makes table handles unique. */
function encodeEnv(env: VmEnv): Uint8Array {
  return new BcsWriter(96)
    .u64(env.blockHeight)
    .u64(env.timestampUsecs / MICROS)
    .u64(NEXT_ACCOUNT_NUMBER)
    .raw(env.transactionHash)
    .raw(env.transactionHash)
    .finish();
}

function encodeAddresses(addresses: Uint8Array[]): Uint8Array {
  return new BcsWriter(1 + 32 * addresses.length).vector(addresses, (w, address) => w.raw(address)).finish();
}

function encodeCall(call: VmCall): Uint8Array {
  return new BcsWriter(512)
    .raw(call.moduleAddress)
    .str(call.module)
    .str(call.function)
    .vector(call.typeArgs, (w, tag) => w.raw(tag))
    .vector(call.args, (w, arg) => w.bytes(arg))
    .bool(false) // arguments are BCS
    .finish();
}

function encodeScript(script: NativeScript): Uint8Array {
  return new BcsWriter(512 + script.code.length)
    .bytes(script.code)
    .vector(script.typeArgs, (w, tag) => w.raw(tag))
    .vector(script.args, (w, arg) => w.bytes(arg))
    .bool(false)
    .finish();
}

/** Type tag and JSON text of each event of a successful call. */
export function decodeEvents(bytes: Uint8Array): Array<{ type: string; json: string }> {
  return new BcsReader(bytes).vector((r) => ({ type: r.str(), json: r.str() }));
}

/** JSON text that a view returned. */
export function decodeViewResult(bytes: Uint8Array): string {
  return new BcsReader(bytes).str();
}
