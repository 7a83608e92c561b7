/**
 * Where a job stands, as the steps a buyer follows: chain state first, the node's own word for what lies between.
 * It doesn't know React or the socket.
 */
import type { JobDto } from "@computestream/protocol/api";
import { faultSentence, reasonSentence, refusalSentence } from "./reasons.ts";
import { holds } from "./steps.ts";

export type StageKey = "created" | "accepted" | "preparing" | "running" | "output" | "settled";
export type StageState = "done" | "current" | "todo" | "failed" | "skipped";

export interface Stage {
  key: StageKey;
  label: string;
  state: StageState;
  detail: string | null;
  /** 0..100 where the step has a measure. */
  percent: number | null;
}

/** What of the relayer's `job_status` is used. */
export interface NodeStatus {
  phase: "pulling" | "creating" | "running" | "packing" | "uploading" | "completing" | "done" | "failed";
  percent?: number | undefined;
  detail?: string | undefined;
}

const OUTPUT_PHASES = ["packing", "uploading", "completing", "done"];

export type StagedJob = Pick<
  JobDto,
  "state" | "outcome" | "startedAt" | "outputSha256" | "isOpen" | "held" | "case"
>;

const PHASE_DETAIL: Record<NodeStatus["phase"], string> = {
  pulling: "Fetching the image",
  creating: "Creating the container",
  running: "Container is running",
  packing: "Packing the output",
  uploading: "Storing the output",
  completing: "Writing the result on chain",
  done: "Done",
  failed: "The node reported a failure",
};

export function jobStages(job: StagedJob, status: NodeStatus | null): Stage[] {
  const end = job.outcome ?? (endedWithoutSettling(job.state) ? job.state : null);
  const inOutput = job.state === "Running" && status !== null && OUTPUT_PHASES.includes(status.phase);
  const at = position(job, inOutput, end);
  const order: Array<[StageKey, string]> = [
    ["created", "Created and funded"],
    ["accepted", "Accepted"],
    ["preparing", "Image ready"],
    ["running", "Running"],
    ["output", "Output stored"],
    ["settled", "Settled"],
  ];
  return order.map(([key, label], index) => {
    let state: StageState = index < at ? "done" : index === at ? "current" : "todo";
    if (end) state = endedState(key, end, job);
    else if (key === "accepted" && state === "current" && status?.phase === "failed") state = "failed";
    const isCurrent = state === "current" || (state === "failed" && !end);
    return {
      key,
      label: isCurrent ? currentLabel(key, label, job, status) : label,
      state,
      detail: isCurrent ? currentDetail(key, job, status) : null,
      percent:
        isCurrent && (key === "accepted" || key === "preparing" || key === "output")
          ? (status?.percent ?? null)
          : null,
    };
  });
}

const endedWithoutSettling = (state: JobDto["state"]): boolean =>
  ["Completed", "Failed", "Cancelled", "Terminated", "Expired"].includes(state);

function position(job: StagedJob, inOutput: boolean, end: string | null): number {
  if (end) return 5;
  if (job.state === "Pending") return 1;
  if (job.state === "Accepted") return 2;
  return inOutput ? 4 : 3;
}

function endedState(key: StageKey, end: string, job: StagedJob): StageState {
  const started = job.startedAt > 0;
  if (key === "created") return "done";
  if (key === "settled") return job.state === "Settled" ? "done" : "current";
  if (end === "Completed") return "done";
  if (!started) return key === "running" && end === "Failed" ? "failed" : "skipped";
  if (key === "accepted" || key === "preparing") return "done";
  if (key === "running") return end === "Failed" || end === "Expired" ? "failed" : "done";
  return job.outputSha256 ? "done" : "skipped";
}

function currentLabel(key: StageKey, label: string, job: StagedJob, status: NodeStatus | null): string {
  if (key === "accepted" && status?.phase === "failed") return "Refused";
  if (key === "accepted") return job.isOpen ? "Waiting for a machine" : "Waiting for the machine";
  if (key === "preparing") return status?.phase === "pulling" ? "Fetching the image" : "Preparing";
  if (key === "output") return "Storing the output";
  if (key === "settled" && job.case) return "In dispute";
  if (key === "settled") return holds(job) ? "Waiting for release" : "Settling";
  return label;
}

