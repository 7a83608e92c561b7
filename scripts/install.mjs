/**
 * Brings node_modules to what package-lock.json says, only when it isn't.
 * It runs on plain Node, before any dependency is there.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));
const STAMP = join(ROOT, "node_modules", ".computestream-lock");

export function ensureInstalled() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer.`);
  }
  const lock = createHash("sha256")
    .update(readFileSync(join(ROOT, "package-lock.json")))
    .digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return;
  console.error("installing dependencies (npm ci)");
  // Also where NODE_ENV says production: tsx and the tests' tools are development dependencies.
  const done = spawnSync("npm", ["ci", "--include=dev", "--no-fund", "--no-audit", "--loglevel=error"], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
  });
  if (done.error || done.status !== 0) {
    fail(
      "npm ci failed: its reason stands above. Check that the npm registry can be reached, then run this again.",
    );
  }
  mkdirSync(join(ROOT, "node_modules"), { recursive: true });
  writeFileSync(STAMP, lock);
}

/** @param {string} sentence */
export function fail(sentence) {
  console.error(`error: ${sentence}`);
  process.exit(1);
}
