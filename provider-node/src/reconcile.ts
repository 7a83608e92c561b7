/**
 * One decision: given what the chain wants and what is observed here, the next step for a job.
 * Pure; it doesn't perform anything, so every rule of the agent can be read and tested in this file.
 */
import { type CaseKind, isEnded, isWaiting, type JobState } from "@computestream/protocol";
import type { JournalState, StopCause } from "./journal.ts";
import type { Verdict } from "./policy.ts";
import type { ContainerStatus } from "./runtime/container-runtime.ts";

export type ImageState =
  | { kind: "unknown" }
  | { kind: "pulling" }
  | { kind: "ready" }
  | { kind: "failed"; reason: string };

export interface Observation {
  job: {
    state: JobState;
    createdAt: bigint;
    acceptBy: bigint;
    startBy: bigint;
    /** 0 of a job that never ran, or that a fault closed while it ran. */
    claimUntil: bigint;
    /** 0 when nothing is held back for the buyer. */
    challengeUntil: bigint;
  };
  /** An open order that another provider has. */
  taken: boolean;
  /** What the buyer has opened about money that is held back. */
  openCase: { kind: CaseKind; deadline: bigint } | null;
  /** Earned money waits for the buyer. */
  held: boolean;
  /** No attestation can add anything on chain: none counts, or every second that ran and is funded is proven. */
  final: boolean;
  verdict: Verdict;
  image: ImageState;
  container: ContainerStatus | null;
  journal: JournalState;
  /** Time of the newest block, unix seconds: the only clock by which something is given up. */
  chainNow: bigint;
  /** The later of chain and host time: the clock for hurrying. */
  now: bigint;
  /** False while the node drains. */
  accepting: boolean;
  /** Whole seconds the container has run, and may run. */
  ranSecs: bigint;
  capSecs: bigint;
  /** Everything that can still be proven to the chain has been. */
  proven: boolean;
}

export type Step =
  /** Nothing to do now; look again later. */
  | { do: "wait"; why: string }
  /** Never ours, or nothing left here: stop watching. */
  | { do: "forget"; why: string }
  | { do: "refuse"; code: string; reason: string }
  | { do: "pull" }
  | { do: "accept" }
  | { do: "create" }
  /** The `start` transaction, which opens the stream. */
  | { do: "open" }
  /** The container itself. */
  | { do: "launch" }
  | { do: "meter" }
  | { do: "stop"; cause: StopCause }
  | { do: "record-exit" }
  /** Decide to fail with this reason, once. */
  | { do: "give-up"; reason: string }
  /** Begin or go on publishing the output, beside everything else. */
  | { do: "publish" }
  /** The `complete` or `fail` transaction. */
  | { do: "report" }
  /** Bring the last seconds of a terminated job to the chain. */
  | { do: "prove" }
  /** Finalize a terminated job of which everything that ran is proven: the buyer needn't wait for the rest. */
  | { do: "waive" }
  /** The work is over and money waits: nothing but the output must be kept. */
  | { do: "free" }
  /** Show the chunk of the output that the buyer asks for. */
  | { do: "answer" }
  /** End an arbitration that nobody decided in time. */
  | { do: "resolve" }
  /** Have the held money paid, now that nobody can challenge it any more. */
  | { do: "finalize" }
  | { do: "cleanup" };

export function decide(o: Observation): Step {
  if (o.journal.refused) return { do: "forget", why: "refused" };
  if (o.taken) return { do: "forget", why: "another provider was faster" };
  if (isEnded(o.job.state)) return decideEnded(o);
  if (o.job.state === "Pending") return decidePending(o);
  if (o.job.state === "Accepted") return decideAccepted(o);
  return decideRunning(o);
}

function decidePending(o: Observation): Step {
  if (o.chainNow >= o.job.acceptBy) return { do: "forget", why: "the accept window is over" };
  if (!o.verdict.ok) return { do: "refuse", code: o.verdict.code, reason: o.verdict.reason };
  if (!o.accepting) return { do: "wait", why: "draining" };
  switch (o.image.kind) {
    case "unknown":
      return { do: "pull" };
    case "failed":
      return { do: "refuse", code: "IMAGE_UNAVAILABLE", reason: o.image.reason };
    case "ready":
      return { do: "accept" };
    case "pulling": {
      // A long pull that goes well shall not cost the job: past half of the window it goes on after accepting.
      const half = (o.job.acceptBy - o.job.createdAt) / 2n;
      return o.now > o.job.acceptBy - half ? { do: "accept" } : { do: "wait", why: "pulling" };
    }
  }
}

