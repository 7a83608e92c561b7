/**
 * What a benchmark returns and how it is told.
 * It doesn't measure anything.
 */
import { cpus, totalmem } from "node:os";

export interface Figure {
  /** As in the design's table of figures, for example `protocol.gas_batched_ratio`. */
  name: string;
  value: number;
  unit: string;
  /** Where the design names one. */
  goal?: number;
  /** The same thing without what is measured, in the same run. */
  baseline?: number;
}

export interface Report {
  figures: Figure[];
  machine: { cpus: number; model: string; memoryGb: number; node: string };
}

export function report(figures: Figure[]): Report {
  const all = cpus();
  return {
    figures,
    machine: {
      cpus: all.length,
      model: all[0]?.model.trim() ?? "unknown",
      memoryGb: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
  };
}

export function table(figures: Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    Number.isInteger(figure.value) ? String(figure.value) : figure.value.toFixed(3),
    figure.unit,
    figure.goal === undefined ? "" : `goal ${figure.goal}`,
    figure.baseline === undefined ? "" : `baseline ${Number(figure.baseline.toFixed(3))}`,
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(0, ...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 1 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
