/**
 * A running stream's estimate as it ticks: restarts from the settled numbers at every settlement.
 * It doesn't know sockets; the arithmetic is lib/estimate.ts.
 */
import { useRef } from "react";
import { estimateStream, type StreamEstimate, type StreamNumbers } from "../lib/estimate.ts";
import { useNow } from "./use-now.ts";

export function useEstimate(job: StreamNumbers, intervalMs = 100): StreamEstimate {
  const now = useNow(intervalMs, job.state === "Running");
  const settled = useRef({ seconds: -1, at: 0 });
  if (now > 0 && settled.current.seconds !== job.secondsBilled) {
    settled.current = { seconds: job.secondsBilled, at: now };
  }
  return estimateStream(job, now === 0 ? 0 : now - settled.current.at);
}
