/** Windows of a stream as a chart, and in words. */
import type { WindowFigures, WindowsAnswer } from "../../../protocol.ts";
import { formatCount, formatFigure, formatNumber, formatTime } from "./format.ts";
import { axisTitle, metricWords } from "./metrics.ts";
import type { TimeChart } from "./time-chart.ts";

/** A line is broken where more than this many windows are missing. */
const GAP_WINDOWS = 1.5;

/**
 * The chart of an answer.
 * @param minutes as asked for; the axis of time ends when the server read the windows
 */
export function windowsChart(answer: WindowsAnswer, minutes: number): TimeChart {
  const widthMs = answer.windowSeconds * 1000;
  const to = Date.parse(answer.readAt);
  const gapMs = widthMs * GAP_WINDOWS;
  const middle = (window: WindowFigures): number => Date.parse(window.start) + widthMs / 2;
  const { windows } = answer;
  return {
    lines: [
      {
        name: "mean of a window",
        tone: 0,
        weight: "strong",
        dots: true,
        gapMs,
        points: windows.map((window) => [middle(window), window.mean]),
      },
    ],
    band: {
      gapMs,
      points: windows.map((window) => [
        middle(window),
        window.mean - (window.deviation ?? 0),
        window.mean + (window.deviation ?? 0),
      ]),
    },
    counts: {
      points: windows.map((window) => [Date.parse(window.start), window.count]),
      widthMs,
      title: `records per window of ${answer.windowSeconds} s`,
    },
    from: Math.min(to - minutes * 60_000, ...windows.map(({ start }) => Date.parse(start))),
    to: Math.max(to, ...windows.map(({ start }) => Date.parse(start) + widthMs)),
    valueTitle: answer.metric === null ? "" : axisTitle(answer.metric),
  };
}

/** What the chart shows, for those who don't see it. */
export function windowsSummary(answer: WindowsAnswer): string {
  const { windows, metric, series, windowSeconds } = answer;
  const [first, last] = [windows.at(0), windows.at(-1)];
  if (metric === null || series === null || first === undefined || last === undefined) return "Chart without windows";
  const { unit } = metricWords(metric);
  const means = windows.map(({ mean }) => mean);
  const count = windows.reduce((sum, window) => sum + window.count, 0);
  return (
    `Line chart of the mean of ${metric}, series ${series}, in ${formatCount(windows.length)} windows of ${windowSeconds} s, ` +
    `${formatTime(Date.parse(first.start))} to ${formatTime(Date.parse(last.start))} UTC: ` +
    `${formatCount(count)} records, means from ${formatNumber(Math.min(...means))} to ${formatFigure(Math.max(...means), unit)}, ` +
    `the newest ${formatFigure(last.mean, unit)}. The band is one standard deviation to each side.`
  );
}

/** Count and mean of all windows together; `null` without any. */
export function overall(windows: readonly WindowFigures[]): { readonly count: number; readonly mean: number } | null {
  const count = windows.reduce((sum, window) => sum + window.count, 0);
  return count === 0
    ? null
    : { count, mean: windows.reduce((sum, window) => sum + (window.count / count) * window.mean, 0) };
}
