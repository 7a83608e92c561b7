import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { lockDir } from "./dir-lock.ts";

let home: string;
let dir: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "computestream-lock-"));
  dir = join(home, "data", "dev");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it("is held by one stack at a time, which a second is told, and free after its release", () => {
  const lock = lockDir(dir);
  expect(() => lockDir(dir)).toThrow(
    `Process ${process.pid} already runs a stack on ${dir}. Stop it (Ctrl-C there, or kill ${process.pid}).`,
  );
  lock.release();
  expect(existsSync(`${dir}.lock`)).toBe(false);
  lockDir(dir).release();
});

it("is taken over from a process that was killed, or whose number another program has now", async () => {
  const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
  await once(child, "exit");
  lockDir(dir).release();
  for (const left of [`${child.pid}\nnode`, `${process.pid}\nsome other program`, "torn"]) {
    writeFileSync(`${dir}.lock`, left);
    const lock = lockDir(dir);
    expect(readFileSync(`${dir}.lock`, "utf8").split("\n")[0]).toBe(String(process.pid));
    lock.release();
  }
});
