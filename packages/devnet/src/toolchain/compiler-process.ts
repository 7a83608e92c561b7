/**
 * The compiler in a process of its own, because it prints its findings to the process's own output.
 * It doesn't know about manifests or frameworks: it takes one package folder, as JSON in argv, and
 * writes `{"error": string | null}` to file descriptor 3.
 */
import { writeSync } from "node:fs";
import koffi from "koffi";
import {
  ByteSliceView,
  byteSlice,
  copyVector,
  emptyVector,
  nativeLibraryPath,
  UnmanagedVector,
} from "./native.ts";

export interface CompilerCall {
  action: "build" | "test";
  packageDir: string;
  filter?: string;
  coverage?: boolean;
}

const BYTECODE_VERSION = 7;
const COMPILER_VERSION = "2.1";
const LANGUAGE_VERSION = "2.1";

function run(call: CompilerCall): string | null {
  const library = koffi.load(nativeLibraryPath("libcompiler"));
  const error = koffi.inout(koffi.pointer(UnmanagedVector));
  const build = library.func("build_move_package", UnmanagedVector, [error, ByteSliceView]);
  const test = library.func("test_move_package", UnmanagedVector, [error, ByteSliceView, ByteSliceView]);
  const summary = library.func("coverage_summary_move_package", UnmanagedVector, [
    error,
    ByteSliceView,
    ByteSliceView,
  ]);

  const attempt = (invoke: (error: object) => unknown): string | null => {
    const message = emptyVector();
    invoke(message);
    const bytes = copyVector(message);
    return bytes ? new TextDecoder().decode(bytes) : null;
  };
  const payload = byteSlice(compilerArguments(call));
  if (call.action === "build") return attempt((message) => build(message, payload));

  const failure = attempt((message) => test(message, payload, byteSlice(testOptions(call))));
  if (failure === null && call.coverage) {
    // functions: false, output_csv: true
    return attempt((message) => summary(message, payload, byteSlice(Uint8Array.of(0, 1))));
  }
  return failure;
}

// BCS of the library's argument structs.

function compilerArguments(call: CompilerCall): Uint8Array {
  const testMode = call.action === "test";
  return Uint8Array.from([
    ...some(call.packageDir),
    0, // verbose
    0, // dev_mode
    Number(testMode),
    0, // generate_docs
    0, // generate_abis
    0, // install_dir: none
    1, // force_recompilation
    0, // fetch_deps_only
    1, // skip_fetch_latest_git_deps
    ...[BYTECODE_VERSION, 0, 0, 0],
    ...text(COMPILER_VERSION),
    ...text(LANGUAGE_VERSION),
    0, // additional_named_addresses: the manifest has them all
  ]);
}

function testOptions(call: CompilerCall): Uint8Array {
  return Uint8Array.from([
    ...(call.filter ? some(call.filter) : [0]),
    0, // report_statistics
    0, // report_storage_on_error
    1, // ignore_compile_warnings
    Number(call.coverage ?? false),
  ]);
}

function some(value: string): number[] {
  return [1, ...text(value)];
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  const length: number[] = [];
  let left = bytes.length;
  for (; left >= 0x80; left >>>= 7) length.push((left & 0x7f) | 0x80);
  return [...length, left, ...bytes];
}

const argument = process.argv[2];
if (argument === undefined) throw new Error("compiler-process takes one JSON argument");
writeSync(3, JSON.stringify({ error: run(JSON.parse(argument) as CompilerCall) }));
