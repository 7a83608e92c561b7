/**
 * What this machine is doing: processor, memory, disk and GPUs, told to the hub every few seconds.
 * It doesn't know jobs beyond their number, and nothing depends on it: what can't be measured is left out.
 */
import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { cpus, freemem, totalmem } from "node:os";
import { promisify } from "node:util";
import type { NodeMode, TelemetryMessage } from "@computestream/protocol";

export const TELEMETRY_INTERVAL_MS = 5_000;

type Gpu = TelemetryMessage["gpus"][number];

export interface CpuTimes {
  busyMs: number;
  totalMs: number;
}

const GPU_QUERY = [
  "--query-gpu=utilization.gpu,temperature.gpu,power.draw,memory.used,memory.total",
  "--format=csv,noheader,nounits",
];
const GPU_TIMEOUT_MS = 3_000;
const MIB = 1024 * 1024;

export function cpuTimes(): CpuTimes {
  let busyMs = 0;
  let totalMs = 0;
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.irq + times.idle;
    totalMs += all;
    busyMs += all - times.idle;
  }
  return { busyMs, totalMs };
}

/** Between two looks; undefined when no time has passed. */
export function cpuPercent(before: CpuTimes, now: CpuTimes): number | undefined {
  const totalMs = now.totalMs - before.totalMs;
  if (totalMs <= 0) return undefined;
  const percent = (100 * (now.busyMs - before.busyMs)) / totalMs;
  return Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
}

/** One line a card, in the driver's order; `[N/A]` and the like are left out. */
export function parseGpus(csv: string): Gpu[] {
  return csv
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const numbers = line.split(",").map((field) => Number.parseFloat(field.trim()));
      const [percent, celsius, watts, usedMb, totalMb] = numbers;
      const known = (value: number | undefined, name: keyof Gpu, whole = false): Partial<Gpu> =>
        value === undefined || !Number.isFinite(value) ? {} : { [name]: whole ? Math.round(value) : value };
      return {
        ...known(percent, "percent"),
        ...known(celsius, "celsius"),
        ...known(watts, "watts"),
        ...known(usedMb, "vramUsedMb", true),
        ...known(totalMb, "vramTotalMb", true),
      };
    });
}

export interface Telemetry {
  close(): void;
}

export function startTelemetry(options: {
  /** The folder whose disk jobs write to. */
  dataDir: string;
  hasGpus: boolean;
  nodeVersion: string;
  jobsRunning: () => number;
  accepting: () => boolean;
  mode: () => NodeMode;
  send: (message: TelemetryMessage) => void;
  intervalMs?: number;
}): Telemetry {
  let before = cpuTimes();
  let busy = false;

  async function look(): Promise<void> {
    const now = cpuTimes();
    const percent = cpuPercent(before, now);
    before = now;
    const [disk, gpus] = await Promise.all([diskOf(options.dataDir), options.hasGpus ? readGpus() : []]);
    const jobsRunning = options.jobsRunning();
    options.send({
      type: "telemetry",
      status: options.accepting() ? (jobsRunning > 0 ? "busy" : "online") : "maintenance",
      mode: options.mode(),
      jobsRunning,
      ...(percent === undefined ? {} : { cpuPercent: percent }),
      ramUsedMb: Math.round((totalmem() - freemem()) / MIB),
      ramTotalMb: Math.round(totalmem() / MIB),
      ...disk,
      gpus,
      nodeVersion: options.nodeVersion,
    });
  }

  const timer = setInterval(() => {
    // A disk or driver that hangs must not pile looks up.
    if (busy) return;
    busy = true;
    look()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, options.intervalMs ?? TELEMETRY_INTERVAL_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

async function diskOf(path: string): Promise<Pick<TelemetryMessage, "diskUsedMb" | "diskTotalMb">> {
  try {
    const { bsize, blocks, bavail } = await statfs(path);
    return {
      diskUsedMb: Math.round(((blocks - bavail) * bsize) / MIB),
      diskTotalMb: Math.round((blocks * bsize) / MIB),
    };
  } catch {
    return {};
  }
}

async function readGpus(): Promise<Gpu[]> {
  try {
    const { stdout } = await promisify(execFile)("nvidia-smi", GPU_QUERY, { timeout: GPU_TIMEOUT_MS });
    return parseGpus(stdout);
  } catch {
    return [];
  }
}
