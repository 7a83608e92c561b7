"use client";
/** What runs and within which limits: the wizard's inputs. It doesn't check them. */
import type { ProviderDto } from "@computestream/protocol/api";
import { parseArgv } from "../../lib/argv.ts";
import { formatDuration } from "../../lib/format.ts";
import type { DraftField, JobDraft, MarketLimits } from "../../lib/job-form.ts";
import { freeGpus } from "../../lib/provider-filter.ts";
import { Field } from "../ui/field.tsx";

const DURATIONS = [
  ["60", "1 min"],
  ["600", "10 min"],
  ["3600", "1 h"],
] as const;

export function JobFields({
  draft,
  provider,
  limits,
  errors,
  onChange,
  onTouch,
}: {
  draft: JobDraft;
  provider: ProviderDto | null;
  limits: MarketLimits | null;
  errors: Partial<Record<DraftField, string>>;
  onChange: (field: DraftField, value: string) => void;
  onTouch: (field: DraftField) => void;
}) {
  const bind = (field: DraftField) => ({
    value: draft[field],
    onBlur: () => onTouch(field),
    onChange: (event: { target: { value: string } }) => onChange(field, event.target.value),
  });
  const argv = parseArgv(draft.command);
  const seconds = Number(draft.durationSecs);
  return (
    <>
      <section className="card space-y-5 p-5" aria-labelledby="what-runs">
        <h2 id="what-runs" className="font-semibold">
          2. What runs
        </h2>
        <Field label="Title" error={errors.title} hint="Public, on chain. Left empty: “Untitled job”.">
          {(wiring) => (
            <input className="input" data-testid="job-title" maxLength={120} {...wiring} {...bind("title")} />
          )}
        </Field>
        <Field
          label="Container image"
          error={errors.image}
          hint="The machine only runs images its owner allows; a refused job comes back whole."
        >
          {(wiring) => (
            <input
              className="input font-mono text-sm"
              data-testid="job-image"
              spellCheck={false}
              autoCapitalize="none"
              {...wiring}
              {...bind("image")}
            />
          )}
        </Field>
        <Field
          label="Command"
          error={errors.command}
          hint={
            <>
              Split into arguments like a shell would, but run without one. Empty: the image's own command.
              What it writes to <code className="font-mono">/output</code> is stored and hashed.
            </>
          }
        >
          {(wiring) => (
            <textarea
              className="input min-h-20 font-mono text-sm"
              data-testid="job-command"
              spellCheck={false}
              autoCapitalize="none"
              rows={3}
              {...wiring}
              {...bind("command")}
            />
          )}
        </Field>
        {argv.ok && argv.argv.length > 0 && (
          <fieldset
            className="-mt-3 flex min-w-0 flex-wrap gap-1.5"
            aria-label="Arguments as they will be passed"
          >
            {argv.argv.map((arg, index) => (
              <code
                // biome-ignore lint/suspicious/noArrayIndexKey: arguments may repeat; their place is their identity
                key={index}
                className="max-w-full truncate rounded-md bg-raised px-2 py-0.5 font-mono text-xs text-muted"
                title={arg}
              >
                {arg === "" ? "(empty)" : arg}
              </code>
            ))}
          </fieldset>
        )}
      </section>
      <section className="card space-y-5 p-5" aria-labelledby="limits">
        <h2 id="limits" className="font-semibold">
          3. Limits
        </h2>
        <Field
          label="Longest run, in seconds"
          error={errors.durationSecs}
          hint={
            Number.isInteger(seconds) && seconds > 0
              ? `${formatDuration(seconds)}. The container is stopped then; ending earlier costs less.`
              : undefined
          }
        >
          {(wiring) => (
            <div className="flex flex-wrap gap-2">
              <input
                className="input max-w-40"
                data-testid="job-duration"
                inputMode="numeric"
                {...wiring}
                {...bind("durationSecs")}
              />
              {DURATIONS.map(([value, label]) => (
                <button
                  key={value}
                  type="button"
                  className="btn"
                  aria-pressed={draft.durationSecs === value}
                  onClick={() => onChange("durationSecs", value)}
                >
                  {label}
                </button>
              ))}
            </div>
          )}
        </Field>
        <div className="grid grid-cols-2 gap-4 sm:grid-cols-4">
          <Field
            label="Cores"
            error={errors.cpuCores}
            hint={provider ? `of ${provider.cpuCores}` : undefined}
          >
            {(wiring) => <input className="input" inputMode="decimal" {...wiring} {...bind("cpuCores")} />}
          </Field>
          <Field
            label="Memory (MB)"
            error={errors.memoryMb}
            hint={provider ? `of ${provider.ramGb * 1024}` : undefined}
          >
            {(wiring) => <input className="input" inputMode="numeric" {...wiring} {...bind("memoryMb")} />}
          </Field>
          <Field
            label="GPUs"
            error={errors.gpus}
            hint={
              provider
                ? provider.gpuCount > 0
                  ? `${freeGpus(provider)} of ${provider.gpuCount} free`
                  : "none here"
                : undefined
            }
          >
            {(wiring) => (
              <input
                className="input"
                data-testid="job-gpus"
                inputMode="numeric"
                {...wiring}
                {...bind("gpus")}
              />
            )}
          </Field>
          <Field label="Output (MB)" error={errors.outputMaxMb} hint="more fails the job">
            {(wiring) => <input className="input" inputMode="numeric" {...wiring} {...bind("outputMaxMb")} />}
          </Field>
        </div>
        <Field
          label="Hold back the last seconds' pay (optional, in seconds)"
          error={errors.holdbackSecs}
          hint={holdbackSentence(draft.holdbackSecs, limits)}
        >
          {(wiring) => (
            <input
              className="input max-w-40"
              data-testid="job-holdback"
              inputMode="numeric"
              placeholder="0"
              {...wiring}
              {...bind("holdbackSecs")}
            />
          )}
        </Field>
        <p className="text-xs text-muted">
          The container has no network, a read-only root, and no privileges.
        </p>
      </section>
    </>
  );
}

function holdbackSentence(typed: string, limits: MarketLimits | null): string {
  const secs = /^\d{1,12}$/.test(typed.trim()) ? Number(typed.trim()) : 0;
  if (secs === 0) return "None: every proven second is paid at once, and there is nothing to dispute later.";
  const window = limits ? formatDuration(limits.challengeWindowSecs) : "the market's challenge window";
  return `Pay for the last ${formatDuration(secs)} waits in escrow until you confirm the result; you may challenge it for ${window} after the end, then the machine is paid.`;
}
