/**
 * The branch trees beside the Move tests: every entry function has one, and every way through it ends in a test.
 * It doesn't run Move: whether a test passes is the runner's to say.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

interface Node {
  depth: number;
  text: string;
  line: number;
}

const root = join(import.meta.dirname, "..");
const read = (folder: string, extension: string) =>
  readdirSync(join(root, folder))
    .filter((file) => file.endsWith(extension))
    .map((file) => ({ file, text: readFileSync(join(root, folder, file), "utf8") }));

const moduleName = (source: string) => /^module\s+[\w@]+::(\w+)/m.exec(source)?.[1] ?? "";

/** `depth` is 0 for a function's name, then one for each branch drawn before the text. */
function parseTree(text: string): Node[] {
  return text
    .split("\n")
    .map((content, index) => ({ content, line: index + 1 }))
    .filter(({ content }) => content.trim() !== "" && !content.startsWith("#"))
    .map(({ content, line }) => {
      const drawn = /^((?:│ {3}| {4})*)(├── |└── )?/.exec(content)?.[0] ?? "";
      return { depth: drawn.length / 4, text: content.slice(drawn.length), line };
    });
}

/** Name of a test to the abort it expects, "" without one. */
function testsOf(source: string): Map<string, string> {
  const module = moduleName(source);
  const tests = new Map<string, string>();
  for (const [, attributes = "", name = ""] of source.matchAll(
    /#\[test\]((?:(?!#\[test\]|\bfun\b)[\s\S])*)\bfun\s+(\w+)\(/g,
  )) {
    tests.set(`${module}::${name}`, /abort_code = (?:computestream::)?([\w:]+)/.exec(attributes)?.[1] ?? "");
  }
  return tests;
}

const trees = read("tests/trees", ".tree").map(({ file, text }) => ({ file, nodes: parseTree(text) }));
const tests = new Map(read("tests", ".move").flatMap(({ text }) => [...testsOf(text)]));

it("every entry function has one tree, in the file of its module", () => {
  const entries = read("sources", ".move").flatMap(({ text }) =>
    [...text.matchAll(/\bentry fun (\w+)/g)].map((match) => `${moduleName(text)}::${match[1]}`),
  );
  const drawn = trees.flatMap(({ file, nodes }) =>
    nodes.filter(({ depth }) => depth === 0).map(({ text }) => ({ file, text })),
  );
  expect(entries.length).toBeGreaterThan(30);
  expect(drawn.map(({ text }) => text).sort()).toEqual(entries.sort());
  for (const { file, text } of drawn) expect(`${text.split("::")[0]}.tree`).toBe(file);
});

/** What is wrong with a line of a tree, given how deep the next one is. */
function faultOf({ depth, text }: Node, nextDepth: number): string | null {
  const [outcome = "", named] = text.split(" -> ");
  if (nextDepth > depth + 1) return "the next line is indented too far";
  if (nextDepth > depth) return named === undefined ? null : "a condition names a test";
  if (depth === 0 || named === undefined) return "this way ends without a test";
  const aborts = tests.get(named);
  if (aborts === undefined) return `there is no test ${named}`;
  const told = /\baborts with (\w+::E_\w+)$/.exec(outcome)?.[1];
  if (told !== undefined) return told === aborts ? null : `${named} doesn't expect ${told}`;
  // An abort of the framework has a number there, and "aborts in the ..." here.
  return aborts === "" || outcome.startsWith("aborts in ") ? null : `${named} expects ${aborts}`;
}

it("every way ends in a test that exists, and every abort in one that expects it", () => {
  const wrong = trees.flatMap(({ file, nodes }) =>
    nodes.flatMap((node, index) => {
      const fault = faultOf(node, nodes[index + 1]?.depth ?? 0);
      return fault === null ? [] : [`${file}:${node.line}: ${fault}`];
    }),
  );
  expect(tests.size).toBeGreaterThan(200);
  expect(wrong).toEqual([]);
});
