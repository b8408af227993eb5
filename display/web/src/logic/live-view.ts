/** A live page's chart, figures and table, made of what is kept of the stream. */
import type { Series, Stream } from "../../../protocol.ts";
import { formatCount, formatFigure, formatNumber, formatTime } from "./format.ts";
import {
  bySecond,
  type Figures,
  figuresOf,
  isDense,
  LIVE_SPAN_MS,
  type LiveStore,
  type SecondFigures,
} from "./live.ts";
import { axisTitle, metricWords } from "./metrics.ts";
import type { Point } from "./ring.ts";
import type { ChartLine, TimeChart } from "./time-chart.ts";

/** Most lines in one chart: as many as there are colours that can be told apart. */
export const LINES_SHOWN = 6;
/** A pale line is broken where nothing came for longer, in ms. */
const GAP_MS = 10_000;
/** Rows of the table. */
const ROWS = 120;

/** Metrics that a page shows first, when they are there. */
const firstMetrics: Readonly<Record<Stream, string>> = { "random-numbers": "uniform", monitoring: "vmstat.us" };

/** The metric to show: the one of the page's address, else the usual one, else the first there is. */
export function chosenMetric(
  stream: Stream,
  available: readonly Series[],
  asked: string | null,
  series: string | null,
): string | null {
  if (asked !== null) return asked;
  const metrics = available.filter((some) => series === null || some.series === series).flatMap((some) => some.metrics);
  const usual = firstMetrics[stream];
  return metrics.includes(usual) ? usual : (metrics.at(0) ?? null);
}

export interface LiveRow extends SecondFigures {
  readonly series: string;
}

export interface LiveView {
  readonly chart: TimeChart;
  /** Series that are not drawn, because there are too many. */
  readonly hidden: number;
  /** The newest point of what is drawn. */
  readonly latest: Point | null;
  /** Figures of all points that are drawn. */
  readonly figures: Figures | null;
  /** Points of each line, for the table. */
  readonly points: readonly { readonly series: string; readonly points: readonly Point[] }[];
}

/**
 * What a live page shows.
 * @param now the page's clock, ms since 1970
 */
export function liveView(store: LiveStore, metric: string, series: string | null, now: number): LiveView {
  const to = store.serverTime(now);
  const from = to - LIVE_SPAN_MS;
  const all = store
    .lines(metric, series)
    // A node's clock may be ahead: what it has sent is shown at the edge rather than not at all.
    .map((line) => ({
      series: line.series,
      points: line.ring.since(from).map(([ts, value]): Point => [Math.min(ts, to), value]),
    }))
    .filter(({ points }) => points.length > 0);
  const shown = all.slice(0, LINES_SHOWN);
  const lines = shown.flatMap(({ series: name, points }, tone) =>
    chartLines(name, tone, points, { from, to, isAlone: shown.length === 1 }),
  );
  const drawn = shown.flatMap(({ points }) => points);
  const newest = drawn.reduce<Point | null>(
    (found, point) => (found === null || point[0] >= found[0] ? point : found),
    null,
  );
  return {
    chart: { lines, from, to, valueTitle: axisTitle(metric) },
    hidden: all.length - shown.length,
    latest: newest,
    figures: figuresOf(drawn),
    points: shown,
  };
}

function chartLines(
  series: string,
  tone: number,
  points: readonly Point[],
  { from, to, isAlone }: { readonly from: number; readonly to: number; readonly isAlone: boolean },
): ChartLine[] {
  if (!isDense(points)) return [{ name: series, tone, weight: "strong", points, dots: true, gapMs: GAP_MS }];
  // Whole seconds only: the mean of a part of one would jump about at the chart's edges.
  const means = bySecond(points)
    .filter(({ start }) => start >= from && start + 1000 <= to)
    .map(({ start, mean }): Point => [start + 500, mean]);
  const strong: ChartLine = {
    name: `${series}, mean of each second`,
    tone,
    weight: "strong",
    points: means,
    gapMs: GAP_MS,
  };
  if (!isAlone) return [strong];
  return [{ name: `${series}, each record`, tone, weight: "pale", points, gapMs: GAP_MS }, strong];
}

/** Figures of each second of each line, the newest first. */
export function liveRows(view: LiveView): LiveRow[] {
  return view.points
    .flatMap(({ series, points }) => bySecond(points).map((second) => ({ series, ...second })))
    .sort((a, b) => b.start - a.start || (a.series < b.series ? -1 : 1))
    .slice(0, ROWS);
}

/** What the chart shows, for those who don't see it. */
export function liveSummary(view: LiveView, metric: string): string {
  const { figures, latest } = view;
  if (figures === null || latest === null) return `Line chart of ${metric}: nothing in the last minute`;
  const { unit } = metricWords(metric);
  const series = view.points.map((line) => line.series).join(", ");
  return (
    `Line chart of ${metric}, series ${series}, in the last minute: ${formatCount(figures.count)} records, ` +
    `values from ${formatNumber(figures.minimum)} to ${formatFigure(figures.maximum, unit)}, ` +
    `mean ${formatFigure(figures.mean, unit)}, the newest ${formatFigure(latest[1], unit)} at ${formatTime(latest[0])} UTC.`
  );
}
