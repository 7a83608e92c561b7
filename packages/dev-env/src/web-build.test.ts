import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isBuilt } from "./web-build.ts";

let root: string;
const at = (path: string, secs: number): void => {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "");
  utimesSync(file, secs, secs);
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "computestream-web-"));
  at("web/app/page.tsx", 100);
  at("packages/protocol/src/api/index.ts", 100);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("is built once, and again when a source of the dashboard or of the protocol has changed", () => {
  expect(isBuilt(root)).toBe(false);
  at("web/.next/BUILD_ID", 200);
  expect(isBuilt(root)).toBe(true);
  at("web/app/page.tsx", 300);
  expect(isBuilt(root)).toBe(false);
  at("web/.next/BUILD_ID", 400);
  expect(isBuilt(root)).toBe(true);
  at("packages/protocol/src/api/index.ts", 500);
  expect(isBuilt(root)).toBe(false);
});

it("isn't built again for what doesn't get into it", () => {
  at("web/.next/BUILD_ID", 200);
  for (const path of [
    "web/README.md",
    "web/lib/api.test.ts",
    "web/tsconfig.tsbuildinfo",
    "web/.next/trace",
  ]) {
    at(path, 300);
  }
  expect(isBuilt(root)).toBe(true);
});
