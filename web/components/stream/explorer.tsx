"use client";
/** The public live view: network numbers, settlement chart, running streams, recent jobs. Needs no wallet. */
import { type JobDto, zStats } from "@computestream/protocol/api";
import Link from "next/link";
import { useCallback, useEffect, useRef, useState } from "react";
import { useLiveTopic } from "../../hooks/use-live-topic.ts";
import { applyTick } from "../../lib/apply-tick.ts";
import { useApp } from "../app-provider.tsx";
import { JobRow } from "../job/job-row.tsx";
import { Empty } from "../ui/empty.tsx";
import { Freshness, StaleNotice } from "../ui/freshness.tsx";
import { NetworkStats } from "./network-stats.tsx";
import { SettlementChart } from "./settlement-chart.tsx";
import { StreamRow } from "./stream-row.tsx";

const STREAMS_SHOWN = 12;
const JOBS_SHOWN = 8;
/** The two lists are asked for again at most this often, however fast the chain moves. */
const RELOAD_GAP_MS = 1_500;

export function Explorer() {
  const { api } = useApp();
  const [streams, setStreams] = useState<JobDto[] | null>(null);
  const [jobs, setJobs] = useState<JobDto[] | null>(null);
  const network = useLiveTopic(
    "network",
    zStats,
    (signal) => api.stats(signal),
    (tick) => {
      const settle = (list: JobDto[] | null) => list?.map((job) => applyTick(job, tick)) ?? null;
      setStreams(settle);
      setJobs(settle);
    },
  );

  const load = useCallback(
    async (signal: AbortSignal) => {
      const [running, newest] = await Promise.allSettled([
        api.streams({ limit: STREAMS_SHOWN }, signal),
        api.jobs({ limit: JOBS_SHOWN }, signal),
      ]);
      if (signal.aborted) return;
      // A list that failed keeps its last content; the banner says that numbers may be old.
      if (running.status === "fulfilled") setStreams(running.value.items);
      if (newest.status === "fulfilled") setJobs(newest.value.items.slice(0, JOBS_SHOWN));
    },
    [api],
  );

  const stats = network.data;
  const mark = stats ? `${stats.jobs}:${stats.jobsRunning}:${stats.jobsSettled}` : "";
  const lastLoad = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `mark` changes when a job appears, starts or ends
  useEffect(() => {
    const abort = new AbortController();
    const wait = Math.max(0, lastLoad.current + RELOAD_GAP_MS - Date.now());
    const timer = setTimeout(() => {
      lastLoad.current = Date.now();
      void load(abort.signal);
    }, wait);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [mark, load]);

  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-end justify-between gap-x-8 gap-y-4">
        <div>
          <h1 className="text-3xl font-bold tracking-tight sm:text-4xl">Compute, paid by the second.</h1>
          <p className="mt-2 max-w-2xl text-muted">
            Buyers lock a deposit; every second a machine proves is paid from it, and the rest comes back.
            This is the market, live from the chain.
          </p>
        </div>
        <div className="flex flex-wrap items-center gap-3">
          <Freshness age={network} />
          <Link href="/jobs/new" className="btn btn-primary">
            Run a job
          </Link>
        </div>
      </div>
      <StaleNotice age={network} what="The market's numbers" />
      <NetworkStats stats={stats} />
      <div className="grid gap-6 lg:grid-cols-2">
        <SettlementChart stats={stats} />
        <section className="card flex flex-col" aria-labelledby="streams-heading">
          <div className="flex flex-wrap items-baseline justify-between gap-x-4 px-5 pt-5 pb-3">
            <h2 id="streams-heading" className="font-semibold">
              Running streams
            </h2>
            <p className="text-xs text-muted">between settlements: accruing estimate</p>
          </div>
          {streams && streams.length > 0 ? (
            <ul className="divide-y divide-line border-t border-line">
              {streams.map((job) => (
                <StreamRow key={job.job} job={job} />
              ))}
            </ul>
          ) : streams ? (
            <Empty
              title="No stream is running right now"
              action={
                <Link href="/jobs/new" className="btn">
                  Start the first one
                </Link>
              }
            >
              The market is quiet. A job that runs shows up here the moment its stream opens.
            </Empty>
          ) : (
            <ListSkeleton rows={3} />
          )}
        </section>
      </div>
      <section className="card" aria-labelledby="jobs-heading">
        <div className="flex items-baseline justify-between gap-4 px-5 pt-5 pb-3">
          <h2 id="jobs-heading" className="font-semibold">
            Recent jobs
          </h2>
          <Link href="/jobs" className="link text-sm">
            All jobs
          </Link>
        </div>
        {jobs && jobs.length > 0 ? (
          <ul className="divide-y divide-line border-t border-line">
            {jobs.map((job) => (
              <JobRow key={job.job} job={job} />
            ))}
          </ul>
        ) : jobs ? (
          <Empty title="No job yet">Every job that is ever created stays visible here, with its money.</Empty>
        ) : (
          <ListSkeleton rows={4} />
        )}
      </section>
    </div>
  );
}

export function ListSkeleton({ rows }: { rows: number }) {
  return (
    <div className="space-y-4 border-t border-line px-5 py-5" role="status">
      <span className="sr-only">Loading</span>
      {Array.from({ length: rows }, (_, i) => i).map((i) => (
        <div key={i} className="h-9 animate-pulse rounded-lg bg-raised" />
      ))}
    </div>
  );
}
