"use client";
/** One job, live: where it stands, what it costs, what came of it. It arranges; its parts know the details. */
import { type JobDto, zAddress } from "@computestream/protocol/api";
import Link from "next/link";
import { useEstimate } from "../../hooks/use-estimate.ts";
import { type JobData, useJob } from "../../hooks/use-job.ts";
import { isSomebody } from "../../lib/format.ts";
import { refusalSentence } from "../../lib/reasons.ts";
import { verdict } from "../../lib/stages.ts";
import { ListSkeleton } from "../stream/explorer.tsx";
import { Address } from "../ui/address.tsx";
import { Badge } from "../ui/badge.tsx";
import { Empty } from "../ui/empty.tsx";
import { Freshness, StaleNotice } from "../ui/freshness.tsx";
import { Notice } from "../ui/notice.tsx";
import { JobActions } from "./job-actions.tsx";
import { JobChart } from "./job-chart.tsx";
import { JobDetails } from "./job-details.tsx";
import { JobLogs } from "./job-logs.tsx";
import { JobMoney } from "./job-money.tsx";
import { JobOutput } from "./job-output.tsx";
import { JobPrivate } from "./job-private.tsx";
import { JobStages } from "./job-stages.tsx";
import { JobSteps } from "./job-steps.tsx";
import { JobTimeline } from "./job-timeline.tsx";

export function JobView({ address }: { address: string }) {
  const parsed = zAddress.safeParse(address);
  return parsed.success ? <LiveJob key={parsed.data} address={parsed.data} /> : <NoSuchJob />;
}

function NoSuchJob() {
  return (
    <Empty
      title="There is no job at this address"
      action={
        <Link href="/jobs" className="btn">
          All jobs
        </Link>
      }
    >
      If it was created a moment ago, it appears here by itself as soon as the indexer has seen its block.
    </Empty>
  );
}

function LiveJob({ address }: { address: string }) {
  const data = useJob(address);
  const job = data.live.data;
  if (job) return <Job job={job} data={data} />;
  if (job === null) return <NoSuchJob />;
  return data.live.error ? (
    <StaleNotice age={data.live} what="This job" />
  ) : (
    <div className="card pt-2">
      <ListSkeleton rows={6} />
    </div>
  );
}

function Job({ job, data }: { job: JobDto; data: JobData }) {
  const estimate = useEstimate(job);
  const told = verdict(job);
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-2xl font-bold tracking-tight break-words sm:text-3xl">{job.title}</h1>
          <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1.5 text-sm text-muted">
            <Badge tone={told.tone} pulse={told.tone === "busy"}>
              <span
                data-testid="job-state"
                data-state={job.state}
                data-outcome={job.outcome ?? ""}
                aria-live="polite"
              >
                {told.label}
              </span>
            </Badge>
            <span>{told.sentence}</span>
          </div>
          <p className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-muted">
            <span className="inline-flex items-center gap-1">
              Job <Address value={job.job} label="job address" />
            </span>
            {isSomebody(job.provider) ? (
              <span className="inline-flex items-center gap-1">
                on{" "}
                <Address value={job.provider} label="machine address" href={`/providers/${job.provider}`} />
              </span>
            ) : (
              <span>open to any machine that fits</span>
            )}
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-3">
          <Freshness age={data.live} />
          <JobActions job={job} />
        </div>
      </div>
      <StaleNotice age={data.live} what="This job" />
      {job.state === "Pending" && data.status?.phase === "failed" && (
        <Notice tone="warn" title="The machine won't take this job" testId="job-refused">
          {refusalSentence(data.status.detail)} Nothing was billed: cancel to get the whole deposit back now,
          or wait until it comes back by itself.
        </Notice>
      )}
      <JobSteps job={job} />
      <JobStages job={job} status={data.status} />
      <JobMoney job={job} estimate={estimate} />
      {/* On a narrow screen the two columns dissolve into one: the output first, the order last. */}
      <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)]">
        <div className="contents lg:block lg:space-y-6">
          <div className="order-2 min-w-0">
            <JobChart job={job} ticks={data.ticks} />
          </div>
          <div className="order-3 min-w-0">
            <JobLogs job={job} />
          </div>
          <div className="order-4 min-w-0 empty:hidden">
            <JobPrivate job={job} settledSeq={data.ticks.at(-1)?.seq ?? null} />
          </div>
          <div className="order-6 min-w-0">
            <JobDetails job={job} status={data.status} />
          </div>
        </div>
        <div className="contents lg:block lg:space-y-6">
          <div className="order-1 min-w-0 empty:hidden">
            <JobOutput job={job} />
          </div>
          <div className="order-5 min-w-0">
            <JobTimeline job={job} events={data.events} ticks={data.ticks} />
          </div>
        </div>
      </div>
    </div>
  );
}
