/**
 * The devnet framework's bytecode: compiled when its sources change, else read from a cache.
 * It doesn't know how it is published.
 */
import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BcsReader, BcsWriter } from "../codec/bcs.ts";
import { readBuiltModules } from "../toolchain/built-modules.ts";
import { MoveBuildError, runCompilerSync } from "../toolchain/compiler.ts";
import { FRAMEWORK_DIR } from "../toolchain/framework-dir.ts";
import { sortByDependency } from "./module-binary.ts";

const PACKAGE_NAME = "AptosFramework";
/** Raise it when the compiler or the cache's form changes. */
const CACHE_VERSION = "1";

/** Module bytecodes, dependencies first. Throws `MoveBuildError` where the sources don't compile. */
export function loadFramework(): Uint8Array[] {
  const file = `framework-${sourcesHash()}.bin`;
  for (const folder of cacheFolders()) {
    try {
      return new BcsReader(readFileSync(join(folder, file))).vector((r) => new Uint8Array(r.bytes()));
    } catch {
      // Not there, or not whole: compiled below.
    }
  }
  const modules = compile();
  const bytes = new BcsWriter(65_536).vector(modules, (w, module) => w.bytes(module)).finish();
  for (const folder of cacheFolders()) {
    try {
      mkdirSync(folder, { recursive: true });
      const partial = join(folder, `${file}.${process.pid}`);
      writeFileSync(partial, bytes);
      renameSync(partial, join(folder, file));
      break;
    } catch {
      // A read-only installation: the next folder, or compile again next time.
    }
  }
  return modules;
}

function cacheFolders(): string[] {
  return [
    fileURLToPath(new URL("../../node_modules/.cache", import.meta.url)),
    join(tmpdir(), "computestream-devnet-cache"),
  ];
}

function sourcesHash(): string {
  const hash = createHash("sha256").update(CACHE_VERSION);
  const sources = join(FRAMEWORK_DIR, "sources");
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" }).filter((f) =>
    f.endsWith(".move"),
  );
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(sources, file)));
  return hash.digest("hex").slice(0, 32);
}

function compile(): Uint8Array[] {
  const dir = mkdtempSync(join(tmpdir(), "computestream-framework-"));
  try {
    cpSync(join(FRAMEWORK_DIR, "Move.toml"), join(dir, "Move.toml"));
    cpSync(join(FRAMEWORK_DIR, "sources"), join(dir, "sources"), { recursive: true });
    const run = runCompilerSync({ action: "build", packageDir: dir });
    if (run.error !== null) throw new MoveBuildError("The devnet framework doesn't compile.", run.output);
    return sortByDependency(readBuiltModules(dir, PACKAGE_NAME)).map((module) => module.bytecode);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
