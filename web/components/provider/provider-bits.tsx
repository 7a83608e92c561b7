/** Small statements about a machine that several views share. They don't fetch. */
import type { ProviderDto } from "@computestream/protocol/api";
import { formatCount, formatScore } from "../../lib/format.ts";
import { freeSlots } from "../../lib/provider-filter.ts";
import { Badge, type Tone } from "../ui/badge.tsx";

const NOT_TAKING: Record<
  Exclude<ProviderDto["status"], "Active">,
  { tone: Tone; label: string; means: string }
> = {
  Draining: { tone: "warn", label: "Draining", means: "Finishes its jobs and takes no new ones." },
  Maintenance: { tone: "warn", label: "Maintenance", means: "Its owner works on it; it takes no new jobs." },
  Offline: { tone: "neutral", label: "Offline", means: "It takes no new jobs." },
};

export function ProviderStatus({ provider }: { provider: ProviderDto }) {
  const { tone, label, means } = statusWords(provider);
  return (
    <span title={means} data-testid="provider-status" data-status={provider.status}>
      <Badge tone={tone}>{label}</Badge>
    </span>
  );
}

export function statusWords(provider: ProviderDto): { tone: Tone; label: string; means: string } {
  if (provider.status !== "Active") return NOT_TAKING[provider.status];
  return freeSlots(provider) > 0
    ? { tone: "good", label: "Available", means: "Active, with a free slot." }
    : { tone: "warn", label: "Full", means: "Active, but every slot is taken." };
}

/** Counts beside the score: a score of one job says little. */
export function Reputation({ provider }: { provider: ProviderDto }) {
  const { jobsCompleted, jobsFailed, jobsExpired, faults } = provider;
  const counts = [
    jobsCompleted > 0 ? `${formatCount(jobsCompleted)} done` : null,
    jobsFailed > 0 ? `${formatCount(jobsFailed)} failed` : null,
    jobsExpired > 0 ? `${formatCount(jobsExpired)} expired` : null,
  ].filter((text) => text !== null);
  return (
    <span data-testid="reputation" data-score={provider.score}>
      {formatScore(provider.score)}
      <span className="text-muted"> of 100 · {counts.length > 0 ? counts.join(", ") : "new"}</span>
      {faults > 0 && (
        <span className="text-bad">
          {" "}
          · {formatCount(faults)} proven {faults === 1 ? "fault" : "faults"}
        </span>
      )}
    </span>
  );
}
