/**
 * The schedule: two BullMQ queues on Redis, one that ticks and one that cranks, worked on while the lease is held.
 * It doesn't know what a tick does; a run that fails is logged and the next one starts over.
 */
import { type JobsOptions, Queue, Worker } from "bullmq";
import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";

export interface Engine {
  /** Starts working; idempotent. */
  start(): Promise<void>;
  /** Finishes the run on its way and stops; idempotent. */
  stop(): Promise<void>;
  /** Milliseconds since the last tick that came to its end without an error; null before the first. */
  sinceLastTickMs(): number | null;
  depth(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export const TICK_QUEUE = "tick";
export const CRANK_QUEUE = "crank";
const CRANK_EVERY_TICKS = 2;
/** A schedule lost with Redis's memory is put back after this many missed ticks. */
const MISSED_TICKS = 5;

const RUN_OPTIONS: JobsOptions = {
  attempts: 1,
  removeOnComplete: { count: 20 },
  removeOnFail: { count: 200 },
};

export function createEngine(options: {
  redisUrl: string;
  prefix: string;
  tickIntervalMs: number;
  tick: () => Promise<unknown>;
  crank: () => Promise<unknown>;
  logger: Logger;
}): Engine {
  const { prefix, tickIntervalMs, logger } = options;
  const connection = { url: options.redisUrl, maxRetriesPerRequest: null };
  const plans = [
    { name: TICK_QUEUE, everyMs: tickIntervalMs, run: options.tick },
    { name: CRANK_QUEUE, everyMs: tickIntervalMs * CRANK_EVERY_TICKS, run: options.crank },
  ];
  const queues = new Map(
    plans.map(({ name }) => {
      // A queue that can't reach Redis fails its call at once instead of hanging.
      const queue = new Queue(name, { prefix, connection: { ...connection, enableOfflineQueue: false } });
      queue.on("error", (error) =>
        logger.debug({ queue: name, reason: messageOf(error) }, "queue connection"),
      );
      return [name, queue] as const;
    }),
  );
  let workers: Worker[] = [];
  let lastTickAt: number | null = null;
  let lastRunAt = performance.now();
  let watchdog: NodeJS.Timeout | null = null;
  let change: Promise<void> = Promise.resolve();

  async function schedule(): Promise<void> {
    for (const { name, everyMs } of plans) {
      // Its jobs are named `repeat:<scheduler>:<time>`: one a time slot, however many instances put it there.
      await queues
        .get(name)
        ?.upsertJobScheduler(`every-${name}`, { every: everyMs }, { name, data: {}, opts: RUN_OPTIONS });
    }
  }

  function startWorker({ name, run }: (typeof plans)[number]): Worker {
    const worker = new Worker(
      name,
      async () => {
        if (name === TICK_QUEUE) lastRunAt = performance.now();
        const report = await run();
        if (name === TICK_QUEUE) lastTickAt = performance.now();
        return report;
      },
      {
        prefix,
        connection,
        concurrency: 1,
        lockDuration: 60_000,
        stalledInterval: 15_000,
        maxStalledCount: 5,
      },
    );
    worker.on("error", (error) =>
      logger.debug({ queue: name, reason: messageOf(error) }, "worker connection"),
    );
    worker.on("failed", (_job, error) =>
      logger.warn({ queue: name, reason: messageOf(error) }, "run ended early"),
    );
    return worker;
  }

  function inTurn(action: () => Promise<void>): Promise<void> {
    change = change.then(action, action);
    return change;
  }

  return {
    start: () =>
      inTurn(async () => {
        if (workers.length > 0) return;
        workers = plans.map(startWorker);
        lastRunAt = performance.now();
        watchdog = setInterval(() => {
          if (performance.now() - lastRunAt < tickIntervalMs * MISSED_TICKS + 2000) return;
          lastRunAt = performance.now();
          schedule().catch((error: unknown) =>
            logger.warn({ reason: messageOf(error) }, "can't put the schedule back"),
          );
        }, tickIntervalMs);
        await schedule().catch((error: unknown) =>
          logger.warn({ reason: messageOf(error) }, "can't schedule yet"),
        );
      }),
    stop: () =>
      inTurn(async () => {
        if (watchdog) clearInterval(watchdog);
        const closing = workers;
        workers = [];
        await Promise.all(closing.map((worker) => worker.close()));
      }),
    sinceLastTickMs: () => (lastTickAt === null ? null : performance.now() - lastTickAt),
    async depth() {
      const depth: Record<string, number> = {};
      for (const [name, queue] of queues) {
        const counts = await queue.getJobCounts("waiting", "active", "failed");
        for (const [state, count] of Object.entries(counts)) depth[`${name}_${state}`] = count;
      }
      return depth;
    },
    async close() {
      await this.stop();
      await Promise.all([...queues.values()].map((queue) => queue.close().catch(() => undefined)));
    },
  };
}