function decideAccepted(o: Observation): Step {
  if (o.journal.failing) return { do: "report" };
  if (!o.verdict.ok) return { do: "give-up", reason: o.verdict.code };
  // It can't start any more: said at once, so that the buyer has the deposit back and the slot is free.
  if (o.chainNow >= o.job.startBy) return { do: "give-up", reason: "START_WINDOW_OVER" };
  const missing = imageStep(o.image);
  if (missing) return missing;
  if (!o.container) return { do: "create" };
  return { do: "open" };
}

function decideRunning(o: Observation): Step {
  const { journal, container } = o;
  if (journal.failing) return { do: "report" };
  if (journal.exited) return journal.published ? { do: "report" } : { do: "publish" };
  if (!container) {
    // A container that may have run is never run twice.
    if (journal.starting || journal.started || journal.late) return { do: "record-exit" };
    return imageStep(o.image) ?? { do: "create" };
  }
  if (container.state === "created") return { do: "launch" };
  if (container.state === "exited") return { do: "record-exit" };
  if (journal.stopping) return { do: "stop", cause: journal.stopping };
  if (o.ranSecs >= o.capSecs) return { do: "stop", cause: "TIME_LIMIT" };
  return { do: "meter" };
}

function decideEnded(o: Observation): Step {
  const { container, journal, job } = o;
  if (container?.state === "running") return { do: "stop", cause: "CHAIN_ENDED" };
  const ran = container?.state === "exited" || journal.started !== null;
  if (ran && !journal.exited) return { do: "record-exit" };
  // Of a job that never ran, or that a fault closed while it ran, nothing is this provider's to wait for.
  if (!isWaiting(job.state) || job.claimUntil === 0n) return { do: "cleanup" };
  if (job.state === "Terminated" && !o.final && o.chainNow < job.claimUntil) {
    return journal.exited && !o.proven ? { do: "prove" } : { do: "waive" };
  }
  return container ? { do: "free" } : decideWaiting(o);
}

/** What is left of a job that is proven: money that waits, for the buyer, an arbiter or the end of a window. */
function decideWaiting({ openCase, job, held, final, now }: Observation): Step {
  if (openCase) {
    const over = now >= openCase.deadline;
    // A challenge that is lost is nothing to hurry for.
    if (openCase.kind === "OutputChallenge") {
      return over ? { do: "wait", why: "the challenge is lost" } : { do: "answer" };
    }
    return over ? { do: "resolve" } : { do: "wait", why: "an arbiter decides" };
  }
  const provable = final ? 0n : job.claimUntil;
  const until = held && job.challengeUntil > provable ? job.challengeUntil : provable;
  return now >= until ? { do: "finalize" } : { do: "wait", why: "the buyer may challenge it" };
}

function imageStep(image: ImageState): Step | null {
  switch (image.kind) {
    case "ready":
      return null;
    case "unknown":
      return { do: "pull" };
    case "pulling":
      return { do: "wait", why: "pulling" };
    case "failed":
      return { do: "give-up", reason: "IMAGE_UNAVAILABLE" };
  }
}

export type Conclusion = { result: "complete" } | { result: "fail"; reason: string; exitCode: number };

/** What goes on chain for a job whose container has ended or will never run. */
export function conclude(journal: JournalState): Conclusion {
  const exitCode = journal.exited?.exitCode ?? 0;
  const failed = (reason: string): Conclusion => ({ result: "fail", reason, exitCode });
  if (journal.failing) return failed(journal.failing);
  if (journal.stopping === "TIME_LIMIT" || journal.stopping === "OUTPUT_TOO_LARGE")
    return failed(journal.stopping);
  if (!journal.exited || journal.exited.exitCode === null) return failed("CONTAINER_LOST");
  if (exitCode === 0) return { result: "complete" };
  return failed(journal.exited.oomKilled ? "OOM_KILLED" : `EXIT_CODE_${exitCode}`);
}
