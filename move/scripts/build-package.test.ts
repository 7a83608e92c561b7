/**
 * The command-line compiler is a stand-in here: a script that leaves what `move compile --save-metadata` leaves.
 * The real Movement and Aptos CLIs can't be had on a test machine.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Serializer } from "@aptos-labs/ts-sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compilePackage, metadataModuleNames } from "./build-package.ts";

const dir = mkdtempSync(join(tmpdir(), "computestream-cli-"));
const packageDir = join(dir, "move");
afterAll(() => rmSync(dir, { recursive: true }));

/** BCS of 0x1::code::PackageMetadata, field by field. */
function packageMetadata(modules: string[]): Uint8Array {
  const bcs = new Serializer();
  bcs.serializeStr("ComputeStream");
  bcs.serializeU8(1); // upgrade policy: compatible
  bcs.serializeU64(0n); // upgrade number
  bcs.serializeStr("DIGEST");
  bcs.serializeBytes(Uint8Array.of(1, 2)); // manifest
  bcs.serializeU32AsUleb128(modules.length);
  for (const name of modules) {
    bcs.serializeStr(name);
    bcs.serializeBytes(Uint8Array.of(3)); // source
    bcs.serializeBytes(new Uint8Array()); // source map
    bcs.serializeU32AsUleb128(0); // no extension
  }
  bcs.serializeU32AsUleb128(0); // dependencies
  bcs.serializeU32AsUleb128(0); // no extension
  return bcs.toUint8Array();
}

function fakeCli(name: string, script: string): string {
  const path = join(dir, name);
  writeFileSync(path, `#!/bin/sh\nset -e\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

beforeAll(() => {
  mkdirSync(join(packageDir, "sources"), { recursive: true });
  mkdirSync(join(packageDir, "build"));
  writeFileSync(join(packageDir, "Move.toml"), '[package]\nname = "ComputeStream"\n');
  writeFileSync(join(dir, "metadata.bcs"), packageMetadata(["zebra", "ant"]));
});

const compile = (cli: string) => compilePackage({ network: "testnet", packageDir, address: "0xcafe", cli });

describe("compilePackage for a public network", () => {
  it("takes modules and metadata from the CLI's build of a copy, in the order of the metadata", async () => {
    const cli = fakeCli(
      "good",
      `echo "$@" > ${dir}/args
for word in "$@"; do [ "$previous" = --package-dir ] && target=$word; previous=$word; done
test -f "$target/Move.toml"
test ! -e "$target/build"
mkdir -p "$target/build/ComputeStream/bytecode_modules"
cp ${dir}/metadata.bcs "$target/build/ComputeStream/package-metadata.bcs"
printf ZZ > "$target/build/ComputeStream/bytecode_modules/zebra.mv"
printf A > "$target/build/ComputeStream/bytecode_modules/ant.mv"
echo "$target" > ${dir}/target`,
    );
    expect(await compile(cli)).toEqual({
      metadata: packageMetadata(["zebra", "ant"]),
      modules: [
        { name: "zebra", bytecode: Uint8Array.of(0x5a, 0x5a) },
        { name: "ant", bytecode: Uint8Array.of(0x41) },
      ],
    });
    const args = readFileSync(join(dir, "args"), "utf8");
    expect(args).toContain("move compile --save-metadata");
    expect(args).toContain("--named-addresses computestream=0xcafe");
    expect(existsSync(readFileSync(join(dir, "target"), "utf8").trim())).toBe(false);
  });

  it("shows what the compiler said when it failed", async () => {
    const cli = fakeCli("failing", "echo 'error[E01]: unbound module' >&2; exit 1");
    await expect(compile(cli)).rejects.toMatchObject({
      code: "COMPILE_FAILED",
      message: expect.stringContaining("unbound module"),
    });
  });

  it("says when the compiler left nothing to publish", async () => {
    await expect(compile(fakeCli("idle", "exit 0"))).rejects.toMatchObject({ code: "BUILD_MISSING" });
  });

  it("names the program that is missing and where to get one", async () => {
    await expect(compile(join(dir, "nowhere"))).rejects.toMatchObject({
      code: "CLI_MISSING",
      remedy: expect.stringContaining("--cli"),
    });
  });
});

describe("metadataModuleNames", () => {
  it("reads the metadata of a real build, dependencies first", async () => {
    const built = await compilePackage({
      network: "devnet",
      packageDir: fileURLToPath(new URL("..", import.meta.url)),
      address: "0xcafe",
    });
    const names = metadataModuleNames(built.metadata);
    expect(names).toEqual(built.modules.map((module) => module.name));
    expect(names.indexOf("escrow")).toBeLessThan(names.indexOf("payment_stream"));
    expect(names.indexOf("payment_stream")).toBeLessThan(names.indexOf("job_registry"));
  });

  it("refuses what it can't read", () => {
    expect(() => metadataModuleNames(packageMetadata(["ant"]).subarray(0, 30))).toThrow();
  });
});
