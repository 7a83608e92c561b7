/**
 * `npm run docs:reference`: writes docs/reference/<module>.md from the Move sources: prose, calls, views, events, errors.
 * It doesn't know what the words mean. `--check` writes nothing and exits 1 when a page is stale.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildPackage } from "@computestream/devnet/toolchain";
import { functionHandles } from "@computestream/devnet/vm";
import { parseAbortCodes } from "./error-sentences.ts";

const PACKAGE_DIR = fileURLToPath(new URL("..", import.meta.url));
/** Any address but the framework's. */
const BUILD_ADDRESS = "0xc0de57ea4";
const FRAMEWORK = `0x${"1".padStart(64, "0")}`;
const SOURCES = fileURLToPath(new URL("../sources", import.meta.url));
const OUT_DIR = fileURLToPath(new URL("../../docs/reference", import.meta.url));
const NOTICE = "<!-- Made by `npm run docs:reference` from move/sources. Don't edit. -->\n";

interface Field {
  name: string;
  type: string;
  doc: string;
}

interface Item {
  name: string;
  doc: string;
  fields: Field[];
  returns: string;
}

export interface ModulePage {
  module: string;
  prose: string;
  entries: Item[];
  views: Item[];
  structs: Item[];
  events: Item[];
  errors: Array<{ code: number; name: string; sentence: string }>;
}

