/**
 * Programs that npm can't bring: found on PATH, installed with apt as root on Debian, or named with the remedy.
 * It doesn't know what they are for.
 */
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { SetupError } from "../errors.ts";

/** Program -> Debian package. */
const PACKAGES = {
  "redis-server": "redis-server",
  dockerd: "docker.io",
  busybox: "busybox-static",
  chromium: "chromium",
} as const;

export type Program = keyof typeof PACKAGES;

const EXTRA_PATHS = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

export function findProgram(name: string): string | null {
  for (const dir of [...(process.env.PATH ?? "").split(delimiter), ...EXTRA_PATHS]) {
    const path = join(dir, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
}

/** Its path; throws `SetupError` MISSING_PROGRAM. */
export function requireProgram(name: Program): string {
  const path = findProgram(name);
  if (path) return path;
  throw new SetupError(
    "MISSING_PROGRAM",
    `${name} is not installed.`,
    `On Debian or Ubuntu: apt-get install ${PACKAGES[name]}. Elsewhere install it with your package manager.`,
  );
}

/**
 * Installs what is missing, when this is root on a Debian-like system; otherwise leaves it to `requireProgram` to say
 * what to do. `report` is called with one line before a long step.
 */
export function installPrograms(names: Program[], report: (line: string) => void): void {
  const missing = names.filter((name) => findProgram(name) === null);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version") || findProgram("apt-get") === null)
    return;
  const packages = missing.map((name) => PACKAGES[name]);
  report(`installing ${packages.join(", ")} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    execFileSync("apt-get", ["update", "-qq"], { env, stdio: "pipe" });
    // Services of the packages must not start: the stack runs its own on private ports.
    withPolicyRc(() =>
      execFileSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], {
        env,
        stdio: "pipe",
      }),
    );
  } catch (cause) {
    const stderr = String((cause as { stderr?: Buffer }).stderr ?? "").trim();
    throw new SetupError(
      "MISSING_PROGRAM",
      `apt-get could not install ${packages.join(", ")}: ${stderr.split("\n").at(-1) ?? ""}.`,
      `Install them by hand: apt-get install ${packages.join(" ")}.`,
      cause,
    );
  }
}

const POLICY_FILE = "/usr/sbin/policy-rc.d";

function withPolicyRc(install: () => void): void {
  const had = existsSync(POLICY_FILE) ? readFileSync(POLICY_FILE) : null;
  if (had === null) writePolicy();
  try {
    install();
  } finally {
    if (had === null) execFileSync("rm", ["-f", POLICY_FILE]);
  }
}

function writePolicy(): void {
  execFileSync("sh", ["-c", `printf '#!/bin/sh\\nexit 101\\n' > ${POLICY_FILE} && chmod 755 ${POLICY_FILE}`]);
}
