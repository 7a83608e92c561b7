/**
 * Starts the process that serves and the process that asks, and what each uses of the machine.
 * It doesn't know what is measured.
 */
import { type ChildProcess, fork } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Config } from "../../indexer/src/config.ts";
import type { Order, Told } from "./generator.ts";

export interface ServerOptions {
  databaseUrl: string;
  /** Settlements that the mirror takes in while it serves. */
  ticksPerSec: number;
  config: Partial<Config>;
  nodeOptions?: string[];
}

export interface Usage {
  cpuMicros: number;
  rssBytes: number;
  ticks: number;
  head: string;
}

export interface Server {
  url: string;
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

/** As indexer/package.json starts it. */
const OPERATED_WITH = ["--max-semi-space-size=64"];

function start(file: string, args: string[], nodeOptions: string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ["--import", "tsx", ...nodeOptions],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`the process ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as T);
    });
  });
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    if (child.exitCode !== null) resolve();
    else child.disconnect();
  });
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const child = start(
    "server.ts",
    [JSON.stringify(options)],
    [...OPERATED_WITH, ...(options.nodeOptions ?? [])],
  );
  const { url } = await answer<{ url: string }>(child);
  return {
    url,
    async usage() {
      const told = answer<Usage>(child);
      child.send({});
      return told;
    },
    close: () => stop(child),
  };
}

export async function sendAll(order: Order): Promise<Told> {
  const child = start("generator.ts", []);
  try {
    const told = answer<Told>(child);
    child.send(order);
    return await told;
  } finally {
    await stop(child);
  }
}

/** CPU seconds of all processes of a PostgreSQL server, by the parent of one; NaN where there is no /proc. */
export function serverCpuSeconds(backendPid: number): number {
  try {
    const postmaster = statOf(backendPid).parent;
    const own = [postmaster, ...pids().filter((pid) => parentOf(pid) === postmaster)];
    return own.reduce((sum, pid) => sum + statOf(pid).ticks, 0) / 100;
  } catch {
    return Number.NaN;
  }
}

const pids = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function parentOf(pid: number): number {
  try {
    return statOf(pid).parent;
  } catch {
    return -1; // ended meanwhile
  }
}

function statOf(pid: number): { parent: number; ticks: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}