/** `source` is one Move file with one module; its doc comments become the page's words. */
export function parseModule(source: string): ModulePage {
  const head = /^((?:\/\/\/.*\n)*)module \w+::(\w+) \{/m.exec(source);
  if (!head) throw new Error("no module in this source");
  const page: ModulePage = {
    module: head[2] as string,
    prose: undoc(head[1] as string),
    entries: [],
    views: [],
    structs: [],
    events: [],
    errors:
      parseAbortCodes(source)?.codes.map(({ code, name, sentence }) => ({ code, name, sentence })) ?? [],
  };
  const items = /^((?: {4}(?:\/\/\/.*|#\[.*\])\n)*) {4}(public entry fun|public fun|struct) (\w+)/gm;
  for (const match of source.matchAll(items)) {
    const [, above = "", kind, name = ""] = match;
    if (above.includes("test_only")) continue;
    const doc = undoc(above.replace(/^ *#\[.*\n/gm, ""));
    const rest = source.slice(match.index + match[0].length);
    if (kind === "struct") {
      const item = {
        name,
        doc,
        returns: "",
        fields: fieldsOf(rest.slice(rest.indexOf("{") + 1, closing(rest, "{"))),
      };
      if (above.includes("#[event]")) page.events.push(item);
      else if (/^[^{]*\bcopy\b/.test(rest)) page.structs.push(item);
    } else {
      const open = rest.indexOf("(");
      const close = closing(rest, "(");
      const fields = fieldsOf(rest.slice(open + 1, close));
      const returns = (/^\)\s*:\s*([^{]*?)\s*(?:acquires[^{]*)?\{/.exec(rest.slice(close)) ?? [])[1] ?? "";
      const item = { name, doc, fields, returns: returns.replace(/\s+/g, " ") };
      if (kind === "public entry fun") page.entries.push(item);
      else if (above.includes("#[view]")) page.views.push(item);
    }
  }
  return page;
}

/** Index of the bracket that closes the first `open` in `text`. */
function closing(text: string, open: "(" | "{"): number {
  const close = open === "(" ? ")" : "}";
  let depth = 0;
  for (let i = text.indexOf(open); i < text.length; i++) {
    if (text[i] === open) depth++;
    else if (text[i] === close && --depth === 0) return i;
  }
  throw new Error(`${open} is never closed`);
}

function fieldsOf(body: string): Field[] {
  const fields: Field[] = [];
  let doc = "";
  for (const line of body.replace(/,\s*(?=\w+: )/g, ",\n").split("\n")) {
    const comment = /^\s*\/\/\/ ?(.*)$/.exec(line);
    if (comment) {
      doc = `${doc} ${comment[1]}`.trim();
      continue;
    }
    const field = /^\s*(\w+): (.*?),?\s*$/.exec(line);
    if (field) fields.push({ name: field[1] as string, type: field[2] as string, doc });
    doc = "";
  }
  return fields;
}

function undoc(comment: string): string {
  return comment.replace(/^ *\/\/\/ ?/gm, "").trim();
}

export function renderPage(page: ModulePage): string {
  const blocks = page.prose
    .split("\n\n")
    .map((block) => (/^ {2,}/m.test(block) ? `\`\`\`\n${block}\n\`\`\`` : block));
  const parts = [
    NOTICE,
    `# ${page.module}\n`,
    `${blocks.join("\n\n").replaceAll("\n```\n\n```\n", "\n\n")}\n`,
  ];
  const call = (item: Item) =>
    `${item.name}(${item.fields
      .filter((field) => field.type !== "&signer" || item.fields.indexOf(field) === 0)
      .map((field) => `${field.name}: ${field.type}`)
      .join(", ")})${item.returns ? `: ${item.returns}` : ""}`;
  const calls = (title: string, items: Item[]) => {
    if (items.length === 0) return;
    parts.push(`## ${title}\n`);
    for (const item of items)
      parts.push(`### ${item.name}\n\n\`\`\`move\n${call(item)}\n\`\`\`\n`, item.doc ? `${item.doc}\n` : "");
  };
  const tables = (title: string, items: Item[]) => {
    if (items.length === 0) return;
    parts.push(`## ${title}\n`);
    for (const item of items) {
      parts.push(`### ${item.name}\n`, item.doc ? `${item.doc}\n` : "");
      const rows = item.fields.map((field) => `| \`${field.name}\` | \`${field.type}\` | ${field.doc} |`);
      parts.push(`| field | type | |\n|---|---|---|\n${rows.join("\n")}\n`);
    }
  };
  calls("Entry functions", page.entries);
  calls("Views", page.views);
  tables("Events", page.events);
  tables("Values", page.structs);
  if (page.errors.length > 0) {
    const rows = page.errors.map(({ code, name, sentence }) => `| ${code} | \`${name}\` | ${sentence} |`);
    parts.push(`## Errors\n\n| code | name | |\n|---|---|---|\n${rows.join("\n")}\n`);
  }
  return parts.filter((part) => part !== "").join("\n");
}

export function renderAll(): Map<string, string> {
  const pages = readdirSync(SOURCES)
    .filter((file) => file.endsWith(".move"))
    .sort()
    .map((file) => parseModule(readFileSync(join(SOURCES, file), "utf8")));
  const texts = new Map(pages.map((page) => [`${page.module}.md`, renderPage(page)]));
  const rows = pages.map((page) => {
    const first = page.prose.split(/(?<=\.)\s/)[0]?.replaceAll("\n", " ") ?? "";
    const counts = [page.entries.length, page.views.length, page.events.length, page.errors.length];
    return `| [${page.module}](${page.module}.md) | ${first} | ${counts.join(" | ")} |`;
  });
  const index = `${NOTICE}
# Reference of the Move package

What each rule is for stands in [the protocol](../protocol.md).

| module | owns | entries | views | events | errors |
|---|---|---|---|---|---|
${rows.join("\n")}

[What they need of the framework](framework.md).
`;
  return texts.set("README.md", index);
}

/** Every function of the framework the compiled package calls, by module. */
export async function renderFramework(): Promise<string> {
  const built = await buildPackage({
    packageDir: PACKAGE_DIR,
    namedAddresses: { computestream: BUILD_ADDRESS },
  });
  const used = new Map<string, Set<string>>();
  for (const { bytecode } of built.modules) {
    for (const { address, module, name } of functionHandles(bytecode)) {
      if (address === FRAMEWORK) used.set(module, (used.get(module) ?? new Set()).add(name));
    }
  }
  const rows = [...used]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([module, names]) =>
        `| \`${module}\` | ${[...names]
          .sort()
          .map((name) => `\`${name}\``)
          .join(", ")} |`,
    );
  const count = [...used.values()].reduce((sum, names) => sum + names.size, 0);
  return `${NOTICE}
# Functions of the framework

The ${count} functions of \`0x1\` that the compiled modules call: what a chain must offer to run them. Inlined ones
(\`vector::for_each\` and the like) leave no call behind.

| module | functions |
|---|---|
${rows.join("\n")}
`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  const pages = renderAll().set("framework.md", await renderFramework());
  const stale = [...pages].filter(([file, text]) => {
    const path = join(OUT_DIR, file);
    return !existsSync(path) || readFileSync(path, "utf8") !== text;
  });
  const extra = existsSync(OUT_DIR) ? readdirSync(OUT_DIR).filter((file) => !pages.has(file)) : [];
  if (values.check) {
    for (const file of [...stale.map(([name]) => name), ...extra]) {
      console.error(`docs/reference/${file} is stale: run npm run docs:reference.`);
      process.exitCode = 1;
    }
    return;
  }
  mkdirSync(OUT_DIR, { recursive: true });
  for (const file of extra) rmSync(join(OUT_DIR, file));
  for (const [file, text] of stale) writeFileSync(join(OUT_DIR, file), text);
  console.log(`${pages.size} pages in docs/reference, ${stale.length} written`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
