import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MUTANTS } from "./mutants.ts";
import { mutate } from "./run.ts";

const sourceOf = (file: string): string =>
  readFileSync(new URL(`../sources/${file}`, import.meta.url), "utf8");

describe("mutants", () => {
  it("still stand for a line of today's sources, and change it", () => {
    const stale = MUTANTS.flatMap((mutant) => {
      try {
        return mutate(sourceOf(mutant.file), mutant) === sourceOf(mutant.file) ? [mutant.name] : [];
      } catch (error) {
        return [(error as Error).message];
      }
    });
    expect(stale).toEqual([]);
  });

  it("have names of their own", () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });
});
