"use client";
/** Chooses the machine a job runs on, or any that fits. It doesn't filter: the marketplace page does. */
import type { ProviderDto } from "@computestream/protocol/api";
import Link from "next/link";
import type { ReactNode } from "react";
import { formatPerSecond } from "../../lib/format.ts";
import { ANY_MACHINE } from "../../lib/job-form.ts";
import { hasRoom, priceFor } from "../../lib/provider-filter.ts";
import { ProviderStatus } from "../provider/provider-bits.tsx";
import { hardware } from "../provider/provider-card.tsx";
import { ListSkeleton } from "../stream/explorer.tsx";
import { Amount } from "../ui/amount.tsx";
import { Empty } from "../ui/empty.tsx";

const SHOWN = 6;

export function ProviderPicker({
  machines,
  loading,
  chosen,
  gpus,
  error,
  onChoose,
  children,
}: {
  machines: ProviderDto[];
  loading: boolean;
  /** An address, or `ANY_MACHINE`. */
  chosen: string;
  /** Prices are shown for a job with so many. */
  gpus: number;
  error: string | undefined;
  onChoose: (chosen: string) => void;
  /** What is asked of any machine, below the choice. */
  children?: ReactNode;
}) {
  const usable = machines.filter((p) => hasRoom(p) || p.provider === chosen);
  const first = usable.slice(0, SHOWN);
  const picked = usable.find((p) => p.provider === chosen);
  const shown = picked && !first.includes(picked) ? [picked, ...first.slice(0, SHOWN - 1)] : first;
  return (
    <fieldset className="card min-w-0 p-5">
      <legend className="sr-only">Machine</legend>
      <div className="mb-3 flex items-baseline justify-between gap-4">
        <h2 className="font-semibold">1. Machine</h2>
        <Link href="/providers" className="link text-sm">
          Compare all
        </Link>
      </div>
      {loading && <ListSkeleton rows={2} />}
      {!loading && shown.length === 0 && (
        <Empty title="No machine is free right now">
          Machines appear here as soon as one is available; you don't have to reload. An order from any
          machine can wait for one.
        </Empty>
      )}
      <div className="space-y-2">
        <label data-testid="open-option" className={row(chosen === ANY_MACHINE)}>
          <input
            type="radio"
            name="provider"
            value={ANY_MACHINE}
            checked={chosen === ANY_MACHINE}
            onChange={() => onChoose(ANY_MACHINE)}
            className="size-4 accent-accent"
          />
          <span className="min-w-0">
            <span className="block font-medium">Any machine that fits</span>
            <span className="block text-xs text-muted">
              You name what it needs and your highest price; the first to accept gets the job.
            </span>
          </span>
        </label>
        {shown.map((p) => (
          <label key={p.provider} data-testid="provider-option" className={row(p.provider === chosen)}>
            <input
              type="radio"
              name="provider"
              value={p.provider}
              checked={p.provider === chosen}
              onChange={() => onChoose(p.provider)}
              className="size-4 accent-accent"
            />
            <span className="min-w-0">
              <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
                <span className="font-medium break-words">{p.name}</span>
                {!hasRoom(p) && <ProviderStatus provider={p} />}
              </span>
              <span className="block text-xs text-muted">
                {hardware(p)}
                {p.region && ` · ${p.region}`}
              </span>
            </span>
            <span className="text-right text-sm">
              <Amount
                value={priceFor(p, Math.min(gpus, p.gpuCount))}
                asset={p.asset}
                places={4}
                className="font-semibold"
              />
              <span className="block text-xs text-muted">
                an hour{gpus > 0 && gpuWords(p, gpus)}
                <span className="hidden sm:inline">
                  {" "}
                  · {formatPerSecond(priceFor(p, Math.min(gpus, p.gpuCount)), p.asset.decimals)}/s
                </span>
              </span>
            </span>
          </label>
        ))}
      </div>
      {error && <p className="mt-2 text-sm text-bad">{error}</p>}
      {children}
    </fieldset>
  );
}

const row = (isChosen: boolean): string =>
  `grid cursor-pointer grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-3 rounded-xl border px-4 py-3 has-focus-visible:outline-2 has-focus-visible:outline-accent ${
    isChosen ? "border-accent bg-accent-soft" : "border-line hover:bg-raised"
  }`;

function gpuWords(p: ProviderDto, gpus: number): string {
  if (p.gpuCount < gpus) return p.gpuCount === 0 ? ", but it has no GPU" : `, but it has only ${p.gpuCount}`;
  return ` with ${gpus} GPU${gpus === 1 ? "" : "s"}`;
}
