/** Geometry of a chart over time: lines with bands and, below them, bars of counts. It knows numbers, not elements. */
import { extent, ticks } from "d3-array";
import { scaleLinear, type ScaleTime, scaleUtc } from "d3-scale";
import { area, line } from "d3-shape";
import { formatNumber } from "./format.ts";
import type { Point } from "./ring.ts";

/** One point of a band. */
export type BandPoint = readonly [ts: number, low: number, high: number];

export interface ChartLine {
  /** In the legend. */
  readonly name: string;
  /** Which of the colours it has, from 0. */
  readonly tone: number;
  /** A pale line stands behind the others. */
  readonly weight: "strong" | "pale";
  readonly points: readonly Point[];
  /** Draws a dot at each point as well, where there are few. @default false */
  readonly dots?: boolean;
  /** The line is broken where two points are farther apart than this, in ms. @default - never broken */
  readonly gapMs?: number;
}

export interface TimeChart {
  readonly lines: readonly ChartLine[];
  /** @default - no band */
  readonly band?: { readonly points: readonly BandPoint[]; readonly gapMs: number };
  /** Bars below the lines, each from its time for `widthMs`. @default - no bars */
  readonly counts?: { readonly points: readonly Point[]; readonly widthMs: number; readonly title: string };
  /** Begin and end of the axis of time, ms since 1970. */
  readonly from: number;
  readonly to: number;
  readonly valueTitle: string;
}

export interface Tick {
  /** Place on its axis, in px. */
  readonly at: number;
  readonly label: string;
}

export interface DrawnLine {
  readonly name: string;
  readonly tone: number;
  readonly weight: "strong" | "pale";
  readonly path: string;
  readonly dots: readonly { readonly x: number; readonly y: number }[];
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface TimeDrawing {
  readonly width: number;
  readonly height: number;
  /** Where lines and bands are. */
  readonly plot: Box;
  readonly timeTicks: readonly Tick[];
  readonly valueTicks: readonly Tick[];
  readonly lines: readonly DrawnLine[];
  readonly band: string | null;
  readonly counts: {
    readonly plot: Box;
    readonly ticks: readonly Tick[];
    readonly bars: readonly Box[];
    readonly title: string;
  } | null;
  readonly valueTitle: string;
}

/** Least room of a dot, in px; a line whose points stand closer has none. */
const DOT_ROOM = 8;
const LINE_HEIGHT = 20;
/** Width of a digit of the axis' labels, in px; a little too wide rather than too narrow. */
const DIGIT_WIDTH = 7.2;

/** Where everything is in a chart of this width (px). */
export function drawTimeChart(chart: TimeChart, width: number): TimeDrawing {
  const values = scaleLinear(valueDomain(chart), [0, 1]).nice(5);
  const valueTickValues = values.ticks(5);
  const format = tickFormat(valueTickValues);
  const countMaximum = Math.max(1, ...(chart.counts?.points ?? []).map(([, count]) => count));
  const countTicks = [0, ...ticks(0, countMaximum, 2).filter((tick) => tick > 0 && Number.isInteger(tick))];
  const labels = [...valueTickValues.map(format), ...(chart.counts === undefined ? [] : countTicks.map(formatNumber))];
  const left = Math.max(36, 14 + DIGIT_WIDTH * Math.max(...labels.map((label) => label.length)));
  const plotWidth = Math.max(40, width - left - 12);
  const plotHeight = Math.round(Math.min(320, Math.max(200, width * 0.42)));
  const plot = { x: left, y: LINE_HEIGHT + 8, width: plotWidth, height: plotHeight };
  const countsPlot = { x: left, y: plot.y + plotHeight + 2 * LINE_HEIGHT, width: plotWidth, height: 56 };
  const bottom = chart.counts === undefined ? plot.y + plotHeight : countsPlot.y + countsPlot.height;

  const time = scaleUtc([chart.from, chart.to], [left, left + plotWidth]);
  const x = (ts: number): number => round(time(ts));
  const valueScale = values.copy().range([plot.y + plotHeight, plot.y]);
  const y = (value: number): number => round(valueScale(value));
  const countScale = scaleLinear([0, countMaximum], [countsPlot.y + countsPlot.height, countsPlot.y]);
  const timeFormat = timeTickFormat(chart.to - chart.from);
  const timeTicks = timeTicksOf(time, timeFormat);

  return {
    width,
    height: bottom + 2 * LINE_HEIGHT + 6,
    plot,
    timeTicks: timeTicks.filter(({ at, label }) => at + labelWidth(label) / 2 <= width),
    valueTicks: valueTickValues.map((tick) => ({ at: y(tick), label: format(tick) })),
    lines: chart.lines.map((some) => drawLine(some, x, y, plotWidth)),
    band: chart.band === undefined ? null : bandPath(chart.band.points, chart.band.gapMs, x, y),
    counts:
      chart.counts === undefined
        ? null
        : {
            plot: countsPlot,
            ticks: countTicks.map((tick) => ({ at: round(countScale(tick)), label: formatNumber(tick) })),
            bars: countBars(chart, x, countScale, countsPlot),
            title: chart.counts.title,
          },
    valueTitle: shortened(chart.valueTitle, width),
  };
}

/** A name may be longer than the picture is wide; the select shows it whole. */
function shortened(title: string, width: number): string {
  const room = Math.floor(width / DIGIT_WIDTH) - 2;
  return title.length <= room ? title : `${title.slice(0, room)}…`;
}

/** As many labels as fit beside each other. */
function timeTicksOf(time: ScaleTime<number, number>, format: (date: Date) => string): Tick[] {
  const [begin = 0, end = 0] = time.range();
  for (let count = Math.max(3, Math.floor((end - begin) / 90)); count > 1; count--) {
    const found = time.ticks(count).map((tick) => ({ at: round(time(tick)), label: format(tick) }));
    const meet = found.some(({ at, label }, index) => at - (found[index - 1]?.at ?? -Infinity) < labelWidth(label) + 4);
    if (!meet) return found;
  }
  return time.ticks(1).map((tick) => ({ at: round(time(tick)), label: format(tick) }));
}

function labelWidth(label: string): number {
  return label.length * DIGIT_WIDTH;
}

function drawLine(
  some: ChartLine,
  x: (ts: number) => number,
  y: (value: number) => number,
  columns: number,
): DrawnLine {
  const points = thin(some.points, columns);
  const path = line<Point | null>()
    .defined((point) => point !== null)
    .x((point) => (point === null ? 0 : x(point[0])))
    .y((point) => (point === null ? 0 : y(point[1])))
    .digits(1);
  const dots =
    some.dots === true && points.length * DOT_ROOM <= columns
      ? points.map(([ts, value]) => ({ x: x(ts), y: y(value) }))
      : [];
  const { name, tone, weight } = some;
  return { name, tone, weight, path: path(withGaps(points, some.gapMs ?? Infinity)) ?? "", dots };
}

function bandPath(
  points: readonly BandPoint[],
  gapMs: number,
  x: (ts: number) => number,
  y: (value: number) => number,
): string {
  const path = area<BandPoint | null>()
    .defined((point) => point !== null)
    .x((point) => (point === null ? 0 : x(point[0])))
    .y0((point) => (point === null ? 0 : y(point[1])))
    .y1((point) => (point === null ? 0 : y(point[2])))
    .digits(1);
  return path(withGaps(points, gapMs)) ?? "";
}

function countBars(chart: TimeChart, x: (ts: number) => number, scale: (count: number) => number, plot: Box): Box[] {
  const floor = plot.y + plot.height;
  return (chart.counts?.points ?? []).map(([ts, count]) => {
    const [begin, end] = [x(Math.max(chart.from, ts)), x(Math.min(chart.to, ts + (chart.counts?.widthMs ?? 0)))];
    const top = round(scale(count));
    return { x: begin, y: top, width: round(Math.max(1, end - begin - 1)), height: round(Math.max(0, floor - top)) };
  });
}

/** Puts `null` between points that are too far apart in time to be joined. */
export function withGaps<P extends readonly [number, ...number[]]>(points: readonly P[], gapMs: number): (P | null)[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    return before !== undefined && point[0] - before[0] > gapMs ? [null, point] : [point];
  });
}

