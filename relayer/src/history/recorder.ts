/**
 * Hands what came in to the series and to the stores that others read: attestations, telemetry.
 * It doesn't decide what is kept for how long; without a database there are no series and everything else works.
 */
import type { SignedUsage, TelemetryMessage } from "@computestream/protocol";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { TelemetryStore } from "../store/telemetry.ts";
import { ATTESTATIONS, attestationRow, TELEMETRY, telemetryRow } from "./series.ts";
import { createSeriesWriter } from "./series-writer.ts";

export interface Recorder {
  attested(usage: SignedUsage, provider: string): void;
  /** Throws `UnavailableError` while the newest can't be stored. */
  telemetry(message: TelemetryMessage, provider: string): Promise<void>;
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 2_000;

export function createRecorder(options: {
  databaseUrl: string | null;
  telemetry: TelemetryStore;
  metrics: Metrics;
  logger: Logger;
  /** Unix milliseconds. */
  clock?: () => number;
}): Recorder {
  const { databaseUrl, metrics, logger } = options;
  const clock = options.clock ?? Date.now;
  const series =
    databaseUrl === null
      ? null
      : createSeriesWriter({
          databaseUrl,
          logger,
          onWritten: (table, rows) => metrics.seriesRows.inc({ table, result: "written" }, rows),
          onDropped: (table, rows, reason) =>
            metrics.seriesRows.inc({ table, result: `dropped_${reason}` }, rows),
        });
  return {
    attested(usage, provider) {
      series?.add(ATTESTATIONS, attestationRow(usage, provider, clock()));
      metrics.seriesWaiting.set(series?.waiting ?? 0);
    },
    async telemetry(message, provider) {
      series?.add(TELEMETRY, telemetryRow(message, provider, clock()));
      await options.telemetry.put(provider, message);
    },
    async close() {
      await series?.close(CLOSE_GRACE_MS);
    },
  };
}
