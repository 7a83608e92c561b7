"use client";
/**
 * What a job waits for and the steps open to who looks, one of them at a time with its cost before it is signed.
 * It doesn't know when a step is open (lib/steps) nor what it costs (lib/step-terms).
 */
import type { JobDto } from "@computestream/protocol/api";
import { useEffect, useRef, useState } from "react";
import { useNow } from "../../hooks/use-now.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { type JobStep, openSteps, untilWords, waitOf } from "../../lib/steps.ts";
import { Address } from "../ui/address.tsx";
import { Amount } from "../ui/amount.tsx";
import { StepPanel } from "./step-panel.tsx";

const LABELS: Record<JobStep, string> = {
  extend: "Extend",
  confirm: "Confirm & release",
  challenge: "Challenge output",
  arbitrate: "Ask the arbiter",
  rule: "Decide the case",
  finalize: "Finalize",
  resolve: "Close the case",
};

/** What a page says of a step that has just been done, until the indexer has seen it. */
const DONE = "Done on chain. This page follows as soon as the indexer has seen it.";
const DONE_SHOWN_MS = 8_000;

export function JobSteps({ job }: { job: JobDto }) {
  const { address } = useWalletState();
  const now = Math.floor(useNow(1000) / 1000);
  const [chosen, setChosen] = useState<JobStep | null>(null);
  const [done, setDone] = useState(false);
  const buttons = useRef(new Map<JobStep, HTMLButtonElement>());
  const mark = stepMark(job);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed job is the page's own word
  useEffect(() => setDone(false), [mark]);
  // The indexer may have been faster than the wallet's own answer.
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), DONE_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);

  const wait = waitOf(job, now);
  const steps = openSteps(job, address, now);
  const open = chosen && steps.includes(chosen) ? chosen : null;
  if (!wait && steps.length === 0) return null;

  const close = () => {
    if (open) buttons.current.get(open)?.focus();
    setChosen(null);
  };
  return (
    <section className="card p-5" aria-labelledby="steps" data-testid="job-steps">
      <h2 id="steps" className="font-semibold">
        {wait ? wait.title : "While it runs"}
      </h2>
      {wait && (
        <p className="mt-1 text-sm text-muted" data-testid="job-wait" data-kind={wait.kind}>
          {wait.sentence}{" "}
          {wait.until !== null && (
            <time className="font-medium text-text" suppressHydrationWarning>
              {untilWords(wait, now)}
            </time>
          )}
        </p>
      )}
      {job.case && <OpenCase job={job} open={job.case} />}
      {steps.length > 0 && (
        <div className="mt-4 flex flex-wrap gap-2">
          {steps.map((step) => (
            <button
              key={step}
              type="button"
              ref={(element) => {
                if (element) buttons.current.set(step, element);
                else buttons.current.delete(step);
              }}
              className={`btn ${step === "confirm" && wait ? "btn-primary" : ""}`}
              data-testid={`step-${step}`}
              aria-expanded={open === step}
              aria-controls={open === step ? "step-panel" : undefined}
              onKeyDown={(event) => {
                if (event.key === "Escape") close();
              }}
              onClick={() => {
                setDone(false);
                setChosen(open === step ? null : step);
              }}
            >
              {LABELS[step]}
            </button>
          ))}
        </div>
      )}
      {open && (
        <StepPanel
          key={open}
          id="step-panel"
          label={LABELS[open]}
          job={job}
          step={open}
          mark={mark}
          onClose={close}
          onDone={() => {
            close();
            setDone(true);
          }}
        />
      )}
      <p className="mt-3 text-sm text-accent empty:hidden" role="status">
        {done ? DONE : ""}
      </p>
    </section>
  );
}

/** Changes with everything that a step's price or the waiting depends on, but not with each settlement. */
function stepMark(job: JobDto): string {
  return [
    job.state,
    job.sealed,
    job.challengeUntil,
    job.deposited,
    job.maxDurationSecs,
    job.ratePerHour,
    job.secondsConfirmed,
    job.case?.openedAt,
  ].join(":");
}

function OpenCase({ job, open }: { job: JobDto; open: NonNullable<JobDto["case"]> }) {
  return (
    <dl className="mt-3 grid grid-cols-2 gap-x-6 gap-y-3 rounded-xl bg-raised px-4 py-3 text-sm sm:grid-cols-3">
      <div>
        <dt className="text-xs text-muted">Bond of the buyer</dt>
        <dd className="font-medium">
          <Amount value={open.bond} asset={job.asset} />
        </dd>
      </div>
      <div>
        <dt className="text-xs text-muted">Held money it is about</dt>
        <dd className="font-medium">
          <Amount value={job.held} asset={job.asset} />
        </dd>
      </div>
      {open.arbiter && (
        <div>
          <dt className="text-xs text-muted">Arbiter</dt>
          <dd className="font-medium">
            <Address value={open.arbiter} label="arbiter address" />
          </dd>
        </div>
      )}
      {open.reason && (
        <div className="col-span-full min-w-0">
          <dt className="text-xs text-muted">The buyer says</dt>
          <dd className="max-h-40 overflow-auto break-words whitespace-pre-wrap">{open.reason}</dd>
        </div>
      )}
    </dl>
  );
}
