/**
 * A running job's side tasks: its log followed into disk and hub, its exit awaited, its output watched.
 * It doesn't know the chain; it only tells the runner to look.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeContext } from "./context.ts";
import { messageOf } from "./errors.ts";
import { type JobLog, openJobLog } from "./job-log.ts";

export interface JobContainer {
  /** Starts log and exit tasks once. */
  attach(): void;
  readonly logRoot: string;
  /** True when the output was above the limit at the last look; starts the next look. */
  outputTooLarge(limitBytes: number): boolean;
  /** Waits until the log has been read to its end. */
  drainLogs(): Promise<void>;
  close(): Promise<void>;
}

const RETRY_MS = 1_000;
const DRAIN_MS = 5_000;
const LOGS_RESENT = 500;

export function createJobContainer(ctx: NodeContext, job: string, onExit: () => void): JobContainer {
  const { runtime, hub, log } = ctx;
  const stop = new AbortController();
  let jobLog: JobLog | null = null;
  let logsDone: Promise<void> | null = null;
  let tooLarge = false;
  let looking = false;

  function openLog(): JobLog {
    if (jobLog) return jobLog;
    jobLog = openJobLog(join(ctx.dataDir, "logs", `${job}.ndjson`), job, ctx.settings.logMaxBytes);
    for (const message of jobLog.tail(LOGS_RESENT)) hub.log(message);
    return jobLog;
  }

  async function followLogs(target: JobLog): Promise<void> {
    let sinceNs = target.resumeNs;
    let lastNs = sinceNs;
    while (!stop.signal.aborted) {
      try {
        await runtime.followLogs(
          job,
          sinceNs,
          ({ stream, atNs, text }) => {
            lastNs = atNs;
            const message = target.append(stream, atNs, text);
            if (message) hub.log(message);
          },
          stop.signal,
        );
        const status = await runtime.inspect(job);
        if (status?.state !== "running") return;
      } catch (error) {
        log.debug({ job, err: messageOf(error) }, "log stream interrupted");
      }
      // Whole lines up to `lastNs` are on disk; the next nanosecond is the first unread one.
      sinceNs = lastNs + 1n;
      await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => {});
    }
  }

  async function awaitExit(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await runtime.waitExit(job, stop.signal);
        if (!stop.signal.aborted) onExit();
        return;
      } catch {
        await sleep(RETRY_MS, undefined, { signal: stop.signal }).catch(() => {});
      }
    }
  }

  function attach(): void {
    if (logsDone) return;
    logsDone = followLogs(openLog());
    void awaitExit();
  }

  return {
    attach,
    get logRoot() {
      return openLog().root;
    },
    outputTooLarge(limitBytes) {
      if (!looking && !stop.signal.aborted) {
        looking = true;
        runtime
          .outputBytes(job, limitBytes)
          .then((bytes) => {
            if (bytes <= limitBytes) return;
            tooLarge = true;
            onExit();
          })
          .catch((error) => log.debug({ job, err: messageOf(error) }, "output can't be measured now"))
          .finally(() => {
            looking = false;
          });
      }
      return tooLarge;
    },
    async drainLogs() {
      attach();
      await Promise.race([logsDone, sleep(DRAIN_MS, undefined, { ref: false })]);
    },
    async close() {
      stop.abort();
      await logsDone;
      jobLog?.close();
      jobLog = null;
    },
  };
}
