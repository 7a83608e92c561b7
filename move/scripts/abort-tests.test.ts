/** Every abort code has a test that fails with exactly it, by name. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parseAbortCodes } from "./error-sentences.ts";

const read = (folder: string) => {
  const dir = join(import.meta.dirname, "..", folder);
  return readdirSync(dir).map((file) => readFileSync(join(dir, file), "utf8"));
};

it("no abort code is without a test that names it", () => {
  const tests = read("tests").join("\n");
  const codes = read("sources")
    .map(parseAbortCodes)
    .flatMap((module) => module?.codes.map(({ name }) => `${module.module}::${name}`) ?? []);
  const untested = codes.filter((code) => !new RegExp(`abort_code = computestream::${code}\\b`).test(tests));
  expect(codes.length).toBeGreaterThan(50);
  expect(untested).toEqual([]);
});
