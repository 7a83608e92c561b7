/**
 * What can be said to the benchmarks on the command line.
 * It doesn't know which benchmark heeds what.
 */
import type { MarketSize } from "./market/simulate.ts";

export interface BenchOptions {
  /** Of the generated market. */
  size: MarketSize;
  /** Folder in which a generated market's database is kept for the next run; undefined = it goes with this one. */
  keepIn: string | undefined;
  /** How long each load is measured. */
  seconds: number;
  /** Open payment streams. */
  streams: number;
}

export const OPTIONS = {
  keep: { type: "string" },
  providers: { type: "string", default: "10000" },
  jobs: { type: "string", default: "100000" },
  ticks: { type: "string", default: "5000000" },
  days: { type: "string", default: "180" },
  seed: { type: "string", default: "1" },
  seconds: { type: "string", default: "20" },
  streams: { type: "string", default: "10000" },
} as const;

/** Throws when a number isn't a positive whole one. */
export function optionsOf(values: Partial<Record<keyof typeof OPTIONS, string | undefined>>): BenchOptions {
  const number = (name: keyof typeof OPTIONS) => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`--${name} must be a positive number`);
    return value;
  };
  return {
    size: {
      providers: number("providers"),
      jobs: number("jobs"),
      ticks: number("ticks"),
      days: number("days"),
      seed: number("seed"),
    },
    keepIn: values.keep,
    seconds: number("seconds"),
    streams: number("streams"),
  };
}
