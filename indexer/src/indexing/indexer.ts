/**
 * The indexing loop: take the writer's lease, stream the chain, write batch after batch, start over after a failure.
 * It doesn't serve anything; `status` is what health and metrics show of it.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { openCursor } from "../chain/identity.ts";
import type { ChainSource } from "../chain/source.ts";
import { streamTransactions } from "../chain/stream.ts";
import type { DatabaseOptions } from "../db/client.ts";
import { createSeries, type Series } from "../db/series.ts";
import { acquireWriterLease, type WriterLease } from "../db/writer-lease.ts";
import { errorCode, isFatal, publicMessage } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { backoffMs, sleep } from "../retry.ts";
import { createBatchSizer } from "./batch-size.ts";
import { createProgress } from "./progress.ts";
import { writeBatch } from "./write-batch.ts";

const MAINTAIN_EVERY_MS = 3_600_000;

export interface IndexingStatus {
  role: "starting" | "writer" | "standby" | "stopped";
  /** The last failure that hasn't been overcome; `fatal` ones won't be. Health shows it to anyone. */
  problem: { code: string; message: string; fatal: boolean } | null;
}

export interface Indexer {
  readonly status: Readonly<IndexingStatus>;
  /** Resolves when the loop has ended: after `close()`, or with the error that nothing but a person can solve. */
  readonly done: Promise<unknown>;
  /** Finishes the batch being written, then gives the lease back. */
  close(): Promise<void>;
}

export function startIndexer(options: {
  database: DatabaseOptions;
  source: ChainSource;
  startVersion: bigint;
  pollIntervalMs: number;
  /** How many days rows of the time series are kept; 0 = for ever. */
  keepDays: number;
  metrics: Metrics;
  log: Logger;
}): Indexer {
  const { source, metrics, log } = options;
  const stop = new AbortController();
  const status: IndexingStatus = { role: "starting", problem: null };

  const done = (async () => {
    let attempt = 0;
    while (!stop.signal.aborted) {
      try {
        await indexOnce(() => {
          attempt = 0;
        });
      } catch (error) {
        if (stop.signal.aborted) break;
        status.problem = { code: errorCode(error), message: publicMessage(error), fatal: isFatal(error) };
        if (errorCode(error) === "CHAIN_GAP") metrics.gaps.inc();
        if (isFatal(error)) {
          log.fatal({ err: error, code: errorCode(error) }, "indexing stopped");
          return error;
        }
        attempt += 1;
        metrics.retries.inc({ reason: errorCode(error) });
        log.warn({ err: error, attempt }, "indexing failed, starting over");
        await sleep(backoffMs(attempt, Math.random()), stop.signal);
      }
    }
    return undefined;
  })().finally(() => {
    status.role = "stopped";
    metrics.writer.set(0);
  });

  /** One lease from taking to losing it. */
  async function indexOnce(onProgress: () => void): Promise<void> {
    const lease = await acquireWriterLease({
      ...options.database,
      signal: stop.signal,
      onWaiting: () => {
        status.role = "standby";
        log.info("another instance writes this database: serving reads until it ends");
      },
    });
    if (!lease) return;
    try {
      status.role = "writer";
      metrics.writer.set(1);
      await followChain(lease, onProgress);
      if (lease.lost.aborted && !stop.signal.aborted) throw lease.lost.reason;
    } finally {
      status.role = "starting";
      metrics.writer.set(0);
      await lease.close();
    }
  }

  async function followChain(lease: WriterLease, onProgress: () => void): Promise<void> {
    const cursor = await openCursor(lease.client, source, options.startVersion);
    const told = createProgress(metrics, cursor);
    const sizer = createBatchSizer();
    const series = createSeries(lease.client);
    log.info({ nextVersion: cursor.nextVersion.toString() }, "indexing");
    const batches = streamTransactions(source, {
      nextVersion: cursor.nextVersion,
      lastHash: cursor.lastHash,
      pollIntervalMs: options.pollIntervalMs,
      signal: AbortSignal.any([stop.signal, lease.lost]),
      batchLimit: () => sizer.limit,
      onHead: (head) => {
        status.problem = null;
        told.head(head);
      },
      onRetry: (error, attempt, delayMs) => {
        status.problem = { code: errorCode(error), message: publicMessage(error), fatal: false };
        metrics.retries.inc({ reason: errorCode(error) });
        // The first failure is news, the rest is noise until it lasts.
        log[attempt % 10 === 1 ? "warn" : "debug"](
          { err: error, attempt, delayMs },
          "reading the chain failed",
        );
      },
      onRecovered: () => log.info("reading the chain again"),
    });
    let maintainedAtMs = Number.NEGATIVE_INFINITY;
    for await (const batch of batches) {
      if (performance.now() - maintainedAtMs > MAINTAIN_EVERY_MS) {
        maintainedAtMs = performance.now();
        await maintain(series, batch);
      }
      const startedAtMs = performance.now();
      const result = await writeBatch(lease.client, batch, series);
      const ms = performance.now() - startedAtMs;
      onProgress();
      sizer.wrote({ events: result.events.length, ms });
      told.batch(batch, result.events, ms);
      for (const violation of result.violations) {
        metrics.conservationViolations.inc();
        log.error({ violation }, "money doesn't add up");
      }
      log.debug({ cursor: String(batch.at(-1)?.version), transactions: batch.length }, "batch written");
    }
  }

  /** What can wait: a failure is told and nothing else, because rows have a place without it. */
  async function maintain(series: Series, batch: TransactionRecord[]): Promise<void> {
    const wallSecs = BigInt(Math.floor(Date.now() / 1000));
    const chainSecs = (batch[0]?.timestampUsecs ?? 0n) / 1_000_000n;
    await series
      .maintain({ wallSecs, chainSecs, keepDays: options.keepDays })
      .catch((error: unknown) => log.warn({ err: error }, "keeping the time series' partitions failed"));
  }

  return {
    status,
    done,
    async close() {
      stop.abort();
      await done;
    },
  };
}
