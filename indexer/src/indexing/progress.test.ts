import type { TransactionRecord } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import type { EventRow } from "../db/tables.ts";
import { createMetrics } from "../metrics.ts";
import { createProgress } from "./progress.ts";

const SECOND = 1_000_000n;
const at = (version: bigint, secs: bigint) =>
  ({ version, timestampUsecs: secs * SECOND }) as unknown as TransactionRecord;
const event = (name: string) => ({ module: "stream", name }) as unknown as EventRow;

describe("createProgress", () => {
  it("tells how far behind the mirror is, in versions and in chain time, and how fast it writes", async () => {
    const metrics = createMetrics();
    const progress = createProgress(metrics, { nextVersion: 1n, lastTimestampUsecs: 0n });
    const value = async (name: string) => {
      const { values } = (await metrics.registry.getSingleMetric(`computestream_indexer_${name}`)?.get()) ?? {
        values: [],
      };
      return values.map((v) => v.value);
    };
    progress.head({ version: 100n, timestampUsecs: 160n * SECOND });
    // Nothing is mirrored yet, so there is no time to compare with.
    expect([await value("lag_versions"), await value("lag_seconds")]).toEqual([[100], [0]]);

    progress.batch([at(1n, 70n), at(40n, 100n)], [event("a"), event("b"), event("a")], 50);
    expect([await value("lag_versions"), await value("lag_seconds")]).toEqual([[60], [60]]);
    expect(await value("batch_transactions")).toEqual([2]);
    expect(await value("batch_events")).toEqual([3]);
    expect(await value("events_per_second")).toEqual([60]); // 3 in 50 ms
    expect(await value("events_total")).toEqual([2, 1]);

    // An idle chain's clock runs on, but nothing is missing.
    progress.batch([at(100n, 150n)], [], 1);
    expect([await value("lag_versions"), await value("lag_seconds")]).toEqual([[0], [0]]);
    expect(await value("cursor_version")).toEqual([100]);
  });
});
