/**
 * The dashboard's build: made when there is none, and again when its sources have changed since.
 * It doesn't serve it.
 */
import { spawnSync } from "node:child_process";
import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./errors.ts";

const SOURCES = ["web", "packages/protocol/src"];
const NOT_SOURCES = /^(node_modules|\.next|next-env\.d\.ts)$|\.(md|tsbuildinfo)$|\.test\.tsx?$/;

/** Throws `SetupError` WEB_BUILD_FAILED. */
export function buildWeb(root: string, report: (line: string) => void): void {
  if (isBuilt(root)) return;
  report("building the dashboard (about half a minute)");
  const built = spawnSync("npm", ["run", "build", "-w", "web"], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (built.status !== 0) {
    const last = `${built.stdout}\n${built.stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new SetupError(
      "WEB_BUILD_FAILED",
      `next build failed:\n${last}\n`,
      "Start with --no-web to go on without it.",
    );
  }
}

/** Whether the build under `root` is newer than every source of it. */
export function isBuilt(root: string): boolean {
  const builtAt = statSync(join(root, "web/.next/BUILD_ID"), { throwIfNoEntry: false })?.mtimeMs;
  return builtAt !== undefined && SOURCES.every((dir) => newestIn(join(root, dir)) <= builtAt);
}

function newestIn(dir: string): number {
  const timeOf = (entry: Dirent): number => {
    const path = join(dir, entry.name);
    return entry.isDirectory() ? newestIn(path) : (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  };
  const entries = readdirSync(dir, { withFileTypes: true }).filter(({ name }) => !NOT_SOURCES.test(name));
  return entries.reduce((newest, entry) => Math.max(newest, timeOf(entry)), 0);
}
