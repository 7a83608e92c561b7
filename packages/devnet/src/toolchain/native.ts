/**
 * Where the native Move compiler and VM are, and the C types they share.
 * It doesn't know what is called with them.
 *
 * `@initia/builder.js` is BUSL-1.1: a development dependency that only the devnet and this toolchain load.
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import koffi from "koffi";

const FILES: Record<string, string> = {
  "linux-x64": "x86_64.so",
  "linux-arm64": "aarch64.so",
  "darwin-x64": "dylib",
  "darwin-arm64": "dylib",
};

export const UnmanagedVector = koffi.struct({
  is_none: "bool",
  ptr: "void *",
  len: "size_t",
  cap: "size_t",
});
export const ByteSliceView = koffi.struct({
  is_nil: "bool",
  ptr: "uint8_t *",
  len: "size_t",
});

export interface NativeVector {
  is_none: boolean;
  ptr: unknown;
  len: number | bigint;
  cap: number | bigint;
}

/** Path of the library for this machine. Throws with a remedy where there is no build. */
export function nativeLibraryPath(name: "libcompiler" | "libmovevm"): string {
  const platform = `${process.platform}-${process.arch}`;
  const suffix = FILES[platform];
  if (!suffix) {
    throw new Error(
      `No Move toolchain for ${platform}: the devnet needs Linux (x64, arm64) or macOS. ` +
        "Use a real network instead.",
    );
  }
  const entry = createRequire(import.meta.url).resolve("@initia/builder.js");
  return join(dirname(entry), "..", "library", `${name}.${suffix}`);
}

export function byteSlice(bytes: Uint8Array): { is_nil: boolean; ptr: Uint8Array; len: number } {
  return { is_nil: false, ptr: bytes, len: bytes.length };
}

export function emptyVector(): NativeVector {
  return { is_none: true, ptr: null, len: 0, cap: 0 };
}

/** A copy of the vector's bytes, or null for none. The vector stays to be freed by its owner. */
export function copyVector(vector: NativeVector): Uint8Array | null {
  if (vector.is_none) return null;
  const length = Number(vector.len);
  if (length === 0) return new Uint8Array(0);
  return new Uint8Array(koffi.view(vector.ptr, length)).slice();
}
