/**
 * A child process as a part of the stack: its log, its readiness, its end.
 * It doesn't know what the process does.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { SetupError } from "../errors.ts";

export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGKILL, at once: for tests of what survives. */
  kill(): Promise<void>;
  /** `stopSignal`, then SIGKILL after `graceMs`. */
  close(): Promise<void>;
}

export interface ProcessOptions {
  name: string;
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
  logFile: string;
  /** Resolves once a line of output makes it return true; omitted = ready at once. */
  readyLine?: (line: string) => boolean;
  readyTimeoutMs?: number;
  graceMs?: number;
  /** Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
}

const live = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of live) child.kill("SIGKILL");
});

const TAIL_LINES = 20;

export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile, { flags: "a" });
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid }),
    ...(options.gid === undefined ? {} : { gid: options.gid }),
  });
  live.add(child);
  const tail: string[] = [];
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (code, signal) => {
      live.delete(child);
      resolve({ code, signal });
    });
    child.once("error", () => {
      live.delete(child);
      resolve({ code: -1, signal: null });
    });
  });

  const failed = (what: string, cause?: unknown): SetupError =>
    new SetupError(
      "PART_FAILED",
      `${options.name} ${what}${tail.length > 0 ? `; it last said: ${tail.slice(-6).join(" | ").slice(0, 1500)}` : ""}.`,
      `Its log is ${options.logFile}.`,
      cause,
    );

  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(failed("was not ready in time"));
    }, options.readyTimeoutMs ?? 60_000);
    const settle = (error?: Error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    child.once("error", (error) => settle(failed("could not be started", error)));
    child.once("exit", (code, signal) =>
      settle(failed(`ended before it was ready (${signal ?? `exit ${code}`})`)),
    );
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        // A pipe may still hold output when its process has ended and close() is done.
        if (!log.writableEnded) log.write(chunk);
        const lines = (rest + chunk.toString("utf8")).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          tail.push(line);
          if (tail.length > TAIL_LINES) tail.shift();
          if (options.readyLine?.(line)) settle();
        }
      });
    }
    if (!options.readyLine) child.once("spawn", () => settle());
  });

  return {
    name: options.name,
    pid: child.pid as number,
    logFile: options.logFile,
    exited,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(options.stopSignal ?? "SIGTERM");
        const timer = setTimeout(() => child.kill("SIGKILL"), options.graceMs ?? 10_000);
        await exited;
        clearTimeout(timer);
      }
      log.end();
    },
  };
}
