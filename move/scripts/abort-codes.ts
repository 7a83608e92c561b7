/**
 * `npm run move:codes [-- --json]`: every abort code of the package with the tests that expect exactly it.
 * It doesn't run them. Exits 1 when a code has none, or when a test expects one that its module doesn't have: the
 * runner passes such a test whatever it aborts with.
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

interface Source {
  file: string;
  text: string;
}

function codesOf(sources: string[]): string[] {
  return sources
    .map(parseAbortCodes)
    .flatMap((module) => module?.codes.map(({ name }) => `${module.module}::${name}`) ?? []);
}

function expectationsOf(tests: Source[]): Array<{ code: string; test: string }> {
  return tests.flatMap(({ file, text }) =>
    [
      ...text.matchAll(
        /abort_code\s*=\s*computestream::(\w+::\w+)[^\n]*\n(?:\s*[^\n]*\n)*?\s*(?:public )?fun (\w+)/g,
      ),
    ].map(([, code, name]) => ({ code: code as string, test: `${file.replace(/\.move$/, "")}::${name}` })),
  );
}

export function testedCodes(sources: string[], tests: Source[]): TestedCode[] {
  const expectations = expectationsOf(tests);
  return codesOf(sources).map((code) => ({
    code,
    tests: expectations.filter((e) => e.code === code).map((e) => e.test),
  }));
}

/** Codes that tests expect and no module has, in the order of the tests. */
export function unknownCodes(sources: string[], tests: Source[]): TestedCode[] {
  const known = new Set(codesOf(sources));
  const unknown = new Map<string, string[]>();
  for (const { code, test } of expectationsOf(tests).filter((e) => !known.has(e.code))) {
    unknown.set(code, [...(unknown.get(code) ?? []), test]);
  }
  return [...unknown].map(([code, tests]) => ({ code, tests }));
}

export function readTestedCodes(): { codes: TestedCode[]; unknown: TestedCode[] } {
  const read = (folder: string) =>
    readdirSync(join(PACKAGE_DIR, folder))
      .filter((file) => file.endsWith(".move"))
      .sort()
      .map((file) => ({ file, text: readFileSync(join(PACKAGE_DIR, folder, file), "utf8") }));
  const sources = read("sources").map(({ text }) => text);
  const tests = read("tests");
  return { codes: testedCodes(sources, tests), unknown: unknownCodes(sources, tests) };
}

function main(): void {
  const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
  const { codes, unknown } = readTestedCodes();
  const untested = codes.filter(({ tests }) => tests.length === 0).map(({ code }) => code);
  if (values.json) console.log(JSON.stringify({ codes: codes.length, untested, unknown }));
  else {
    for (const { code, tests } of codes) console.log(`${code}: ${tests.join(", ") || "NO TEST"}`);
    for (const { code, tests } of unknown) console.log(`${code}: NO SUCH CODE, but ${tests.join(", ")}`);
    console.log(
      `${codes.length} codes, ${untested.length} without a test, ${unknown.length} that don't exist`,
    );
  }
  if (untested.length + unknown.length > 0) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
