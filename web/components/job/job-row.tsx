/** One job in a list: title, state, money, age. It doesn't tick. */
import type { JobDto } from "@computestream/protocol/api";
import Link from "next/link";
import { grossPaid } from "../../lib/estimate.ts";
import { formatDateTime, formatDuration, isSomebody, shortAddress, shortImage } from "../../lib/format.ts";
import { verdict } from "../../lib/stages.ts";
import { Amount } from "../ui/amount.tsx";
import { Badge } from "../ui/badge.tsx";

export function JobRow({ job }: { job: JobDto }) {
  const told = verdict(job);
  return (
    <li data-testid="job-row" className="@container">
      <Link
        href={`/jobs/${job.job}`}
        className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 px-5 py-3.5 hover:bg-raised @2xl:grid-cols-[minmax(0,1fr)_9rem_8.5rem_10rem] @5xl:grid-cols-[minmax(0,2fr)_9rem_minmax(0,1fr)_9rem_10rem]"
      >
        <span className="min-w-0">
          <span className="block truncate font-medium">{job.title}</span>
          <span className="block truncate text-xs text-muted">{shortImage(job.image)}</span>
        </span>
        <span className="justify-self-end @2xl:justify-self-start">
          <Badge tone={told.tone} pulse={job.state === "Running"}>
            {told.label}
          </Badge>
        </span>
        <span className="hidden truncate text-sm text-muted @5xl:block">
          {shortAddress(job.buyer)} → {isSomebody(job.provider) ? shortAddress(job.provider) : "anyone"}
        </span>
        <span className="text-sm text-muted @2xl:text-right">{formatDuration(job.secondsBilled)} billed</span>
        <span className="text-right text-sm">
          <Amount value={grossPaid(job)} asset={job.asset} places={6} className="font-semibold" />
          <span className="hidden text-xs text-muted @2xl:block" suppressHydrationWarning>
            {formatDateTime(job.createdAt)}
          </span>
        </span>
      </Link>
    </li>
  );
}
