/**
 * Tells the metrics how far the mirror is and how fast it moves.
 * It doesn't read or write anything itself.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import type { Cursor } from "../db/cursor.ts";
import type { EventRow } from "../db/tables.ts";
import type { Metrics } from "../metrics.ts";

export interface Progress {
  head(head: { version: bigint; timestampUsecs: bigint }): void;
  batch(batch: TransactionRecord[], events: EventRow[], ms: number): void;
}

export function createProgress(
  metrics: Metrics,
  from: Pick<Cursor, "nextVersion" | "lastTimestampUsecs">,
): Progress {
  let version = from.nextVersion - 1n;
  let timestampUsecs = from.lastTimestampUsecs;
  let known: { version: bigint; timestampUsecs: bigint } | null = null;

  function tell(): void {
    metrics.cursorVersion.set(Number(version));
    if (!known) return;
    const lag = known.version > version ? known.version - version : 0n;
    metrics.chainVersion.set(Number(known.version));
    metrics.lagVersions.set(Number(lag));
    // Before the first transaction there is no time to compare with.
    const late = known.timestampUsecs - timestampUsecs;
    metrics.lagSeconds.set(lag === 0n || timestampUsecs === 0n || late < 0n ? 0 : Number(late) / 1e6);
  }

  tell();
  return {
    head(head) {
      known = head;
      tell();
    },
    batch(batch, events, ms) {
      const last = batch.at(-1);
      if (!last) return;
      version = last.version;
      timestampUsecs = last.timestampUsecs;
      metrics.batchSeconds.observe(ms / 1000);
      metrics.batchTransactions.set(batch.length);
      metrics.batchEvents.set(events.length);
      if (events.length > 0) metrics.eventsPerSecond.set((events.length / Math.max(ms, 1)) * 1000);
      const counts = new Map<string, { event: EventRow; count: number }>();
      for (const event of events) {
        const key = `${event.module}::${event.name}`;
        const counted = counts.get(key);
        if (counted) counted.count += 1;
        else counts.set(key, { event, count: 1 });
      }
      for (const { event, count } of counts.values()) {
        metrics.events.inc({ module: event.module, name: event.name }, count);
      }
      tell();
    },
  };
}
