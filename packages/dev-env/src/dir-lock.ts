/**
 * One stack at a time on a kept folder: two would write the same database, append-only file and chain.
 * It doesn't know what is in the folder.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { SetupError } from "./errors.ts";

/** Takes `<dir>.lock`; a lock whose process has ended is taken over. Throws `SetupError` STACK_RUNNING. */
export function lockDir(dir: string): { release(): void } {
  const path = `${dir}.lock`;
  mkdirSync(dirname(path), { recursive: true });
  const mine = `${process.pid}\n${commandOf(process.pid)}`;
  for (;;) {
    try {
      writeFileSync(path, mine, { flag: "wx" });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = readHolder(path);
    if (holder !== null && isRunning(holder)) {
      throw new SetupError(
        "STACK_RUNNING",
        `Process ${holder.pid} already runs a stack on ${dir}.`,
        `Stop it (Ctrl-C there, or kill ${holder.pid}).`,
      );
    }
    rmSync(path, { force: true });
  }
}

interface Holder {
  pid: number;
  command: string;
}

function readHolder(path: string): Holder | null {
  try {
    const [pid = "", command = ""] = readFileSync(path, "utf8").split("\n");
    return /^\d+$/.test(pid) ? { pid: Number(pid), command } : null;
  } catch {
    return null;
  }
}

function isRunning({ pid, command }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  // After a restart of the machine the number may be another program's.
  return commandOf(pid) === command;
}

/** "" where the system doesn't tell. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").replaceAll("\n", " ").trim();
  } catch {
    return "";
  }
}
