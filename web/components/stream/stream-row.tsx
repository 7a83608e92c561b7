"use client";
/** One running stream: what runs, how fast it pays, how far it is. Moves between settlements by estimate, and says so. */
import type { JobDto } from "@computestream/protocol/api";
import Link from "next/link";
import { useEstimate } from "../../hooks/use-estimate.ts";
import { fundedSeconds, grossPaid } from "../../lib/estimate.ts";
import { formatAmount, formatPerSecond, formatStopwatch, shortImage } from "../../lib/format.ts";

export function StreamRow({ job }: { job: JobDto }) {
  const estimate = useEstimate(job);
  const funded = fundedSeconds(job);
  const share = funded > 0 ? Math.min(100, estimate.billedMs / funded / 10) : 0;
  const { symbol, decimals } = job.asset;
  return (
    <li data-testid="stream-row">
      <Link
        href={`/jobs/${job.job}`}
        className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2.5 px-5 py-4 hover:bg-raised"
      >
        <span className="min-w-0">
          <span className="block truncate font-medium">{job.title}</span>
          <span className="block truncate text-xs text-muted">
            {formatPerSecond(BigInt(job.ratePerHour), decimals)} {symbol}/s · {shortImage(job.image)}
          </span>
        </span>
        <span className="text-right">
          <span
            className="block font-semibold"
            title={`${formatAmount(grossPaid(job), decimals)} ${symbol} settled; the rest is accruing`}
          >
            {formatAmount(estimate.gross, decimals, Math.min(decimals, 6))}{" "}
            <span className="text-xs font-medium text-muted">{symbol}</span>
          </span>
          <span className="block text-xs text-muted">
            {formatStopwatch(estimate.billedMs / 1000)} of {formatStopwatch(funded)}
          </span>
        </span>
        <span
          className="col-span-full h-1 overflow-hidden rounded-full bg-raised"
          role="progressbar"
          aria-label="Funded time used"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(share)}
        >
          <span className="flowing block h-full rounded-full" style={{ width: `${share}%` }} />
        </span>
      </Link>
    </li>
  );
}
