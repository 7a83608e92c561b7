"use client";
/**
 * What a machine tells of itself, for those who may read it: how busy it is over the last minutes, and its figures now.
 * It doesn't sign in: whoever shows it knows that somebody is.
 */
import { type TelemetryDto, zPage, zTelemetry } from "@computestream/protocol/api";
import { useMemo } from "react";
import { useNow } from "../../hooks/use-now.ts";
import { usePrivate } from "../../hooks/use-session.ts";
import { formatAgo, formatBytes } from "../../lib/format.ts";
import { meanOf, telemetryFigures } from "../../lib/telemetry.ts";
import { TimeChart } from "../stream/time-chart.tsx";
import { Notice } from "../ui/notice.tsx";
import { Stat, Waiting } from "../ui/stat.tsx";

/** As often as a node tells. */
const POLL_MS = 5_000;
/** A quarter of an hour at one in five seconds. */
const SHOWN = 180;
const zAnswer = zPage(zTelemetry);

export function MachineTelemetry({ provider }: { provider: string }) {
  const read = usePrivate(`/providers/${provider}/telemetry`, zAnswer, {
    query: { limit: SHOWN },
    pollMs: POLL_MS,
  });
  const items = read.data?.items;
  const newest = items?.[0];
  return (
    <div className="space-y-4" data-testid="telemetry" data-samples={items?.length ?? 0}>
      {read.error && (
        <Notice
          tone="warn"
          title="The machine's figures can't be read now"
          action={
            <button type="button" className="btn" onClick={read.reload}>
              Try again
            </button>
          }
        >
          {read.error}
        </Notice>
      )}
      {items === undefined ? (
        read.error ? null : (
          <Waiting wide />
        )
      ) : newest === undefined ? (
        <p className="text-sm text-muted">The machine has told nothing of itself yet.</p>
      ) : (
        <Figures items={items} newest={newest} />
      )}
    </div>
  );
}

function Figures({ items, newest }: { items: TelemetryDto[]; newest: TelemetryDto }) {
  const now = useNow(1000);
  const hasGpu = newest.gpuPercent.length > 0;
  const series = useMemo(() => {
    const rising = [...items].reverse();
    return {
      times: rising.map(({ at }) => at / 1000),
      line: rising.map(({ cpuPercent }) => cpuPercent),
      ...(hasGpu ? { second: rising.map(({ gpuPercent }) => meanOf(gpuPercent)) } : {}),
    };
  }, [items, hasGpu]);
  const figures = telemetryFigures(newest, (megabytes) => formatBytes(megabytes * 1_000_000));
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 text-sm text-muted">
        <p>
          <span className="mr-3 inline-flex items-center gap-1.5">
            <span className="h-0.5 w-4 bg-accent" aria-hidden="true" /> processor
          </span>
          {hasGpu && (
            <span className="inline-flex items-center gap-1.5">
              <span className="h-0.5 w-4 bg-busy" aria-hidden="true" />{" "}
              {newest.gpuPercent.length > 1 ? "GPUs, on average" : "GPU"}
            </span>
          )}
        </p>
        <p className="text-xs">
          {now === 0 ? "…" : `told ${formatAgo(newest.at, Math.max(now, newest.at))}`} · node{" "}
          {newest.nodeVersion}
        </p>
      </div>
      <TimeChart
        {...series}
        top={100}
        className="h-44"
        testId="telemetry-chart"
        formatValue={(value) => `${Math.round(value)} %`}
        summary={figures.map(({ label, value }) => `${label} ${value}`).join(", ")}
      />
      <dl className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
        {figures.map(({ label, value, note }) => (
          <Stat key={label} label={label} note={note}>
            {value}
          </Stat>
        ))}
      </dl>
    </>
  );
}
