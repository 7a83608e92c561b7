/**
 * A copy of a Move package whose manifest points at the devnet's framework instead of Movement's.
 * It doesn't know how the copy is compiled.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "smol-toml";
import { z } from "zod";
import { FRAMEWORK_DIR } from "./framework-dir.ts";

const FRAMEWORK_DEPENDENCIES = new Set([
  "AptosFramework",
  "AptosStdlib",
  "MoveStdlib",
  "AptosToken",
  "AptosTokenObjects",
  "MovementFramework",
]);
const FRAMEWORK_ADDRESSES = new Set(["std", "aptos_std", "aptos_framework", "aptos_fungible_asset", "vm"]);
const COPIED_FOLDERS = ["sources", "tests"];

const zManifest = z.object({
  package: z.looseObject({ name: z.string().min(1), version: z.string().optional() }),
  addresses: z.record(z.string(), z.string()).default({}),
  "dev-addresses": z.record(z.string(), z.string()).default({}),
  dependencies: z.record(z.string(), z.looseObject({ local: z.string().optional() })).default({}),
});

export interface PackageCopy {
  dir: string;
  name: string;
  upgradePolicy: number;
  /** The original manifest's text. */
  manifest: string;
  remove(): void;
}

const UPGRADE_POLICIES: Record<string, number> = { arbitrary: 0, compatible: 1, immutable: 2 };

/** Throws with the manifest's path where it is missing or lacks an address. */
export function copyPackage(
  packageDir: string,
  namedAddresses: Record<string, string>,
  testMode: boolean,
): PackageCopy {
  const manifestPath = join(packageDir, "Move.toml");
  if (!existsSync(manifestPath)) throw new Error(`No Move package at ${packageDir}: Move.toml is missing.`);
  const text = readFileSync(manifestPath, "utf8");
  const parsed = zManifest.safeParse(parse(text));
  if (!parsed.success) throw new Error(`${manifestPath}: ${z.prettifyError(parsed.error)}`);
  const manifest = parsed.data;

  const isFramework = resolve(packageDir) === resolve(FRAMEWORK_DIR);
  const addresses: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...manifest.addresses, ...namedAddresses })) {
    if (FRAMEWORK_ADDRESSES.has(name) && !isFramework) continue;
    const address = value === "_" ? (testMode ? manifest["dev-addresses"][name] : undefined) : value;
    if (address === undefined) {
      throw new Error(`${manifestPath}: the address of "${name}" is open. Name it in namedAddresses.`);
    }
    addresses[name] = address;
  }

  const dependencies: Record<string, { local: string }> = {};
  if (!isFramework) dependencies.AptosFramework = { local: FRAMEWORK_DIR };
  for (const [name, source] of Object.entries(manifest.dependencies)) {
    if (FRAMEWORK_DEPENDENCIES.has(name)) continue;
    if (source.local === undefined) {
      throw new Error(`${manifestPath}: dependency "${name}" is not local, so the devnet can't build it.`);
    }
    dependencies[name] = { local: resolve(packageDir, source.local) };
  }

  const dir = mkdtempSync(join(tmpdir(), "computestream-move-"));
  for (const folder of COPIED_FOLDERS) {
    const from = join(packageDir, folder);
    if (existsSync(from)) cpSync(from, join(dir, folder), { recursive: true });
  }
  mkdirSync(join(dir, "sources"), { recursive: true });
  const name = manifest.package.name;
  writeFileSync(
    join(dir, "Move.toml"),
    stringify({ package: { name, version: manifest.package.version ?? "0.0.0" }, addresses, dependencies }),
  );
  return {
    dir,
    name,
    upgradePolicy: UPGRADE_POLICIES[String(manifest.package.upgrade_policy ?? "compatible")] ?? 1,
    manifest: text,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
