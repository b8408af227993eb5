/** Figures of streams by windows of time, put together from the parts that the stream writes. */
import { defaultMinutes, longestMinutes } from "../protocol.ts";
import type { Series, Sink, Stream, WindowFigures, WindowsAnswer } from "../protocol.ts";
import type { FigureSource, SeriesRow, WindowPart } from "./figure-source.ts";

/** Most series that a page offers; the ordinary ones and the newest runs come first. */
const MAX_SERIES = 200;
const MINUTE_MS = 60_000;

/** What a page asks for; what is left out is chosen for it. */
export interface WindowsQuestion {
  readonly stream: Stream;
  readonly series?: string;
  readonly metric?: string;
  /** @default 15 */
  readonly minutes?: number;
}

export interface WindowsOptions {
  readonly sink: Sink;
  readonly source: FigureSource;
  /** Length of the windows, in seconds. */
  readonly windowSeconds: number;
  /** Series of a stream, oldest first by `since`; it may be kept for a moment. */
  readonly seriesOf: (question: { readonly stream: Stream; readonly since: number }) => Promise<readonly SeriesRow[]>;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Answers a page: the series that there are, and the windows of one of them. */
export async function answerWindows(question: WindowsQuestion, options: WindowsOptions): Promise<WindowsAnswer> {
  const { sink, source, windowSeconds, seriesOf, now = Date.now } = options;
  const { stream, minutes = defaultMinutes } = question;
  // The minute, so that all who ask within it ask the same.
  const oldest = Math.floor(now() / MINUTE_MS) * MINUTE_MS - longestMinutes * MINUTE_MS;
  const available = offered(await seriesOf({ stream, since: oldest }));
  const series = question.series ?? available[0]?.series ?? null;
  const metric = question.metric ?? available.find((one) => one.series === series)?.metrics[0] ?? null;
  const windowMs = windowSeconds * 1000;
  const since = Math.floor((now() - minutes * MINUTE_MS) / windowMs) * windowMs;
  const parts = series === null || metric === null ? [] : await source.windows({ stream, series, metric, since });
  const { windows, lastAt } = mergeParts(parts);
  return {
    sink,
    stream,
    series,
    metric,
    available,
    windowSeconds,
    windows,
    lastRecordAt: lastAt === null ? null : new Date(lastAt).toISOString(),
    readAt: new Date(now()).toISOString(),
  };
}

/** Ordinary series by name, then runs, the newest first. */
export function offered(rows: readonly SeriesRow[]): Series[] {
  const bySeries = Map.groupBy(rows, ({ series }) => series);
  const all = [...bySeries].map(([series, metrics]) => ({
    series,
    isRun: metrics.some(({ run }) => run !== null),
    lastAt: Math.max(...metrics.map(({ lastAt }) => lastAt)),
    metrics: [...new Set(metrics.map(({ metric }) => metric))].sort(),
  }));
  all.sort((a, b) => {
    if (a.isRun !== b.isRun) return a.isRun ? 1 : -1;
    return a.isRun ? b.lastAt - a.lastAt : a.series < b.series ? -1 : 1;
  });
  return all.slice(0, MAX_SERIES).map(({ series, metrics }) => ({ series, metrics }));
}

/** A window under way: `squares` is the sum of squared distances from the mean. */
interface Moments {
  count: number;
  mean: number;
  squares: number;
  minimum: number;
  maximum: number;
}

/**
 * Puts parts of windows together, in order of time. Parts are merged by the formula of Chan, Golub and LeVeque, which
 * keeps its digits where the sum of squares would lose them.
 */
export function mergeParts(parts: Iterable<WindowPart>): { windows: WindowFigures[]; lastAt: number | null } {
  const merged = new Map<number, Moments>();
  let lastAt: number | null = null;
  for (const part of parts) {
    const window = merged.get(part.start);
    const squares = part.deviation === null ? 0 : part.deviation ** 2 * (part.count - 1);
    if (window === undefined) {
      const { count, mean, minimum, maximum } = part;
      merged.set(part.start, { count, mean, squares, minimum, maximum });
    } else {
      const count = window.count + part.count;
      const distance = part.mean - window.mean;
      window.mean += (distance * part.count) / count;
      window.squares += squares + (distance ** 2 * window.count * part.count) / count;
      window.count = count;
      window.minimum = Math.min(window.minimum, part.minimum);
      window.maximum = Math.max(window.maximum, part.maximum);
    }
    lastAt = Math.max(lastAt ?? part.lastAt, part.lastAt);
  }
  const windows = [...merged]
    .sort(([a], [b]) => a - b)
    .map(([start, { count, mean, squares, minimum, maximum }]) => ({
      start: new Date(start).toISOString(),
      count,
      mean,
      deviation: count === 1 ? null : Math.sqrt(squares / (count - 1)),
      minimum,
      maximum,
    }));
  return { windows, lastAt };
}
