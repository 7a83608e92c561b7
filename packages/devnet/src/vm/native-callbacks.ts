/**
 * C function pointers through which the VM reads and writes the store.
 * It doesn't know the store; it hands over keys and values as views that are good until the handler returns.
 */
import koffi from "koffi";
import type { NativeMemory } from "./native-memory.ts";

/** Each returns the status that the VM gets; none may throw. */
export interface StoreHandlers {
  /** `out` is the address of the vector to fill. */
  read(key: Uint8Array, out: number): number;
  write(key: Uint8Array, value: Uint8Array): number;
  remove(key: Uint8Array): number;
}

export interface StoreCallbacks {
  read: bigint;
  write: bigint;
  remove: bigint;
  /** Answers any call with "unimplemented", whatever its arguments. */
  refuse: bigint;
  close(): void;
}

const UNIMPLEMENTED = 5;

/**
 * `portable: true` declares the slices as the structs they are. On x64 they are declared as the words on the
 * stack that they come as (System V passes structs of more than 16 bytes there, after the register arguments),
 * because making an object of each costs more than reading the store.
 */
export function createStoreCallbacks(
  memory: NativeMemory,
  handlers: StoreHandlers,
  options: { portable?: boolean } = {},
): StoreCallbacks {
  const portable = options.portable ?? (process.arch !== "x64" || process.platform === "win32");
  const pointers = portable ? structs(memory, handlers) : words(memory, handlers);
  const refuse = koffi.register(() => UNIMPLEMENTED, koffi.pointer(koffi.proto("int32_t", [])));
  const callbacks = { ...pointers, refuse };
  return {
    ...callbacks,
    close() {
      for (const pointer of Object.values(callbacks)) koffi.unregister(pointer);
    },
  };
}

function structs(memory: NativeMemory, handlers: StoreHandlers) {
  const slice = koffi.struct({ is_none: "bool", ptr: "uintptr_t", len: "size_t" });
  type Slice = { ptr: number; len: number };
  const register = (callback: (...args: never[]) => number, args: Array<string | typeof slice>) =>
    koffi.register(callback, koffi.pointer(koffi.proto("int32_t", args)));
  const peek = (view: Slice) => memory.peek(view.ptr, view.len);
  return {
    read: register(
      (_db: number, key: Slice, out: number) => handlers.read(peek(key), out),
      ["uintptr_t", slice, "uintptr_t", "uintptr_t"],
    ),
    write: register(
      (_db: number, key: Slice, value: Slice) => handlers.write(peek(key), peek(value)),
      ["uintptr_t", slice, slice, "uintptr_t"],
    ),
    remove: register(
      (_db: number, key: Slice) => handlers.remove(peek(key)),
      ["uintptr_t", slice, "uintptr_t"],
    ),
  };
}

function words(memory: NativeMemory, handlers: StoreHandlers) {
  // The registers that no argument is in hold anything; a small integer is the cheapest to make of it.
  const unused = "uint8_t";
  const sliceWords = [unused, "uintptr_t", "size_t"];
  const register = (callback: (...args: never[]) => number, args: string[]) =>
    koffi.register(callback, koffi.pointer(koffi.proto("int32_t", args)));
  return {
    read: register(
      // db, out, error, three unused registers, then the key on the stack
      (_1: number, out: number, _3: number, _4: number, _5: number, _6: number, _7: number, ptr, len) =>
        handlers.read(memory.peek(ptr, len), out),
      [unused, "uintptr_t", unused, unused, unused, unused, ...sliceWords],
    ),
    write: register(
      // db, error, four unused registers, then key and value
      (_1, _2, _3, _4, _5, _6, _7, key: number, keyLength: number, _10, value: number, valueLength: number) =>
        handlers.write(memory.peek(key, keyLength), memory.peek(value, valueLength)),
      [unused, unused, unused, unused, unused, unused, ...sliceWords, ...sliceWords],
    ),
    remove: register(
      (_1, _2, _3, _4, _5, _6, _7, ptr: number, len: number) => handlers.remove(memory.peek(ptr, len)),
      [unused, unused, unused, unused, unused, unused, ...sliceWords],
    ),
  };
}
