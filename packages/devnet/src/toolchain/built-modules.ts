/**
 * The bytecode that a compiler run left in a package folder.
 * It doesn't know how it came there.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ModuleBinary, parseModule } from "../vm/module-binary.ts";

export interface CompiledModule {
  name: string;
  bytecode: Uint8Array;
  binary: ModuleBinary;
}

/** In no particular order; empty where nothing was built. */
export function readBuiltModules(packageDir: string, packageName: string): CompiledModule[] {
  const folder = join(packageDir, "build", packageName, "bytecode_modules");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".mv"))
    .map((file) => {
      const bytecode = new Uint8Array(readFileSync(join(folder, file)));
      return { name: file.slice(0, -".mv".length), bytecode, binary: parseModule(bytecode) };
    });
}
