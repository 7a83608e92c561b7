import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { folderBytes } from "./output-size.ts";

const MB = 1024 * 1024;
const newDir = () => mkdtempSync(join(tmpdir(), "output-size-"));

it("counts headers and whole blocks, and follows no link", async () => {
  const dir = newDir();
  mkdirSync(join(dir, "d"));
  writeFileSync(join(dir, "d", "a"), Buffer.alloc(513));
  symlinkSync("/", join(dir, "root"));
  // 512 for the folder, 512 + 2 x 512 for the file, 512 for the link's header.
  expect(await folderBytes(dir, MB)).toBe(512 + 1_536 + 512);
});

it("answers above the limit for a folder nested so deep that counting it would use up the open files", async () => {
  const dir = newDir();
  const levels = (count: number) => Array.from({ length: count }, () => "d").join("/");
  mkdirSync(join(dir, levels(90)), { recursive: true });
  expect(await folderBytes(dir, MB)).toBe(90 * 512);
  mkdirSync(join(dir, levels(150)), { recursive: true });
  expect(await folderBytes(dir, MB)).toBe(MB + 1);
});
