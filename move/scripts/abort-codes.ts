/**
 * `npm run move:codes [-- --json]`: every abort code of the package with the tests that expect exactly it.
 * It doesn't run them. Exits 1 when a code has none.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseAbortCodes } from "./error-sentences.ts";

const PACKAGE_DIR = fileURLToPath(new URL("..", import.meta.url));

export interface TestedCode {
  /** `module::E_NAME` */
  code: string;
  /** `file::test` without the extension, in the order of the files. */
  tests: string[];
}

export function testedCodes(sources: string[], tests: Array<{ file: string; text: string }>): TestedCode[] {
  const expectations = tests.flatMap(({ file, text }) =>
    [
      ...text.matchAll(
        /abort_code = computestream::(\w+::\w+)[^\n]*\n(?:\s*[^\n]*\n)*?\s*(?:public )?fun (\w+)/g,
      ),
    ].map(([, code, name]) => ({ code: code as string, test: `${file.replace(/\.move$/, "")}::${name}` })),
  );
  return sources
    .map(parseAbortCodes)
    .flatMap((module) => module?.codes.map(({ name }) => `${module.module}::${name}`) ?? [])
    .map((code) => ({ code, tests: expectations.filter((e) => e.code === code).map((e) => e.test) }));
}

export function readTestedCodes(): TestedCode[] {
  const read = (folder: string) =>
    readdirSync(join(PACKAGE_DIR, folder))
      .filter((file) => file.endsWith(".move"))
      .sort()
      .map((file) => ({ file, text: readFileSync(join(PACKAGE_DIR, folder, file), "utf8") }));
  return testedCodes(
    read("sources").map(({ text }) => text),
    read("tests"),
  );
}

function main(): void {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
  const codes = readTestedCodes();
  const untested = codes.filter(({ tests }) => tests.length === 0).map(({ code }) => code);
  if (values.json) console.log(JSON.stringify({ codes: codes.length, untested }));
  else {
    for (const { code, tests } of codes) console.log(`${code}: ${tests.join(", ") || "NO TEST"}`);
    console.log(`${codes.length} codes, ${untested.length} without a test`);
  }
  if (untested.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
