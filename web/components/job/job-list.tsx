"use client";
/** All jobs by state, or the connected wallet's own. Lists are pages of the API; it doesn't tick. */
import { type JobDto, zStats } from "@computestream/protocol/api";
import Link from "next/link";
import { useCallback, useEffect, useState } from "react";
import { useLiveTopic } from "../../hooks/use-live-topic.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { openWalletMenu } from "../../lib/wallet-menu.ts";
import { useApp } from "../app-provider.tsx";
import { ListSkeleton } from "../stream/explorer.tsx";
import { Empty } from "../ui/empty.tsx";
import { Freshness, StaleNotice } from "../ui/freshness.tsx";
import { PageTitle } from "../ui/page-title.tsx";
import { JobRow } from "./job-row.tsx";

const PAGE = 50;
/**
 * Cancelled settles in the same transaction, as do all that hold nothing back: their jobs are found under Settled.
 * "open" are orders that nobody has taken yet.
 */
const FILTERS = [
  "",
  "open",
  "Pending",
  "Accepted",
  "Running",
  "Completed",
  "Failed",
  "Terminated",
  "Expired",
  "Settled",
] as const;
const LABELS: Record<(typeof FILTERS)[number], string> = {
  "": "All",
  open: "Open orders",
  Pending: "Pending",
  Accepted: "Accepted",
  Running: "Running",
  Completed: "Completed, held",
  Failed: "Failed, held",
  Terminated: "Stopped",
  Expired: "Expired, held",
  Settled: "Settled",
};

export function JobList() {
  const { api } = useApp();
  const { address } = useWalletState();
  const [state, setState] = useState<(typeof FILTERS)[number]>("");
  const [mine, setMine] = useState(false);
  const [list, setList] = useState<{ items: JobDto[]; cursor: string | null } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const network = useLiveTopic("network", zStats, (signal) => api.stats(signal));

  useEffect(() => {
    const params = new URLSearchParams(window.location.search);
    setState(FILTERS.find((f) => f === params.get("state")) ?? "");
    setMine(params.get("mine") === "true");
  }, []);
  const choose = (nextState: (typeof FILTERS)[number], nextMine: boolean) => {
    setState(nextState);
    setMine(nextMine);
    setList(null);
    const params = new URLSearchParams();
    if (nextState) params.set("state", nextState);
    if (nextMine) params.set("mine", "true");
    window.history.replaceState(null, "", params.size > 0 ? `?${params}` : window.location.pathname);
  };

  const needsWallet = mine && !address;
  const load = useCallback(
    async (cursor: string | null, signal?: AbortSignal) => {
      try {
        const which = state === "open" ? { open: true } : { state };
        const query = { ...which, buyer: mine ? address : null, limit: PAGE, cursor };
        const page = await api.jobs(query, signal);
        if (signal?.aborted) return;
        setError(null);
        setList((before) => ({
          items: cursor && before ? [...before.items, ...page.items] : page.items,
          cursor: page.nextCursor,
        }));
      } catch (cause) {
        if (!signal?.aborted) setError(cause instanceof Error ? cause.message : String(cause));
      }
    },
    [api, state, mine, address],
  );

  const stats = network.data;
  const mark = stats ? `${stats.jobs}:${stats.jobsRunning}:${stats.jobsSettled}` : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: `mark` changes when a job appears, starts or ends
  useEffect(() => {
    if (needsWallet) return;
    const abort = new AbortController();
    const timer = setTimeout(() => void load(null, abort.signal), 200);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [load, needsWallet, mark]);

  const age = { ...network, error: error ?? network.error, reload: () => void load(null) };
  return (
    <>
      <PageTitle
        title="Jobs"
        lead="Every job and what became of its money, straight from the chain."
        aside={
          <div className="flex items-center gap-3">
            <Freshness age={network} />
            <Link href="/jobs/new" className="btn btn-primary">
              Run a job
            </Link>
          </div>
        }
      />
      <div className="mb-4 flex flex-wrap items-center gap-x-6 gap-y-3">
        <fieldset className="flex flex-wrap gap-1" aria-label="Filter by state">
          {FILTERS.map((value) => (
            <button
              key={value}
              type="button"
              aria-pressed={state === value}
              className={`min-h-9 rounded-lg px-3 text-sm font-medium ${
                state === value ? "bg-raised" : "text-muted hover:text-text"
              }`}
              onClick={() => choose(value, mine)}
            >
              {LABELS[value]}
            </button>
          ))}
        </fieldset>
        <label className="inline-flex cursor-pointer items-center gap-2 text-sm font-medium">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={mine}
            onChange={(event) => choose(state, event.target.checked)}
          />
          Only mine
        </label>
      </div>
      <div className="space-y-4">
        <StaleNotice age={age} what="The list of jobs" />
        <div className="card">
          {needsWallet ? (
            <Empty
              title="Connect your wallet to see your jobs"
              action={
                <button type="button" className="btn btn-primary" onClick={openWalletMenu}>
                  Connect wallet
                </button>
              }
            >
              Only its address is needed; nothing is signed.
            </Empty>
          ) : list === null ? (
            error ? null : (
              <ListSkeleton rows={5} />
            )
          ) : list.items.length === 0 ? (
            <Empty title={mine ? "You have no such job" : "No such job"}>
              {state ? "Try another state." : "The first job will show up here the moment it is funded."}
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {list.items.map((job) => (
                <JobRow key={job.job} job={job} />
              ))}
            </ul>
          )}
        </div>
        {list?.cursor && (
          <button type="button" className="btn" onClick={() => void load(list.cursor)}>
            Load more
          </button>
        )}
      </div>
    </>
  );
}
