/** What a browser loads: only `./client` may pull in the chain SDK. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const { exports: entryPoints } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string>;
};

/** Packages imported by a file and all that it imports, types left out: they vanish from a bundle. */
function importedPackages(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  for (const [statement, target] of readFileSync(file, "utf8").matchAll(
    /^(?:im|ex)port\s[^;]*?from\s+"([^"]+)";/gm,
  )) {
    if (/^(im|ex)port\s+type\s/.test(statement) || !target) continue;
    if (!target.startsWith(".")) packages.add(target);
    else for (const name of importedPackages(join(dirname(file), target), seen)) packages.add(name);
  }
  return packages;
}

describe("entry points", () => {
  it.each(Object.entries(entryPoints))("%s stands", (_, file) => {
    expect(existsSync(join(root, file))).toBe(true);
  });

  it.each(Object.entries(entryPoints).filter(([name]) => name !== "./client"))(
    "%s loads no chain SDK and nothing of Node",
    (_, file) => {
      const heavy = [...importedPackages(join(root, file))].filter((name) =>
        /^(@aptos-labs|node:)/.test(name),
      );
      expect(heavy).toEqual([]);
    },
  );

  it("./client loads the SDK: the check above sees imports", () => {
    expect([...importedPackages(join(root, "src/client/index.ts"))]).toContain("@aptos-labs/ts-sdk");
  });
});
