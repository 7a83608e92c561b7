"use client";
/** A job's payments over time: the cumulative line and each settlement as a bar. Settled money only, no estimate. */
import type { JobDto, TickDto } from "@computestream/protocol/api";
import { useMemo } from "react";
import { formatAmount, formatCount, formatDuration } from "../../lib/format.ts";
import { compact } from "../stream/settlement-chart.tsx";
import { TimeChart } from "../stream/time-chart.tsx";

export function JobChart({ job, ticks: all }: { job: JobDto; ticks: TickDto[] }) {
  const { symbol, decimals } = job.asset;
  // One that pays nothing only tells of progress.
  const ticks = useMemo(() => all.filter((tick) => tick.amount !== "0"), [all]);
  const series = useMemo(() => {
    const unit = 10 ** decimals;
    const times: number[] = [];
    const line: number[] = [];
    const bars: number[] = [];
    for (const tick of ticks) {
      // Settlements of the same second share a point: the axis has whole seconds.
      const at = times.at(-1) === tick.timestamp ? times.length - 1 : times.length;
      times[at] = tick.timestamp;
      line[at] = Number(tick.paid) / unit;
      bars[at] = (bars[at] ?? 0) + Number(tick.amount) / unit;
    }
    return { times, line, bars };
  }, [ticks, decimals]);
  const last = ticks.at(-1);
  const paid = last ? `${formatAmount(BigInt(last.paid), decimals)} ${symbol}` : `0 ${symbol}`;
  return (
    <section className="card p-5" aria-labelledby="chart">
      <div className="mb-3 flex flex-wrap items-baseline justify-between gap-x-4">
        <h2 id="chart" className="font-semibold">
          Payments
        </h2>
        <p className="text-sm text-muted">
          <span className="mr-3 inline-flex items-center gap-1.5">
            <span className="h-0.5 w-4 bg-accent" aria-hidden="true" /> paid in all
          </span>
          <span className="inline-flex items-center gap-1.5">
            <span className="h-3 w-1.5 bg-muted/50" aria-hidden="true" /> each settlement
          </span>
        </p>
      </div>
      <div className="relative">
        <TimeChart
          {...series}
          stepped
          className={`h-64 ${ticks.length === 0 ? "opacity-0" : ""}`}
          testId="job-chart"
          points={ticks.length}
          formatValue={(value) => compact(value)}
          summary={`${formatCount(ticks.length)} settlements, ${paid} paid in all`}
        />
        {ticks.length === 0 && (
          <p className="absolute inset-0 grid place-items-center px-6 text-center text-sm text-muted">
            {job.startedAt === 0
              ? "No payment yet: nothing is billed before the container runs."
              : job.holdbackSecs > 0
                ? `No payment yet: the first ${formatDuration(job.holdbackSecs)} wait for the buyer.`
                : "Waiting for the first settlement."}
          </p>
        )}
      </div>
    </section>
  );
}
