/**
 * What the parts of one job's runner share: made once by job-runner.ts.
 * It holds no state of its own.
 */
import type { JOB_PHASES } from "@computestream/protocol";
import type { Outcome } from "@computestream/protocol/client";
import type { NodeContext } from "./context.ts";
import { NodeError } from "./errors.ts";
import type { JobChain } from "./job-chain.ts";
import type { JobContainer } from "./job-container.ts";
import type { JobImage } from "./job-image.ts";
import type { JobOutput } from "./job-output.ts";
import type { Journal } from "./journal.ts";
import type { Logger } from "./logger.ts";
import type { ContainerStatus } from "./runtime/container-runtime.ts";

export type Phase = (typeof JOB_PHASES)[number];

export interface JobParts {
  ctx: NodeContext;
  journal: Journal;
  log: Logger;
  workDir: string;
  chain: JobChain;
  side: JobContainer;
  image: JobImage;
  output: JobOutput;
  /** To the buyer, by the hub; nothing while the job isn't this provider's. */
  tell(phase: Phase, extra?: { percent?: number; detail?: string }): void;
  /** Whole seconds the container has run, as far as they are certain. */
  ranSecs(container: ContainerStatus | null): bigint;
  /** The later of host and chain time, unix seconds. */
  now(): bigint;
  /** Aborts when the runner stops. */
  signal: AbortSignal;
}

/** Milliseconds until the next look: what a step returns. */
export const SOON = 0;
export const BUSY_MS = 1_000;

/** Retryable: the chain's clock catches up, whatever becomes of ours. */
export function clockAhead(message: string): NodeError {
  return new NodeError("CLOCK_AHEAD", message, {
    retryable: true,
    remedy: "Set this machine's clock by NTP (chrony or systemd-timesyncd).",
  });
}

/** A transaction that the chain took and refused: tried again with growing pauses, because each try costs gas. */
export function refused(code: string, outcome: Outcome): NodeError {
  if (outcome.failure?.code === "E_AHEAD_OF_TIME") {
    return clockAhead("the chain refused the last seconds: this machine's clock is ahead of the chain's");
  }
  return new NodeError(code, outcome.failure?.message ?? "the chain refused", { retryable: true });
}
