import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { parseModule } from "../vm/module-binary.ts";
import { buildPackage, MoveBuildError, testPackage } from "./index.ts";

const PROBE = fileURLToPath(new URL("../vm/fixtures/probe", import.meta.url));
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function packageWith(sources: Record<string, string>, manifest?: string): string {
  const dir = mkdtempSync(join(tmpdir(), "toolchain-test-"));
  folders.push(dir);
  mkdirSync(join(dir, "sources"));
  for (const [file, text] of Object.entries(sources)) writeFileSync(join(dir, "sources", file), text);
  writeFileSync(
    join(dir, "Move.toml"),
    manifest ?? '[package]\nname = "Tiny"\nversion = "0.0.0"\n[addresses]\ntiny = "_"\n',
  );
  return dir;
}

describe("buildPackage", () => {
  it("compiles a package that names Movement's framework by git", async () => {
    const built = await buildPackage({ packageDir: PROBE, namedAddresses: { probe: "0xcafe" } });
    expect(built.name).toBe("Probe");
    expect(built.modules.map((module) => module.name)).toEqual(["probe"]);
    const binary = parseModule(built.modules[0]?.bytecode as Uint8Array);
    expect(binary.self).toEqual({ address: `0x${"cafe".padStart(64, "0")}`, name: "probe" });
    expect(binary.errors.get(7n)).toEqual({ name: "E_ODD", description: "The number must be even." });
    expect([...binary.events].sort()).toEqual(["Empty", "Everything"]);
  });

  it("puts dependencies before dependents", async () => {
    const packageDir = packageWith({
      "a.move": "module tiny::a { public fun one(): u64 { tiny::z::one() } }",
      "z.move": "module tiny::z { public fun one(): u64 { 1 } }",
    });
    const built = await buildPackage({ packageDir, namedAddresses: { tiny: "0x42" } });
    expect(built.modules.map((module) => module.name)).toEqual(["z", "a"]);
  });

  it("gives the compiler's text when the package doesn't compile", async () => {
    const packageDir = packageWith({ "a.move": "module tiny::a { fun f(): u64 { true } }" });
    const failure = await buildPackage({ packageDir, namedAddresses: { tiny: "0x42" } }).catch((e) => e);
    expect(failure).toBeInstanceOf(MoveBuildError);
    expect(failure.output).toContain("a.move:1:");
    expect(failure.output).toMatch(/error: .*`bool`/);
  });

  it("names an address that is left open", async () => {
    const packageDir = packageWith({ "a.move": "module tiny::a {}" });
    await expect(buildPackage({ packageDir, namedAddresses: {} })).rejects.toThrow(/"tiny" is open/);
  });

  it("refuses a dependency it would have to download", async () => {
    const packageDir = packageWith(
      { "a.move": "module 0x1::a {}" },
      '[package]\nname = "T"\n[dependencies.Other]\ngit = "https://example.org/x.git"\nrev = "main"\n',
    );
    await expect(buildPackage({ packageDir, namedAddresses: {} })).rejects.toThrow(
      /"Other" is not local, so the devnet can't build it/,
    );
  });

  it("says where a manifest is missing", async () => {
    await expect(buildPackage({ packageDir: "/nonexistent", namedAddresses: {} })).rejects.toThrow(
      "No Move package at /nonexistent",
    );
  });
});

describe("testPackage", () => {
  it("counts passes and failures and keeps the runner's text", async () => {
    const report = await testPackage({ packageDir: PROBE, namedAddresses: {} });
    expect(report).toMatchObject({ ok: false, passed: 1, failed: 1 });
    expect(report.output).toContain("0xbeef::probe_tests::fails");
    expect(report.output).toContain("aborted with code 5");
    expect(report.output).not.toContain("unknown attribute");
  });

  it("runs only what the filter names", async () => {
    const report = await testPackage({ packageDir: PROBE, namedAddresses: {}, filter: "::passes" });
    expect(report).toMatchObject({ ok: true, passed: 1, failed: 0 });
  });

  it("measures coverage where asked", async () => {
    const packageDir = packageWith({
      "a.move":
        "module tiny::a { public fun f(x: bool): u64 { if (x) 1 else 2 } #[test] fun t() { f(true); } }",
    });
    const report = await testPackage({ packageDir, namedAddresses: { tiny: "0x42" }, coverage: true });
    expect(report.ok).toBe(true);
    expect(report.coverage?.a).toBeGreaterThan(0);
    expect(report.coverage?.a).toBeLessThan(100);
  });

  it("passes the framework's own tests", async () => {
    const packageDir = fileURLToPath(new URL("../../framework", import.meta.url));
    const report = await testPackage({ packageDir, namedAddresses: {} });
    expect(report.output).toContain("0x1::framework_tests::move_flows_between_accounts");
    expect(report.failed).toBe(0);
    expect(report.passed).toBeGreaterThanOrEqual(24);
  });

  it("throws when the tests don't compile", async () => {
    const packageDir = packageWith({ "a.move": "module tiny::a { #[test] fun t() { nope() } }" });
    const failure = await testPackage({ packageDir, namedAddresses: { tiny: "0x42" } }).catch((e) => e);
    expect(failure).toBeInstanceOf(MoveBuildError);
    expect(failure.output).toContain("nope");
  });
});
