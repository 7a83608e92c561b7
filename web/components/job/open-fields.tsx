"use client";
/** What an open order asks of a machine, and how many would do right now. It doesn't decide who fits: lib/open-order does. */
import type { ProviderDto } from "@computestream/protocol/api";
import { formatUnits } from "@computestream/protocol/money";
import { useId } from "react";
import { formatAmount, formatDuration } from "../../lib/format.ts";
import type { DraftField, JobDraft, MarketLimits } from "../../lib/job-form.ts";
import type { Offers, OpenDraft } from "../../lib/open-order.ts";
import { useApp } from "../app-provider.tsx";
import { Field } from "../ui/field.tsx";

export function OpenFields({
  draft,
  gpus,
  offers,
  machines,
  limits,
  errors,
  onChange,
  onTouch,
}: {
  draft: JobDraft;
  gpus: number;
  offers: Offers;
  /** Their GPUs, regions and sandboxes are what one can choose from. */
  machines: readonly ProviderDto[];
  limits: MarketLimits | null;
  errors: Partial<Record<DraftField, string>>;
  onChange: (field: DraftField, value: string) => void;
  onTouch: (field: DraftField) => void;
}) {
  const { config } = useApp();
  const { symbol, decimals } = config.asset;
  const lists = useId();
  const known = (of: (p: ProviderDto) => string) => [...new Set(machines.map(of))].filter((v) => v !== "");
  const input = (
    field: keyof OpenDraft,
    label: string,
    p: { placeholder?: string; inputMode?: "numeric" | "decimal"; options?: string[]; testId?: string } = {},
  ) => (
    <Field label={label} error={errors[field]}>
      {(wiring) => (
        <>
          <input
            className="input"
            placeholder={p.placeholder ?? "any"}
            inputMode={p.inputMode}
            spellCheck={false}
            autoCapitalize="none"
            data-testid={p.testId}
            list={p.options ? `${lists}-${field}` : undefined}
            value={draft[field]}
            onBlur={() => onTouch(field)}
            onChange={(event) => onChange(field, event.target.value)}
            {...wiring}
          />
          {p.options && (
            <datalist id={`${lists}-${field}`}>
              {p.options.map((value) => (
                <option key={value} value={value} />
              ))}
            </datalist>
          )}
        </>
      )}
    </Field>
  );
  const { cheapest } = offers;
  return (
    <div className="mt-4 space-y-4 border-t border-line pt-4" data-testid="open-fields">
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-48 flex-1">
          {input("maxPrice", `Most you pay for an hour (${symbol})`, {
            placeholder: "0",
            inputMode: "decimal",
            testId: "job-max-price",
          })}
        </div>
        {cheapest !== null && (
          <button
            type="button"
            className="btn"
            onClick={() => onChange("maxPrice", formatUnits(cheapest, decimals))}
          >
            Cheapest that fits: {formatAmount(cheapest, decimals)}
          </button>
        )}
      </div>
      <div className="grid grid-cols-2 gap-4 sm:grid-cols-3">
        {gpus > 0 && input("wantedGpuModel", "GPU model", { options: known((p) => p.gpuModel) })}
        {gpus > 0 && input("wantedVramGb", "GPU memory (GB), at least", { inputMode: "numeric" })}
        {input("wantedRegion", "Region", { options: known((p) => p.region) })}
        {input("wantedSandbox", "Sandbox", { options: known((p) => p.sandbox) })}
        {input("wantedStake", `Its stake (${symbol}), at least`, { inputMode: "decimal" })}
      </div>
      <p className="text-xs text-muted">
        Cores, memory, disk and GPUs are asked for as the job's own limits below. Names have to match to the
        letter.
      </p>
      <p className="text-sm" role="status" data-testid="open-offers">
        {offersSentence(offers, { symbol, decimals }, limits)}
      </p>
    </div>
  );
}

function offersSentence(
  offers: Offers,
  asset: { symbol: string; decimals: number },
  limits: MarketLimits | null,
): string {
  const wait = limits ? formatDuration(limits.acceptWindowSecs) : "a short while";
  const unless = `If none accepts within ${wait}, the whole deposit comes back.`;
  if (offers.meeting === 0) return `No active machine fits this right now. ${unless}`;
  const fit = (count: number) => (count === 1 ? "1 machine fits" : `${count} machines fit`);
  if (offers.affordable === 0) {
    const least = `${formatAmount(offers.cheapest ?? 0n, asset.decimals)} ${asset.symbol}`;
    return `${fit(offers.meeting)}, but the cheapest asks ${least} an hour. ${unless}`;
  }
  const ready = offers.ready === offers.affordable ? "with room now" : `${offers.ready} with room now`;
  return `${fit(offers.affordable)} at this price, ${ready}. The first to accept gets the job at its own price. ${unless}`;
}
