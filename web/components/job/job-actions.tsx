"use client";
/** What the buyer may do with a running job: cancel before the start, stop after it, finish a settlement. */
import type { JobDto } from "@computestream/protocol/api";
import { STEP_TEXT, useSubmit } from "../../hooks/use-submit.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { useApp } from "../app-provider.tsx";
import { Notice } from "../ui/notice.tsx";

export function JobActions({ job }: { job: JobDto }) {
  const { api } = useApp();
  const { address } = useWalletState();
  const submit = useSubmit();
  const beforeStart = job.state === "Pending" || job.state === "Accepted";
  if (address !== job.buyer || (!beforeStart && job.state !== "Running")) return null;

  async function stop() {
    const key = `stop:${job.job}`;
    if (beforeStart) {
      await submit.run(key, (payloads) => payloads.cancel(job.job));
      return;
    }
    // With the newest proof the last seconds settle at once; without it the machine may still prove them.
    const usage = await api.newestAttestation(job.job).catch(() => null);
    await submit.run(key, (payloads) => payloads.terminate(job.job, usage));
  }

  const verb = beforeStart ? "Cancel job" : "Stop job";
  return (
    <div className="relative">
      <button
        type="button"
        className="btn btn-danger"
        data-testid="stop-job"
        aria-describedby="stop-means"
        disabled={submit.step !== null}
        // The wallet asks again before it signs: one question is enough.
        onClick={() => void stop()}
      >
        {submit.step ? STEP_TEXT[submit.step] : verb}
      </button>
      <p id="stop-means" className="mt-1.5 max-w-64 text-xs text-muted">
        {beforeStart
          ? "Everything comes back."
          : job.holdbackSecs > 0
            ? "Costs what is proven; what is held back stays yours to confirm or dispute."
            : "Costs what is proven; the rest comes back."}
      </p>
      {submit.error && (
        <div className="mt-2">
          <Notice tone="bad" title="The job goes on">
            {submit.error.message}
          </Notice>
        </div>
      )}
    </div>
  );
}
