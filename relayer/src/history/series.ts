/**
 * The two series that the relayer writes: attestations it took, telemetry of provider nodes.
 * It doesn't write by itself; the tables are those of migrations/0006.
 */
import type { SignedUsage, TelemetryMessage } from "@computestream/protocol";
import type { SeriesTable } from "./series-writer.ts";

export const ATTESTATIONS: SeriesTable = {
  name: "attestations",
  columns: {
    occurred_at: "timestamptz",
    job: "text",
    seq: "numeric",
    provider: "text",
    seconds_cum: "numeric",
    t_last: "numeric",
    log_root: "text",
    signature: "text",
    countersignature: "text",
  },
};

export const TELEMETRY: SeriesTable = {
  name: "provider_telemetry",
  columns: {
    occurred_at: "timestamptz",
    provider: "text",
    status: "text",
    jobs_running: "integer",
    cpu_percent: "real",
    ram_used_mb: "bigint",
    ram_total_mb: "bigint",
    disk_used_mb: "bigint",
    disk_total_mb: "bigint",
    cpu_celsius: "real",
    gpu_percent: "real[]",
    gpu_celsius: "real[]",
    gpu_watts: "real[]",
    vram_used_mb: "bigint[]",
    vram_total_mb: "bigint[]",
    node_version: "text",
  },
};

export function attestationRow(
  usage: SignedUsage,
  provider: string,
  nowMs: number,
  countersignature: string | null = null,
): Record<string, unknown> {
  return {
    occurred_at: new Date(nowMs).toISOString(),
    job: usage.job,
    // As text: a u64 has no exact JSON number.
    seq: `${usage.seq}`,
    provider,
    seconds_cum: `${usage.secondsCum}`,
    t_last: `${usage.tLast}`,
    log_root: usage.logRoot,
    signature: usage.signature,
    countersignature,
  };
}

/** Dated by this machine: a node's own clock may be anything. */
export function telemetryRow(
  telemetry: TelemetryMessage,
  provider: string,
  nowMs: number,
): Record<string, unknown> {
  const { gpus } = telemetry;
  return {
    occurred_at: new Date(nowMs).toISOString(),
    provider,
    status: telemetry.status,
    jobs_running: telemetry.jobsRunning,
    cpu_percent: telemetry.cpuPercent ?? null,
    ram_used_mb: telemetry.ramUsedMb ?? null,
    ram_total_mb: telemetry.ramTotalMb ?? null,
    disk_used_mb: telemetry.diskUsedMb ?? null,
    disk_total_mb: telemetry.diskTotalMb ?? null,
    cpu_celsius: telemetry.cpuCelsius ?? null,
    gpu_percent: gpus.map((gpu) => gpu.percent ?? null),
    gpu_celsius: gpus.map((gpu) => gpu.celsius ?? null),
    gpu_watts: gpus.map((gpu) => gpu.watts ?? null),
    vram_used_mb: gpus.map((gpu) => gpu.vramUsedMb ?? null),
    vram_total_mb: gpus.map((gpu) => gpu.vramTotalMb ?? null),
    node_version: telemetry.nodeVersion,
  };
}
