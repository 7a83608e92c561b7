/**
 * What a node tells of its machine, as a few figures with names.
 * It doesn't know React or who may read them; what the node didn't measure isn't shown.
 */
import type { TelemetryDto } from "@computestream/protocol/api";

export interface MachineFigure {
  label: string;
  value: string;
  note?: string;
}

export function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : sumOf(values) / values.length;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const whole = (value: number): string => Math.round(value).toString();

export function telemetryFigures(told: TelemetryDto, megabytes: (value: number) => string): MachineFigure[] {
  const figures: MachineFigure[] = [];
  const add = (label: string, value: string, note: string | null) =>
    figures.push(note === null ? { label, value } : { label, value, note });
  const part = (label: string, used: number | null, total: number | null) => {
    if (used !== null) add(label, megabytes(used), total === null ? null : `of ${megabytes(total)}`);
  };
  const celsius = (value: number | null) => (value === null ? null : `${whole(value)} °C`);
  if (told.cpuPercent !== null) add("Processor", `${whole(told.cpuPercent)} %`, celsius(told.cpuCelsius));
  part("Memory", told.ramUsedMb, told.ramTotalMb);
  part("Disk", told.diskUsedMb, told.diskTotalMb);
  const gpu = meanOf(told.gpuPercent);
  if (gpu !== null) {
    const hottest = told.gpuCelsius.length === 0 ? null : Math.max(...told.gpuCelsius);
    add(
      told.gpuPercent.length > 1 ? `${told.gpuPercent.length} GPUs` : "GPU",
      `${whole(gpu)} %`,
      celsius(hottest),
    );
  }
  if (told.vramUsedMb.length > 0) {
    part("GPU memory", sumOf(told.vramUsedMb), told.vramTotalMb.length > 0 ? sumOf(told.vramTotalMb) : null);
  }
  if (told.gpuWatts.length > 0) add("GPU power", `${whole(sumOf(told.gpuWatts))} W`, null);
  add("Jobs running", told.jobsRunning.toString(), told.status === "maintenance" ? "in maintenance" : null);
  return figures;
}