/**
 * Leaves out points that would not be seen: of all that fall on one column of pixels it keeps the first, the last, the
 * lowest and the highest, so that no peak is lost.
 */
export function thin(points: readonly Point[], columns: number): readonly Point[] {
  const [first, last] = [points.at(0), points.at(-1)];
  if (first === undefined || last === undefined || points.length <= columns * 4) return points;
  const perColumn = (last[0] - first[0]) / columns;
  const kept: Point[] = [];
  let begin = 0;
  while (begin < points.length) {
    const start = points[begin]?.[0] ?? 0;
    const until = perColumn === 0 ? Infinity : first[0] + (Math.floor((start - first[0]) / perColumn) + 1) * perColumn;
    let end = begin + 1;
    while (end < points.length && (points[end]?.[0] ?? 0) < until) end++;
    kept.push(...ends(points, begin, end));
    begin = end;
  }
  return kept;
}

/** First, last, lowest and highest of a stretch, in their order. */
function ends(points: readonly Point[], begin: number, end: number): Point[] {
  let [lowest, highest] = [begin, begin];
  for (let index = begin; index < end; index++) {
    const value = points[index]?.[1] ?? 0;
    if (value < (points[lowest]?.[1] ?? 0)) lowest = index;
    if (value > (points[highest]?.[1] ?? 0)) highest = index;
  }
  const indexes = [...new Set([begin, lowest, highest, end - 1])].sort((a, b) => a - b);
  return indexes.map((index) => points[index]).filter((point) => point !== undefined);
}

function valueDomain(chart: TimeChart): [number, number] {
  const all = [
    ...chart.lines.flatMap(({ points }) => points.map(([, value]) => value)),
    ...(chart.band?.points ?? []).flatMap(([, low, high]) => [low, high]),
  ];
  const [low, high] = extent(all);
  if (low === undefined) return [0, 1];
  if (low !== high) return [low, high];
  // A line that never moves gets room around it.
  const room = low === 0 ? 1 : Math.abs(low) * 0.1;
  return [low - room, high + room];
}

/** The shortest labels that tell all ticks apart: `0.2`, `1.5k`, `3M`. */
export function tickFormat(values: readonly number[]): (value: number) => string {
  const size = Math.max(0, ...values.map((value) => Math.abs(value)));
  const [divisor, suffix] = size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  return (value) => (value === 0 ? "0" : `${formatNumber(Number((value / divisor).toPrecision(6)))}${suffix}`);
}

/** `12:40` for long spans, `12:40:15` for short ones. */
export function timeTickFormat(spanMs: number): (date: Date) => string {
  return spanMs <= 10 * 60_000
    ? (date) => date.toISOString().slice(11, 19)
    : (date) => date.toISOString().slice(11, 16);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
