import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const out = mkdtempSync(join(tmpdir(), "computestream-codegen-"));
afterAll(() => rmSync(out, { recursive: true }));

function codegen(...args: string[]): Promise<{ status: number; stderr: string }> {
  const script = fileURLToPath(new URL("export-abi.ts", import.meta.url));
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", "tsx", script, ...args], (error, _stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stderr });
    });
  });
}

describe("npm run codegen", () => {
  it("finds what is committed up to date", async () => {
    expect(await codegen("--check")).toEqual({ status: 0, stderr: "" });
  });

  it("writes the same files each time and notices a changed one", async () => {
    expect((await codegen("--out", out)).status).toBe(0);
    expect(readdirSync(out).sort()).toEqual(["abi.ts", "errors.ts", "event-decoders.ts"]);
    expect((await codegen("--out", out, "--check")).status).toBe(0);
    appendFileSync(join(out, "errors.ts"), "// by hand\n");
    const stale = await codegen("--out", out, "--check");
    expect(stale.status).toBe(1);
    expect(stale.stderr).toContain("errors.ts is stale; run: npm run codegen");
  });
});
