/**
 * What a job waits for once it has ended, and which steps are open to whom.
 * It doesn't know React, money on chain or wallets: now is an argument, and the chain alone decides.
 */
import type { JobDto } from "@computestream/protocol/api";
import { isWaiting } from "@computestream/protocol/job-state";
import { formatAmount, formatDateTime } from "./format.ts";

export type JobStep = "extend" | "confirm" | "challenge" | "arbitrate" | "rule" | "finalize" | "resolve";

type Ended = Pick<
  JobDto,
  | "state"
  | "startedAt"
  | "endedAt"
  | "claimUntil"
  | "challengeUntil"
  | "sealed"
  | "held"
  | "secondsBilled"
  | "fundedSecs"
  | "case"
>;

/** Some of the escrow is earned but the buyer's to agree to. */
export function holds(job: Pick<JobDto, "held">): boolean {
  return BigInt(job.held) > 0n;
}

/** `now` in unix seconds. */
export function canBeProven(job: Ended, now: number): boolean {
  const ran = job.endedAt - job.startedAt;
  return !job.sealed && now < job.claimUntil && job.secondsBilled < Math.min(ran, job.fundedSecs);
}

type WithOutput = Pick<JobDto, "outputRoot" | "outputSize">;

/** A piece of the output can be asked for. */
function hasPieces(job: WithOutput): boolean {
  return job.outputRoot !== null && (job.outputSize ?? 0) > 0;
}

export type StepsJob = Ended & WithOutput & Pick<JobDto, "buyer" | "holdbackSecs">;

/** In the order of their worth to who reads. `viewer` is the connected wallet; nobody without one can step. */
export function openSteps(job: StepsJob, viewer: string | null, now: number): JobStep[] {
  if (viewer === null) return [];
  const isBuyer = viewer === job.buyer;
  if (job.state === "Running") {
    if (!isBuyer) return [];
    return job.holdbackSecs > 0 ? ["extend", "confirm"] : ["extend"];
  }
  if (!isWaiting(job.state)) return [];
  if (job.case) {
    if (now >= job.case.deadline) return ["resolve"];
    return job.case.kind === "Arbitration" && viewer === job.case.arbiter ? ["rule"] : [];
  }
  const steps: JobStep[] = [];
  const held = holds(job);
  if (isBuyer && held) steps.push("confirm");
  if (canBeProven(job, now)) return steps;
  if (isBuyer && held && now < job.challengeUntil) {
    if (hasPieces(job)) steps.push("challenge");
    steps.push("arbitrate");
  }
  if (!held || now >= job.challengeUntil) steps.push("finalize");
  return steps;
}

export interface Wait {
  kind: "case" | "proof" | "buyer" | "anyone";
  title: string;
  sentence: string;
  /** Unix seconds; null when nothing has to pass any more. */
  until: number | null;
}

type WaitingJob = Ended & WithOutput & Pick<JobDto, "asset">;

/** null for a job that goes on, or whose money is where it belongs. */
export function waitOf(job: WaitingJob, now: number): Wait | null {
  if (!isWaiting(job.state)) return null;
  if (job.case) return caseWait(job.case, now);
  if (canBeProven(job, now)) {
    return {
      kind: "proof",
      title: "The last seconds are being proven",
      sentence:
        "What can't be earned any more has come back. The machine may prove the seconds that ran but aren't proven; what it doesn't prove in time comes back too.",
      until: job.claimUntil,
    };
  }
  if (holds(job) && now < job.challengeUntil) {
    const { decimals, symbol } = job.asset;
    const ways = hasPieces(job) ? "release it now, challenge the output" : "release it now";
    const end = job.state === "Expired" ? "The machine fell silent, so the job expired. " : "";
    return {
      kind: "buyer",
      title: `${formatAmount(BigInt(job.held), decimals)} ${symbol} held back for the buyer`,
      sentence: `${end}The buyer may ${ways} or ask the arbiter. If nothing happens, it is the machine's from then on.`,
      until: job.challengeUntil,
    };
  }
  return {
    kind: "anyone",
    title: "Ready to settle",
    sentence: "Every window has passed. Anyone may finish it; a relayer usually does within moments.",
    until: null,
  };
}

function caseWait(open: NonNullable<JobDto["case"]>, now: number): Wait {
  const over = now >= open.deadline;
  if (open.kind === "OutputChallenge") {
    return {
      kind: "case",
      title: `The output is challenged: piece ${open.chunkIndex ?? "?"}`,
      sentence: over
        ? "The machine didn't show it in time. Anyone may close the case: nothing held is paid, the buyer gets it and the bond, and the machine loses stake."
        : "The machine has to put this piece of the output on chain. If it does, the bond is its own; if not, nothing held is paid and it loses stake.",
      until: open.deadline,
    };
  }
  return {
    kind: "case",
    title: "The arbiter is asked",
    sentence: over
      ? "The arbiter didn't decide in time. Anyone may close the case: the machine gets all that is held, the bond goes back to the buyer."
      : "The arbiter splits what is held. If it doesn't decide in time, the machine gets all of it and the bond goes back.",
    until: open.deadline,
  };
}

/** The moment itself rather than a countdown, which would be read aloud every second. */
export function untilWords(wait: Wait, now: number): string | null {
  if (wait.until === null) return null;
  return `${now < wait.until ? "until" : "was due"} ${formatDateTime(wait.until)}`;
}
