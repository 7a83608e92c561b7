/**
 * Everything a job page shows: the job, its settlements, its history, the node's last word.
 * It doesn't sign; the chain's events arrive through the indexer.
 */
import { type JobDto, type JobEventDto, type TickDto, zJob } from "@computestream/protocol/api";
import { useCallback, useEffect, useState } from "react";
import { useApp } from "../components/app-provider.tsx";
import { allPages, type NodeStatusDto } from "../lib/api.ts";
import { mergeTicks } from "../lib/apply-tick.ts";
import { type Live, useLiveTopic } from "./use-live-topic.ts";

const TICKS_PAGE = 5_000;
/** 20,000 settlements: more than five hours at one a second; older ones stay reachable by the API. */
const TICKS_PAGES = 4;
const EVENTS_PAGE = 200;
const EVENTS_PAGES = 5;
const STATUS_POLL_MS = 1_000;
const STATUS_RETRY_MS = 10_000;

export interface JobData {
  live: Live<JobDto | null>;
  ticks: TickDto[];
  events: JobEventDto[];
  status: NodeStatusDto | null;
}

export function useJob(address: string): JobData {
  const { api } = useApp();
  const [ticks, setTicks] = useState<TickDto[]>([]);
  const [events, setEvents] = useState<JobEventDto[]>([]);
  const [status, setStatus] = useState<NodeStatusDto | null>(null);
  const addTicks = useCallback((more: TickDto[]) => setTicks((known) => mergeTicks(known, more)), []);
  const live = useLiveTopic(
    `job:${address}`,
    zJob.nullable(),
    (signal) => api.job(address, signal),
    (tick) => addTicks([tick]),
  );
  const job = live.data;

  // At every (re)connection what was missed is asked for; repeats merge away.
  useEffect(() => {
    if (live.status === "connecting") return;
    const abort = new AbortController();
    const query = { limit: TICKS_PAGE };
    allPages((cursor) => api.ticks(address, { ...query, cursor }, abort.signal), TICKS_PAGES).then(
      addTicks,
      () => {},
    );
    return () => abort.abort();
  }, [api, address, live.status, addTicks]);

  const mark = job
    ? [
        job.state,
        job.outcome,
        job.startedAt,
        job.stalledAt,
        job.refunded,
        job.maxDurationSecs,
        job.deposited,
        job.ratePerHour,
        job.sealed,
        job.challengeUntil,
        job.case?.openedAt,
        job.fault,
      ].join(":")
    : "";
  // `mark` changes with every event that isn't a settlement.
  useEffect(() => {
    if (mark === "") return;
    const abort = new AbortController();
    const query = { limit: EVENTS_PAGE };
    allPages((cursor) => api.events(address, { ...query, cursor }, abort.signal), EVENTS_PAGES).then(
      (all) => {
        if (!abort.signal.aborted) setEvents(all.filter((e) => e.name !== "StreamSettled"));
      },
      () => {},
    );
    return () => abort.abort();
  }, [api, address, mark]);

  // Between chain events only the node knows: image pull, packing, upload.
  const watching = job?.state === "Pending" || job?.state === "Accepted" || job?.state === "Running";
  useEffect(() => {
    if (!watching) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      let wait = STATUS_POLL_MS;
      try {
        if (document.visibilityState === "visible") setStatus(await api.jobStatus(address, abort.signal));
      } catch {
        // The relayer is a convenience here: without it the stages follow the chain alone, not an old word of the node.
        if (!abort.signal.aborted) setStatus(null);
        wait = STATUS_RETRY_MS;
      }
      if (!abort.signal.aborted) timer = setTimeout(ask, wait);
    };
    void ask();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [api, address, watching]);

  return { live, ticks, events, status };
}
