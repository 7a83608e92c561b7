"use client";
import { useEffect, useRef, useState } from "react";
/**
 * A moving chart over time: one filled line and, if given, a second line on its scale or bars on a scale of their own.
 * Drawn by uPlot on canvas.
 * It doesn't know what is counted; numbers are for the eye, the exact ones stand in the text beside it.
 */
import type uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export interface TimeChartProps {
  /** Unix seconds, rising. */
  times: number[];
  /** null where nothing is known. */
  line: Array<number | null>;
  bars?: number[];
  /** Drawn over the first; not together with bars. */
  second?: Array<number | null>;
  /** The top of the axis; default: a little above the highest value. */
  top?: number;
  /** Draws steps instead of slopes: settled money jumps. */
  stepped?: boolean;
  formatValue: (value: number) => string;
  /** What the chart says, for those who can't see it. */
  summary: string;
  /** Sets the height; the canvas fills it. */
  className: string;
  testId?: string;
  /** What `data-points` says where one point stands for several; default the number of times. */
  points?: number;
}

const DENSE_POINTS = 120;
/** The chain's clock has whole seconds: labels never fall between them. */
const TIME_STEPS_SECS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400,
];

interface Colours {
  accent: string;
  muted: string;
  line: string;
  busy: string;
}

function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    accent: read("--c-accent"),
    muted: read("--c-muted"),
    line: read("--c-line"),
    busy: read("--c-busy"),
  };
}

const toData = (p: TimeChartProps): uPlot.AlignedData =>
  p.bars ? [p.times, p.line, p.bars] : p.second ? [p.times, p.line, p.second] : [p.times, p.line];

export function TimeChart(props: TimeChartProps) {
  const { className, summary, testId, times } = props;
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [themeRound, setThemeRound] = useState(0);

  useEffect(() => {
    const redraw = () => setThemeRound((r) => r + 1);
    const media = window.matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", redraw);
    window.addEventListener("themechange", redraw);
    return () => {
      media.removeEventListener("change", redraw);
      window.removeEventListener("themechange", redraw);
    };
  }, []);

  const extra = props.bars ? "bars" : props.second ? "line" : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `themeRound` rebuilds the canvas in the new colours
  useEffect(() => {
    const element = holder.current;
    if (!element) return;
    let stopped = false;
    let resize: ResizeObserver | undefined;
    const size = () => ({ width: element.clientWidth, height: element.clientHeight });
    void import("uplot").then(({ default: UPlot }) => {
      if (stopped) return;
      const options = chartOptions(UPlot, latest.current, colours(), size(), extra);
      chart.current = new UPlot(options, toData(latest.current), element);
      resize = new ResizeObserver(() => chart.current?.setSize(size()));
      resize.observe(element);
    });
    return () => {
      stopped = true;
      resize?.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [extra, themeRound]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new data redraws; `latest` carries it
  useEffect(() => {
    chart.current?.setData(toData(latest.current));
  }, [props.times, props.line, props.bars, props.second]);

  return (
    <div
      role="img"
      aria-label={summary}
      data-testid={testId}
      data-points={props.points ?? times.length}
      ref={holder}
      className={`relative w-full overflow-hidden *:absolute *:inset-0 ${className}`}
    />
  );
}

function chartOptions(
  UPlot: typeof uPlot,
  props: TimeChartProps,
  colour: Colours,
  size: { width: number; height: number },
  extra: "bars" | "line" | null,
): uPlot.Options {
  const { top } = props;
  const font = "12px ui-sans-serif, system-ui, sans-serif";
  const clock = (secs: number) =>
    new Date(secs * 1000).toLocaleTimeString("en-GB", {
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  const axis: uPlot.Axis = {
    stroke: colour.muted,
    font,
    grid: { stroke: colour.line, width: 1 },
    ticks: { show: false },
  };
  const fill = (plot: uPlot) => {
    const gradient = plot.ctx.createLinearGradient(0, plot.bbox.top, 0, plot.bbox.top + plot.bbox.height);
    gradient.addColorStop(0, `${colour.accent}55`);
    gradient.addColorStop(1, `${colour.accent}05`);
    return gradient;
  };
  const line: uPlot.Series = {
    stroke: colour.accent,
    width: 2,
    fill,
    points: { show: (plot) => (plot.data[0]?.length ?? 0) < 3, size: 6, fill: colour.accent },
    ...(props.stepped && UPlot.paths.stepped ? { paths: UPlot.paths.stepped({ align: 1 }) } : {}),
  };
  const second: uPlot.Series = { stroke: colour.busy, width: 2, points: { show: false } };
  // Bars that would touch become an area: hundreds of settlements are a rate, not events.
  const spaced = UPlot.paths.bars?.({ size: [0.6, 14, 2] });
  const dense = UPlot.paths.linear?.();
  const bars: uPlot.Series = {
    scale: "bars",
    stroke: `${colour.muted}80`,
    fill: `${colour.muted}55`,
    width: 0,
    points: { show: false },
    ...(spaced && dense
      ? {
          paths: (plot, series, from, to) =>
            (to - from > DENSE_POINTS ? dense : spaced)(plot, series, from, to),
        }
      : {}),
  };
  return {
    ...size,
    padding: [12, 8, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      // A single moment still needs a span to be drawn in.
      x: { time: true, range: (_, min, max) => (max > min ? [min, max] : [min - 5, max + 5]) },
      y: { range: (_, __, max) => [0, top ?? (max > 0 ? max * 1.1 : 1)] },
      // Bars keep to the lower quarter, under the line.
      ...(extra === "bars"
        ? { bars: { range: (_, __, max) => [0, max > 0 ? max * 4 : 1] as [number, number] } }
        : {}),
    },
    axes: [
      {
        ...axis,
        size: 28,
        incrs: TIME_STEPS_SECS,
        grid: { show: false },
        space: 72,
        values: (_, splits) => splits.map(clock),
      },
      { ...axis, size: 76, values: (_, splits) => splits.map((v) => props.formatValue(v)) },
    ],
    series: [{}, line, ...(extra === "bars" ? [bars] : extra === "line" ? [second] : [])],
  };
}
