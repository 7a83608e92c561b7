/**
 * The keeper: finalizes, flags, expires and resolves what the chain's windows allow anyone to.
 * It doesn't settle streams; a failing action waits by itself and never holds up the others or the tick.
 */
import { JOB_STATES, type JobState } from "@computestream/protocol";
import { zJob, zPage } from "@computestream/protocol/api";
import type { ChainClient, JobView, StreamView } from "@computestream/protocol/client";
import { NotSubmittedError, type Submitter } from "../chain/submitter.ts";
import type { ChainViews } from "../chain/views.ts";
import { messageOf, UnavailableError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { AttestationStore } from "../store/attestations.ts";
import { type DeadLetterStore, retryDelaySecs } from "../store/dead-letters.ts";
import {
  type Clocks,
  chunk,
  isDue,
  isFinal,
  type KeeperAction,
  type KeeperWindow,
  keeperWindow,
} from "./plan.ts";

export interface CrankReport {
  looked: number;
  done: number;
  failed: number;
}

export interface Crank {
  run(): Promise<CrankReport>;
}

/** Lists jobs by state from a mirror of the chain; it may be behind or away. */
export interface JobLister {
  jobsIn(state: JobState): Promise<string[]>;
}

const STATES = [
  "Pending",
  "Accepted",
  "Running",
  "Completed",
  "Failed",
  "Cancelled",
  "Terminated",
  "Expired",
] as const satisfies ReadonlyArray<JobState>;
const ACTIONS_PER_RUN = 20;
const JOBS_PER_RUN = 2000;
/** The list of jobs that run is long and tells little: those that attest are known without it. */
const RUNNING_LIST_MS = 30_000;
const LIST_MS = 4_000;
/** A job that needs nothing now is looked at again after this. */
const LOOK_AGAIN_SECS = 5n;
const RUNNING = {
  state: "Running",
  acceptBy: 0n,
  startBy: 0n,
  claimUntil: 0n,
  challengeUntil: 0n,
  caseUntil: 0n,
} as const;

export function createCrank(options: {
  client: Pick<ChainClient, "getJobs" | "getStreams" | "payloads">;
  views: Pick<ChainViews, "refreshClock" | "nowSecs" | "knownJob" | "noteJobs" | "noteStreams">;
  store: Pick<AttestationStore, "openJobs" | "newest">;
  deadLetters: Pick<DeadLetterStore, "all">;
  lister: JobLister | null;
  submitter: Pick<Submitter, "send">;
  /** What is known of a stream without asking the chain. */
  known?: (job: string) => StreamView | undefined;
  /** Whose jobs other instances keep. */
  isMine?: (job: string) => boolean;
  logger: Logger;
  /** Milliseconds; only times retries and looks at the list. */
  clock?: () => number;
}): Crank {
  const { client, views, submitter, logger } = options;
  const clock = options.clock ?? Date.now;
  const failing = new Map<string, { attempts: number; retryAtMs: number }>();
  /** Jobs of earlier runs that wait for a window, so that each run needn't read all of them. */
  const waiting = new Map<string, bigint>();
  const lists = new Map<JobState, { jobs: string[]; atMs: number }>();
  /** Fixed when a job is made. */
  const rules = new Map<string, JobView["rules"]>();

  async function candidates(): Promise<string[]> {
    const jobs = new Set(await options.store.openJobs());
    for (const state of options.lister ? STATES : []) {
      for (const job of await listed(state)) jobs.add(job);
    }
    return options.isMine ? [...jobs].filter(options.isMine) : [...jobs];
  }

  async function listed(state: JobState): Promise<string[]> {
    const last = lists.get(state);
    if (last && clock() - last.atMs < (state === "Running" ? RUNNING_LIST_MS : LIST_MS)) return last.jobs;
    let jobs = last?.jobs ?? [];
    try {
      jobs = (await options.lister?.jobsIn(state)) ?? [];
    } catch (error) {
      logger.warn({ state, reason: messageOf(error) }, "the indexer's job list can't be read");
    }
    lists.set(state, { jobs, atMs: clock() });
    return jobs;
  }

  /** A running stream whose window is still to come needs no look at the chain. */
  function isAtRest(job: string, nowSecs: bigint): boolean {
    const stream = options.known?.(job);
    const terms = rules.get(job) ?? views.knownJob(job)?.rules;
    if (!stream || !terms || stream.sealed || stream.closed || stream.endedAt > 0n) return false;
    const window = keeperWindow({ ...RUNNING, rules: terms }, stream);
    return window !== null && window.after >= nowSecs;
  }

  function payloadOf(action: KeeperAction, job: string) {
    switch (action) {
      case "finalize":
        return client.payloads.finalize(job);
      case "expire":
        return client.payloads.expire(job);
      case "flag_stalled":
        return client.payloads.flagStalled(job);
      case "resolve":
        return client.payloads.resolve(job);
    }
  }

  async function run(): Promise<CrankReport> {
    const report: CrankReport = { looked: 0, done: 0, failed: 0 };
    const clocks: Clocks = { chainSecs: await views.refreshClock(), nowSecs: views.nowSecs() };
    const { nowSecs } = clocks;
    const nowMs = clock();
    const known = await candidates();
    const all = new Set(known);
    for (const map of [failing, waiting, rules]) {
      for (const job of map.keys()) if (!all.has(job)) map.delete(job);
    }
    const jobs: string[] = [];
    for (const job of known) {
      if ((waiting.get(job) ?? 0n) > nowSecs || (failing.get(job)?.retryAtMs ?? 0) > nowMs) continue;
      if (isAtRest(job, nowSecs)) {
        waiting.set(job, nowSecs + LOOK_AGAIN_SECS);
        report.looked += 1;
      } else if (jobs.length < JOBS_PER_RUN) {
        jobs.push(job);
      }
    }

    for (const part of chunk(jobs, 50)) {
      const streams = new Map((await client.getStreams(part)).map((stream) => [stream.job, stream]));
      views.noteStreams(streams.values());
      const windows = await windowsOf(part, streams);
      for (const address of part) {
        report.looked += 1;
        const stream = streams.get(address) ?? null;
        const window = windows.get(address) ?? null;
        const soon = nowSecs + LOOK_AGAIN_SECS;
        if (!window || window.after >= nowSecs) {
          waiting.set(address, window && window.after < soon ? window.after + 1n : soon);
          continue;
        }
        if (stream && (await isSettleable(stream, clocks))) continue;
        if (report.done + report.failed >= ACTIONS_PER_RUN) return report;
        if (await act(window.action, address)) report.done += 1;
        else report.failed += 1;
      }
    }
    return report;
  }

  async function windowsOf(
    part: string[],
    streams: Map<string, StreamView>,
  ): Promise<Map<string, KeeperWindow | null>> {
    const windows = new Map<string, KeeperWindow | null>();
    const others: string[] = [];
    for (const address of part) {
      const stream = streams.get(address);
      const known = rules.get(address);
      // Of a running job its stream says all that changes; most jobs are that, and whole jobs are long.
      const runs = stream && !stream.sealed && !stream.closed && stream.endedAt === 0n;
      if (runs && known) windows.set(address, keeperWindow({ ...RUNNING, rules: known }, stream));
      else others.push(address);
    }
    const read = others.length > 0 ? await client.getJobs(others) : [];
    // Whoever attests for one of them needn't wait until it has been read again.
    views.noteJobs(read);
    for (const job of read) {
      rules.set(job.job, job.rules);
      windows.set(job.job, keeperWindow(job, streams.get(job.job) ?? null));
    }
    return windows;
  }

  /** Seconds that the tick can still settle answer a stall; ones that the chain refuses don't. */
  async function isSettleable(stream: StreamView, clocks: Clocks): Promise<boolean> {
    if (isFinal(stream, clocks.chainSecs)) return false;
    const usage = await options.store.newest(stream.job);
    if (!usage || !isDue(stream, usage, clocks)) return false;
    return !(await options.deadLetters.all()).has(stream.job);
  }

  async function act(action: KeeperAction, job: string): Promise<boolean> {
    let reason: string;
    try {
      const outcome = await submitter.send({
        kind: action,
        payload: payloadOf(action, job),
        jobs: [job],
        seqs: [],
      });
      if (outcome.success) {
        failing.delete(job);
        logger.info({ job, action, hash: outcome.hash }, "keeper action done");
        return true;
      }
      reason = outcome.failure?.code ?? "failed";
    } catch (error) {
      if (error instanceof NotSubmittedError || error instanceof UnavailableError) throw error;
      reason = messageOf(error);
    }
    const attempts = (failing.get(job)?.attempts ?? 0) + 1;
    failing.set(job, { attempts, retryAtMs: clock() + retryDelaySecs(attempts) * 1000 });
    logger.warn({ job, action, reason, attempts }, "keeper action failed");
    return false;
  }

  return { run };
}

const zJobsPage = zPage(zJob.pick({ job: true, state: true }));
const PAGES_MAX = 10;

/** Reads the indexer's /api/v1/jobs?state=... page by page. */
export function createIndexerLister(indexerUrl: string, timeoutMs = 3000): JobLister {
  return {
    async jobsIn(state) {
      if (!JOB_STATES.includes(state)) throw new RangeError(`unknown state ${state}`);
      const jobs: string[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const url = new URL(`${indexerUrl}/api/v1/jobs`);
        url.searchParams.set("state", state);
        url.searchParams.set("limit", "200");
        if (cursor !== null) url.searchParams.set("cursor", cursor);
        const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
        if (!response.ok) throw new Error(`the indexer answered ${response.status}`);
        const { items, nextCursor } = zJobsPage.parse(await response.json());
        jobs.push(...items.map((item) => item.job));
        if (nextCursor === null) break;
        cursor = nextCursor;
      }
      return jobs;
    },
  };
}
