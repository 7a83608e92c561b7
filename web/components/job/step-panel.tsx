"use client";
/** One step before it is signed: its sentence, its inputs, its cost, and the button. It doesn't price: lib/step-terms does. */
import type { JobDto } from "@computestream/protocol/api";
import { outputChunkCount } from "@computestream/protocol/output";
import { useState } from "react";
import { useBalance } from "../../hooks/use-balance.ts";
import { useMarketLimits } from "../../hooks/use-market-limits.ts";
import { useNow } from "../../hooks/use-now.ts";
import { useOnChain } from "../../hooks/use-on-chain.ts";
import { STEP_TEXT, useSubmit } from "../../hooks/use-submit.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { feeReserve } from "../../lib/chain.ts";
import { formatAmount } from "../../lib/format.ts";
import { type StepInput, stepTerms } from "../../lib/step-terms.ts";
import type { JobStep } from "../../lib/steps.ts";
import { useApp } from "../app-provider.tsx";
import { Field } from "../ui/field.tsx";
import { Notice } from "../ui/notice.tsx";

const MORE = [
  ["60", "+ 1 min"],
  ["600", "+ 10 min"],
  ["3600", "+ 1 h"],
] as const;

export function StepPanel({
  id,
  label,
  job,
  step,
  mark,
  onClose,
  onDone,
}: {
  id: string;
  label: string;
  job: JobDto;
  step: JobStep;
  /** Changes when the chain should be asked again. */
  mark: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const { config } = useApp();
  const { address } = useWalletState();
  const balance = useBalance(address);
  const limits = useMarketLimits();
  const read = useOnChain(job.job, mark);
  const now = Math.floor(useNow(1000) / 1000);
  const submit = useSubmit();
  const [tried, setTried] = useState(false);
  const [input, setInput] = useState<StepInput>(() => ({
    addedSecs: "60",
    // Whoever keeps only part of an output can't know which piece will be asked for.
    chunkIndex: String(Math.floor(Math.random() * outputChunkCount(job.outputSize ?? 0))),
    reason: "",
    award: "",
  }));
  const set = (change: Partial<StepInput>) => setInput((i) => ({ ...i, ...change }));

  const terms =
    read.value &&
    stepTerms(step, {
      onChain: read.value,
      input,
      asset: job.asset,
      now,
      isRunning: job.state === "Running",
      caseKind: job.case?.kind ?? null,
      caseBond: BigInt(job.case?.bond ?? 0),
      maxDurationSecs: limits?.maxDurationSecs ?? null,
      balance: balance.value,
      feeReserve: feeReserve(config),
    });

  async function sign() {
    setTried(true);
    if (!terms || terms.problem) return;
    const outcome = await submit.run(`${step}:${job.job}`, terms.call);
    if (outcome) onDone();
  }

  return (
    <form
      id={id}
      noValidate
      aria-label={label}
      className="mt-4 space-y-4 border-t border-line pt-4"
      data-testid="step-panel"
      onSubmit={(event) => {
        event.preventDefault();
        void sign();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      {read.error && (
        <Notice
          tone="warn"
          title="The chain can't be read"
          action={
            <button type="button" className="btn" onClick={read.reload}>
              Try again
            </button>
          }
        >
          {read.error}
        </Notice>
      )}
      {!terms && !read.error && (
        <p className="text-sm text-muted" role="status">
          Reading the chain…
        </p>
      )}
      {terms && (
        <>
          <p className="max-w-prose text-sm">{terms.sentence}</p>
          <StepFields step={step} job={job} input={input} onChange={set} />
          <dl
            className="max-w-md divide-y divide-line rounded-xl border border-line text-sm"
            aria-live="polite"
          >
            {terms.lines.map((line) => (
              <div key={line.label} className="flex justify-between gap-4 px-3 py-2">
                <dt className="text-muted">{line.label}</dt>
                <dd className={`text-right ${line.strong ? "text-base font-bold" : "font-medium"}`}>
                  {line.value}
                </dd>
              </div>
            ))}
          </dl>
          <p className="text-xs text-muted">
            Read from the chain just now. The network's fee for the transaction comes on top.
          </p>
          {terms.problem && (tried || (step !== "arbitrate" && (step !== "rule" || input.award !== ""))) && (
            <p role="alert" className="text-sm text-warn">
              {terms.problem}
            </p>
          )}
          <div className="flex flex-wrap gap-2">
            <button
              type="submit"
              className="btn btn-primary"
              data-testid="step-sign"
              disabled={submit.step !== null}
            >
              {submit.step ? STEP_TEXT[submit.step] : terms.sign}
            </button>
            <button type="button" className="btn" disabled={submit.step !== null} onClick={onClose}>
              Not now
            </button>
          </div>
        </>
      )}
      {submit.error && (
        <Notice tone="bad" title="Nothing has changed">
          {submit.error.message}
        </Notice>
      )}
    </form>
  );
}

function StepFields({
  step,
  job,
  input,
  onChange,
}: {
  step: JobStep;
  job: JobDto;
  input: StepInput;
  onChange: (change: Partial<StepInput>) => void;
}) {
  if (step === "extend")
    return (
      <Field label="Seconds to add">
        {(wiring) => (
          <div className="flex flex-wrap gap-2">
            <input
              className="input max-w-40"
              data-testid="extend-secs"
              inputMode="numeric"
              value={input.addedSecs}
              onChange={(event) => onChange({ addedSecs: event.target.value })}
              {...wiring}
            />
            {MORE.map(([secs, text]) => (
              <button
                key={secs}
                type="button"
                className="btn"
                aria-pressed={input.addedSecs === secs}
                onClick={() => onChange({ addedSecs: secs })}
              >
                {text}
              </button>
            ))}
          </div>
        )}
      </Field>
    );
  if (step === "challenge") {
    const last = outputChunkCount(job.outputSize ?? 0) - 1;
    return (
      <Field
        label="Piece of the output"
        hint={`Pieces of 16 KB, numbered from 0 to ${last}. The first suggestion is random.`}
      >
        {(wiring) => (
          <input
            className="input max-w-40"
            data-testid="challenge-chunk"
            inputMode="numeric"
            value={input.chunkIndex}
            onChange={(event) => onChange({ chunkIndex: event.target.value })}
            {...wiring}
          />
        )}
      </Field>
    );
  }
  if (step === "rule")
    return (
      <Field
        label={`To the machine (${job.asset.symbol})`}
        hint={`Of the ${formatAmount(BigInt(job.held), job.asset.decimals)} ${job.asset.symbol} held, before the market's fee.`}
      >
        {(wiring) => (
          <input
            className="input max-w-60"
            data-testid="rule-award"
            inputMode="decimal"
            value={input.award}
            onChange={(event) => onChange({ award: event.target.value })}
            {...wiring}
          />
        )}
      </Field>
    );
  if (step === "arbitrate")
    return (
      <Field label="What is wrong" hint="Public, on chain, for the arbiter; at most 1024 bytes.">
        {(wiring) => (
          <textarea
            className="input min-h-24 max-w-prose text-sm"
            data-testid="arbitrate-reason"
            rows={4}
            value={input.reason}
            onChange={(event) => onChange({ reason: event.target.value })}
            {...wiring}
          />
        )}
      </Field>
    );
  return null;
}
