/**
 * A chunk of random histories from one seed, stopping at the first that fails and shrinking it.
 * It doesn't know processes or output.
 */
import fc from "fast-check";
import type { Coverage } from "./coverage.ts";
import { HistoryFailed, type Runner } from "./runner.ts";
import { type History, historyArbitrary } from "./steps.ts";

export interface ChunkOptions {
  seed: number;
  histories: number;
  /** Where in the chunk a failure was found, to see it again. */
  path?: string;
  /** Runs of shrinking; 0 shows the history as it was found. */
  maxShrinks?: number;
}

export interface Failure {
  check: string;
  message: string;
  trace: string[];
  history: History;
  seed: number;
  path: string;
  shrinks: number;
}

export interface ChunkResult {
  histories: number;
  steps: number;
  longest: number;
  coverage: Coverage;
  failure: Failure | null;
}

const MAX_SHRINKS = 3000;

export function searchChunk(
  runner: Runner,
  world: { presets: number; stages: number },
  options: ChunkOptions,
): ChunkResult {
  const { seed, histories, path, maxShrinks = MAX_SHRINKS } = options;
  const result: ChunkResult = { histories: 0, steps: 0, longest: 0, coverage: {}, failure: null };
  let runsAfterFailure = 0;
  let failed: { check: string; last: HistoryFailed } | null = null;

  function runOnce(history: History): void {
    // The budget of shrinking: what is left counts as passing, so fast-check ends with the smallest found.
    if (failed && ++runsAfterFailure > maxShrinks) return;
    try {
      const steps = runner.run(history, failed ? {} : result.coverage);
      if (failed) return;
      result.histories += 1;
      result.steps += steps;
      result.longest = Math.max(result.longest, steps);
    } catch (error) {
      if (!(error instanceof HistoryFailed)) throw error;
      // Shrinking must not wander off to another fault.
      if (failed && error.check !== failed.check) return;
      failed = { check: error.check, last: error };
      throw error;
    }
  }

  const details = fc.check(fc.property(historyArbitrary(world), runOnce), {
    seed,
    numRuns: histories,
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed) return result;
  const found = (failed as { check: string; last: HistoryFailed } | null)?.last;
  if (!found) throw details.errorInstance ?? new Error("the search failed without a history");
  result.failure = {
    check: found.check,
    message: found.message,
    trace: found.trace,
    history: (details.counterexample as [History])[0],
    seed: details.seed,
    path: details.counterexamplePath ?? "",
    shrinks: details.numShrinks,
  };
  return result;
}
