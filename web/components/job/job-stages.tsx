/** The steps of a job as a list one can read. It doesn't know how a step is reached: lib/stages does. */
import type { JobDto } from "@computestream/protocol/api";
import { jobStages, type NodeStatus, type Stage } from "../../lib/stages.ts";

const LOOK: Record<Stage["state"], { dot: string; text: string; word: string }> = {
  done: { dot: "border-accent bg-accent text-on-accent", text: "text-text", word: "done" },
  current: { dot: "border-busy bg-busy-soft text-busy", text: "text-text", word: "now" },
  todo: { dot: "border-line bg-surface text-muted", text: "text-muted", word: "to come" },
  failed: { dot: "border-bad bg-bad-soft text-bad", text: "text-bad", word: "failed" },
  skipped: { dot: "border-line bg-raised text-muted", text: "text-muted", word: "never came" },
};

export function JobStages({ job, status }: { job: JobDto; status: NodeStatus | null }) {
  const stages = jobStages(job, status);
  return (
    <ol
      className="card grid gap-x-2 gap-y-3 p-5 sm:grid-cols-6"
      aria-label="Progress of the job"
      data-testid="job-stages"
    >
      {stages.map((stage) => {
        const look = LOOK[stage.state];
        return (
          <li
            key={stage.key}
            data-stage={stage.key}
            data-state={stage.state}
            aria-current={stage.state === "current" ? "step" : undefined}
            className="flex gap-3 sm:flex-col sm:gap-2"
          >
            <span className="flex items-center gap-2">
              <span
                aria-hidden="true"
                className={`grid size-6 shrink-0 place-items-center rounded-full border text-xs font-bold ${look.dot} ${
                  stage.state === "current" ? "pulse-dot" : ""
                }`}
              >
                {stage.state === "done"
                  ? "✓"
                  : stage.state === "failed"
                    ? "✕"
                    : stage.state === "skipped"
                      ? "–"
                      : ""}
              </span>
              <span aria-hidden="true" className="hidden h-px flex-1 bg-line sm:block" />
            </span>
            <span className="min-w-0">
              <span className={`block text-sm font-medium ${look.text}`}>
                {stage.label}
                {stage.percent !== null && ` ${Math.round(stage.percent)} %`}
                <span className="sr-only">, {look.word}</span>
              </span>
              {stage.detail && <span className="block text-xs break-words text-muted">{stage.detail}</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
