"use client";
/** Chooses the machine a job runs on. It doesn't filter: the marketplace page does. */
import type { ProviderDto } from "@computestream/protocol/api";
import Link from "next/link";
import { formatPerSecond } from "../../lib/format.ts";
import { freeSlots } from "../../lib/provider-filter.ts";
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
  error,
  onChoose,
}: {
  machines: ProviderDto[];
  loading: boolean;
  chosen: string;
  error: string | undefined;
  onChoose: (address: string) => void;
}) {
  const usable = machines.filter((p) => (p.available && freeSlots(p) > 0) || p.provider === chosen);
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
          Machines appear here as soon as one is available; you don't have to reload.
        </Empty>
      )}
      <div className="space-y-2">
        {shown.map((p) => (
          <label
            key={p.provider}
            data-testid="provider-option"
            className={`grid cursor-pointer grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-3 rounded-xl border px-4 py-3 has-focus-visible:outline-2 has-focus-visible:outline-accent ${
              p.provider === chosen ? "border-accent bg-accent-soft" : "border-line hover:bg-raised"
            }`}
          >
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
                {!(p.available && freeSlots(p) > 0) && <ProviderStatus provider={p} />}
              </span>
              <span className="block text-xs text-muted">
                {hardware(p)}
                {p.region && ` · ${p.region}`}
              </span>
            </span>
            <span className="text-right text-sm">
              <Amount value={p.pricePerHour} asset={p.asset} places={4} className="font-semibold" />
              <span className="block text-xs text-muted">
                an hour
                <span className="hidden sm:inline">
                  {" "}
                  · {formatPerSecond(BigInt(p.pricePerHour), p.asset.decimals)}/s
                </span>
              </span>
            </span>
          </label>
        ))}
      </div>
      {error && <p className="mt-2 text-sm text-bad">{error}</p>}
    </fieldset>
  );
}
