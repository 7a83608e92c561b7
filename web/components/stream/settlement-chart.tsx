"use client";
/** Money settled across the network, bucket by bucket. It doesn't fetch. */
import type { StatsDto } from "@computestream/protocol/api";
import { useMemo } from "react";
import { formatAmount, formatCount } from "../../lib/format.ts";
import { Empty } from "../ui/empty.tsx";
import { TimeChart } from "./time-chart.tsx";

export function SettlementChart({ stats }: { stats: StatsDto | undefined }) {
  const recent = stats?.recent;
  const decimals = stats?.asset.decimals ?? 8;
  const symbol = stats?.asset.symbol ?? "";
  const series = useMemo(
    () => ({
      times: recent?.map((b) => b.timestamp) ?? [],
      line: recent?.map((b) => Number(b.amount) / 10 ** decimals) ?? [],
    }),
    [recent, decimals],
  );
  const total = recent?.reduce((sum, b) => sum + BigInt(b.amount), 0n) ?? 0n;
  const count = recent?.reduce((sum, b) => sum + b.settlements, 0) ?? 0;
  return (
    <section className="card flex flex-col p-5" aria-labelledby="settlement-heading">
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="settlement-heading" className="font-semibold">
          Settled on chain
        </h2>
        {count > 0 && (
          <p className="text-sm text-muted">
            {formatAmount(total, decimals, 6)} {symbol} in {formatCount(count)} settlements, recently
          </p>
        )}
      </div>
      {!stats ? (
        <div className="min-h-60 flex-1 animate-pulse rounded-lg bg-raised" />
      ) : count === 0 ? (
        <Empty title="Nothing has settled lately">
          As soon as a job runs, each second it proves is paid and drawn here.
        </Empty>
      ) : (
        <TimeChart
          {...series}
          className="min-h-60 flex-1"
          testId="network-chart"
          formatValue={(value) => compact(value)}
          summary={`Recent settlement: ${formatAmount(total, decimals, 6)} ${symbol} in ${count} settlements`}
        />
      )}
    </section>
  );
}

/** Few digits, whatever the size: 0.0034, 1.2, 340. */
export function compact(value: number): string {
  if (value === 0) return "0";
  const digits = Math.max(0, Math.min(8, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return Number(value.toFixed(digits)).toString();
}
