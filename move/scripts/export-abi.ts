/**
 * `npm run codegen`: writes the entry functions and abort codes of the Move package, and decoders of its events, as
 * TypeScript for the client.
 * It doesn't know how they are used. `--check` writes nothing and exits 1 when a file is stale;
 * `--out <folder>` writes elsewhere.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildPackage } from "@computestream/devnet/toolchain";
import { createMoveVm } from "@computestream/devnet/vm";
import { z } from "zod";
import { EVENT_SCHEMAS } from "../../packages/protocol/src/event-schemas.ts";
import { parseAbortCodes } from "./error-sentences.ts";
import { renderEventDecoders } from "./event-decoders.ts";

const PACKAGE_DIR = fileURLToPath(new URL("..", import.meta.url));
const OUT_DIR = fileURLToPath(new URL("../../packages/protocol/src/generated", import.meta.url));
/** Any address that no other module has: it is replaced by {package} in the output. */
const BUILD_ADDRESS = "0xc0de57ea4";
const HEADER = "// Made by `npm run codegen` from move/sources. Don't edit.\n";

const zModuleAbi = z.object({
  name: z.string(),
  exposed_functions: z.array(
    z.object({ name: z.string(), is_entry: z.boolean(), params: z.array(z.string()) }),
  ),
});

type Table<T> = Record<string, Record<string, T>>;

function sorted<T>(table: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function entryFunctions(): Promise<Table<string[]>> {
  const built = await buildPackage({
    packageDir: PACKAGE_DIR,
    namedAddresses: { computestream: BUILD_ADDRESS },
  });
  const own = new RegExp(`0x0*${BUILD_ADDRESS.slice(2)}::`, "gi");
  const table: Table<string[]> = {};
  const vm = createMoveVm();
  try {
    for (const { bytecode } of built.modules) {
      const abi = zModuleAbi.parse(vm.abi(bytecode));
      const entries = abi.exposed_functions.filter((fn) => fn.is_entry);
      if (entries.length === 0) continue;
      table[abi.name] = sorted(
        Object.fromEntries(
          entries.map((fn) => [
            fn.name,
            fn.params
              .filter((type) => !/^&?signer$/.test(type))
              .map((type) => type.replace(own, "{package}::").replace(/0x0+1::/g, "0x1::")),
          ]),
        ),
      );
    }
  } finally {
    vm.close();
  }
  return sorted(table);
}

function aborts(): Table<{ name: string; sentence: string }> {
  const sources = join(PACKAGE_DIR, "sources");
  const table: Table<{ name: string; sentence: string }> = {};
  for (const file of readdirSync(sources).filter((name) => name.endsWith(".move"))) {
    const parsed = parseAbortCodes(readFileSync(join(sources, file), "utf8"));
    if (!parsed || parsed.codes.length === 0) continue;
    table[parsed.module] = Object.fromEntries(
      parsed.codes.map(({ code, name, sentence }) => [String(code), { name, sentence }]),
    );
  }
  return sorted(table);
}

async function main(): Promise<void> {
  const files = {
    "abi.ts": `${HEADER}/** Module -> entry function -> parameter types without the signer; {package} stands for the package's address. */
export const ENTRY_FUNCTIONS = ${JSON.stringify(await entryFunctions(), null, 2)} as const;
`,
    "errors.ts": `${HEADER}/** Module -> abort code -> its name and a sentence for a person. */
export const ABORTS: Record<string, Record<number, { name: string; sentence: string }>> = ${JSON.stringify(aborts(), null, 2)};
`,
    "event-decoders.ts": `// Made by \`npm run codegen\` from packages/protocol/src/events. Don't edit.
${renderEventDecoders(EVENT_SCHEMAS)}`,
  };
  const { values } = parseArgs({ options: { check: { type: "boolean" }, out: { type: "string" } } });
  for (const [name, text] of Object.entries(files)) {
    const path = join(values.out ?? OUT_DIR, name);
    const shown = relative(process.cwd(), path);
    if (existsSync(path) && readFileSync(path, "utf8") === text) {
      console.log(`${shown} is up to date`);
    } else if (values.check) {
      console.error(`${shown} is stale; run: npm run codegen`);
      process.exitCode = 1;
    } else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      console.log(`${shown} written`);
    }
  }
}

await main();
