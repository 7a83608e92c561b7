/**
 * The process's own memory by address: reading what the VM points at, and vectors that the VM may keep.
 * It doesn't know what the bytes mean. An address is only good during the call that handed it over.
 *
 * Copying through koffi costs more than most calls of the VM take; views of whole windows of memory, made
 * once, cost a tenth.
 */
import koffi from "koffi";

/**
 * A view tells the garbage collector of memory that it would free: with small windows over a heap of hundreds of MB,
 * made and dropped again and again, it did little else than collect. Only what the VM points at is ever touched.
 */
const WINDOW_BYTES = 16 * 1024 * 1024;
/** How far a view reaches into the next window; longer ranges get a view of their own. */
const OVERLAP_BYTES = 8192;
const MAX_WINDOWS = 2048;
const LOW_WORD = 0x1_0000_0000;
const EMPTY = new Uint8Array(0);

interface Window {
  bytes: Uint8Array;
  words: DataView;
}

export interface NativeMemory {
  /** The memory itself, not a copy. */
  peek(address: number, length: number): Uint8Array;
  /** Fills the C struct `UnmanagedVector` at `address` with a copy of `bytes`, which the VM frees. */
  putVector(address: number, bytes: Uint8Array | null): void;
}

export function createNativeMemory(): NativeMemory {
  // The library takes over memory of the C allocator: Rust's default allocator is that one.
  const malloc = koffi.load(null).func("malloc", "uintptr_t", ["size_t"]);
  const windows = new Map<number, Window>();

  function windowOf(address: number): Window {
    const index = Math.floor(address / WINDOW_BYTES);
    const known = windows.get(index);
    if (known) return known;
    if (windows.size >= MAX_WINDOWS) windows.clear();
    const memory = koffi.view(index * WINDOW_BYTES, WINDOW_BYTES + OVERLAP_BYTES);
    const window = { bytes: new Uint8Array(memory), words: new DataView(memory) };
    windows.set(index, window);
    return window;
  }

  function peek(address: number, length: number): Uint8Array {
    // An empty range may point anywhere.
    if (length === 0) return EMPTY;
    if (length > OVERLAP_BYTES) return new Uint8Array(koffi.view(address, length));
    const start = address % WINDOW_BYTES;
    return windowOf(address).bytes.subarray(start, start + length);
  }

  return {
    peek,
    putVector(address, bytes) {
      const { words } = windowOf(address);
      const at = address % WINDOW_BYTES;
      words.setUint8(at, bytes === null ? 1 : 0);
      if (bytes === null) return;
      const { length } = bytes;
      // Rust's empty vector points nowhere, but not to null.
      const copy: number = length === 0 ? 1 : malloc(length);
      if (copy === 0) throw new Error("out of memory");
      if (length > 0) peek(copy, length).set(bytes);
      setWord(words, at + 8, copy);
      setWord(words, at + 16, length);
      setWord(words, at + 24, length);
    },
  };
}

function setWord(words: DataView, at: number, value: number): void {
  words.setUint32(at, value % LOW_WORD, true);
  words.setUint32(at + 4, Math.floor(value / LOW_WORD), true);
}