function currentDetail(key: StageKey, job: StagedJob, status: NodeStatus | null): string | null {
  // The node is done with it by then.
  if (key === "settled") return null;
  if (key === "accepted" && status?.phase === "failed") return refusalSentence(status.detail);
  if (key === "accepted" && !status)
    return job.isOpen
      ? "The first machine that fits takes it. Cancel at any time before the start: everything comes back."
      : "Cancel at any time before the start: everything comes back.";
  if (!status) return null;
  return status.detail ?? PHASE_DETAIL[status.phase];
}

export interface Verdict {
  tone: "good" | "bad" | "neutral" | "busy";
  label: string;
  sentence: string;
}

export type JudgedJob = Pick<
  JobDto,
  "state" | "outcome" | "exitCode" | "reason" | "startedAt" | "isOpen" | "held" | "sealed" | "case" | "fault"
>;

/** The job in one word and one sentence. */
export function verdict(job: JudgedJob): Verdict {
  const settled = job.state === "Settled";
  if (settled && job.fault) {
    const sentence = `${faultSentence(job.fault)} What wasn't paid yet came back to the buyer.`;
    return { tone: "bad", label: "Settled · fault", sentence };
  }
  const end = job.outcome ?? job.state;
  const namesCode = job.reason.startsWith("EXIT_CODE_");
  const code = job.exitCode !== null && job.exitCode !== 0 && !namesCode ? ` Exit code ${job.exitCode}.` : "";
  switch (end) {
    case "Pending":
      return {
        tone: "busy",
        label: "Pending",
        sentence: job.isOpen
          ? "Funded; the first machine that fits takes it."
          : "Funded; waiting for the machine to accept.",
      };
    case "Accepted":
      return {
        tone: "busy",
        label: "Accepted",
        sentence: "The machine is preparing. Nothing is billed yet.",
      };
    case "Running":
      return { tone: "busy", label: "Running", sentence: "Paying by the second for proven work only." };
    case "Completed":
      return settled
        ? { tone: "good", label: "Settled", sentence: "Completed. Paid for what ran; the rest came back." }
        : { tone: "busy", label: waitLabel("Completed", job), sentence: `Completed${waitWords(job)}` };
    case "Failed":
      return {
        tone: "bad",
        label: settled ? "Settled · failed" : waitLabel("Failed", job),
        sentence: `${reasonSentence(job.reason)}${code}${
          job.startedAt === 0 ? " It never started, so everything came back." : ""
        }${settled ? "" : ` Failed${waitWords(job)}`}`,
      };
    case "Cancelled":
      return {
        tone: "neutral",
        label: settled ? "Settled · cancelled" : "Cancelled",
        sentence: `Cancelled before the start; the whole deposit ${settled ? "came back" : "comes back"}.`,
      };
    case "Terminated":
      return {
        tone: "neutral",
        label: settled ? "Settled · stopped" : waitLabel("Stopped", job),
        sentence: settled
          ? "Stopped by the buyer. Proven seconds were paid, the rest came back."
          : job.sealed
            ? `Stopped by the buyer${waitWords(job)}`
            : "Stopped by the buyer. What can no longer be earned came back; the last seconds are being proven.",
      };
    case "Expired":
      return {
        tone: "bad",
        label: settled ? "Settled · expired" : waitLabel("Expired", job),
        sentence:
          job.startedAt === 0
            ? `The machine didn't start in time; the whole deposit ${settled ? "came back" : "comes back"}.`
            : `The machine proved no new second in time: it was lost, or storing the output took too long. ${
                settled ? "Proven seconds were paid, the rest came back." : `Expired${waitWords(job)}`
              }`,
      };
    default:
      return { tone: "good", label: "Settled", sentence: "Every base unit is accounted for." };
  }
}

function waitLabel(ended: string, job: JudgedJob): string {
  if (job.case) return `${ended} · in dispute`;
  return job.sealed && holds(job) ? `${ended} · held` : ended;
}

function waitWords(job: JudgedJob): string {
  if (job.case) return "; a case about the held pay is open.";
  return holds(job) ? "; the pay that is held back waits for the buyer." : "; settling the last seconds.";
}
