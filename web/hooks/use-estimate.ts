/**
 * A running stream's estimate as it ticks: restarts from the settled numbers at every settlement.
 * It doesn't know sockets; the arithmetic is lib/estimate.ts.
 */
import { useRef } from "react";
import { estimateStream, quietMs, type StreamEstimate, type StreamNumbers } from "../lib/estimate.ts";
import { useNow } from "./use-now.ts";

export function useEstimate(job: StreamNumbers & { startedAt: number }, intervalMs = 100): StreamEstimate {
  const now = useNow(intervalMs, job.state === "Running");
  const settled = useRef({ seconds: -1, at: 0 });
  if (now > 0 && settled.current.seconds !== job.secondsBilled) {
    // A stream that holds everything back may be silent for long before this page was opened.
    const silentSinceStart = job.secondsBilled === 0 && quietMs(job) > 0;
    settled.current = {
      seconds: job.secondsBilled,
      at: silentSinceStart ? Math.min(now, job.startedAt * 1000) : now,
    };
  }
  return estimateStream(job, now === 0 ? 0 : now - settled.current.at);
}
