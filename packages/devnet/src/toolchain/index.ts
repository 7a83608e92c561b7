/**
 * Compiling and unit-testing Move packages with the embedded compiler.
 * It doesn't know how the result is published.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { sortByDependency } from "../vm/module-binary.ts";
import { readBuiltModules } from "./built-modules.ts";
import { MoveBuildError, runCompiler } from "./compiler.ts";
import { copyPackage, type PackageCopy } from "./manifest.ts";
import { encodePackageMetadata } from "./package-metadata.ts";
import type { BuildOptions, BuiltPackage, TestReport } from "./types.ts";

export { MoveBuildError } from "./compiler.ts";
export type { BuildOptions, BuiltPackage, TestReport } from "./types.ts";

const FRAMEWORK_ADDRESS = new Uint8Array(32).fill(1, 31);

/** Throws `MoveBuildError` with the compiler's text where the package doesn't compile. */
export async function buildPackage(options: BuildOptions): Promise<BuiltPackage> {
  const copy = copyPackage(options.packageDir, options.namedAddresses, false);
  try {
    const run = await runCompiler({ action: "build", packageDir: copy.dir });
    if (run.error !== null) throw new MoveBuildError(`${copy.name} doesn't compile.`, findings(run.output));
    return collect(copy);
  } finally {
    copy.remove();
  }
}

export interface TestOptions extends BuildOptions {
  /** Runs only the tests whose full name contains this. */
  filter?: string;
  coverage?: boolean;
}

/** Throws `MoveBuildError` where the tests don't compile; a failing test is a report. */
export async function testPackage(options: TestOptions): Promise<TestReport> {
  const copy = copyPackage(options.packageDir, options.namedAddresses, true);
  try {
    const run = await runCompiler({
      action: "test",
      packageDir: copy.dir,
      ...(options.filter === undefined ? {} : { filter: options.filter }),
      ...(options.coverage === undefined ? {} : { coverage: options.coverage }),
    });
    const counts = /Test result: (\w+)\. Total tests: \d+; passed: (\d+); failed: (\d+)/.exec(run.output);
    if (!counts) throw new MoveBuildError(`${copy.name}'s tests don't compile.`, findings(run.output));
    return {
      ok: counts[1] === "OK" && run.error === null,
      passed: Number(counts[2]),
      failed: Number(counts[3]),
      output: findings(run.output),
      ...(options.coverage ? { coverage: parseCoverage(run.output) } : {}),
    };
  } finally {
    copy.remove();
  }
}

function collect(copy: PackageCopy): BuiltPackage {
  const modules = sortByDependency(readBuiltModules(copy.dir, copy.name));
  return {
    name: copy.name,
    modules: modules.map(({ name, bytecode }) => ({ name, bytecode })),
    metadata: encodePackageMetadata({
      name: copy.name,
      upgradePolicy: copy.upgradePolicy,
      sourceDigest: digest(modules.map((module) => module.bytecode)),
      manifest: gzipSync(copy.manifest),
      moduleNames: modules.map((module) => module.name),
      dependencies: [{ address: FRAMEWORK_ADDRESS, packageName: "AptosFramework" }],
    }),
  };
}

function digest(parts: Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex").toUpperCase();
}

/** The compiler's text without what it says on every run. */
function findings(output: string): string {
  return output
    .replace(/^(Compiling, may take|BUILDING |INCLUDING DEPENDENCY).*\n/gm, "")
    .replace(RESOURCE_GROUP_WARNING, "")
    .trim();
}

/** Aptos' attribute means nothing to this compiler; its warning would hide the others. */
const RESOURCE_GROUP_WARNING =
  /^warning: unknown attribute\n(?:[^\n]+\n){2}[^\n]*#\[resource_group[^\n]*\n[^\n]+\n\n?/gm;

/** CSV lines `module,function,covered,all` after the report (the header calls the last one uncovered). */
function parseCoverage(output: string): Record<string, number> {
  const totals = new Map<string, { covered: number; all: number }>();
  for (const line of output.split("\n")) {
    const row = /^(?:0x)?[0-9a-f]+::(\w+),\w+,(\d+),(\d+)$/.exec(line.replaceAll(" ", ""));
    if (!row?.[1]) continue;
    const total = totals.get(row[1]) ?? { covered: 0, all: 0 };
    total.covered += Number(row[2]);
    total.all += Number(row[3]);
    totals.set(row[1], total);
  }
  return Object.fromEntries(
    [...totals].map(([name, { covered, all }]) => [name, all === 0 ? 100 : (100 * covered) / all]),
  );
}
