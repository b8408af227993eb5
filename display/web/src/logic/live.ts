/** What a live page keeps of a stream: the last minute of each line, the rate, and what could not be read. */
import type { LiveBatch, Series } from "../../../protocol.ts";
import { type Point, PointRing } from "./ring.ts";

/** How much time a live chart shows, in ms. */
export const LIVE_SPAN_MS = 60_000;
/** Most points kept of one line: a minute of the most that the server sends of an ordinary one is thinned out anyway. */
const POINTS_PER_LINE = 16_384;
/** Most lines kept; those that were silent longest go first. */
const LINES = 512;
/** Records a second are the mean of this time, in ms. */
const RATE_SPAN_MS = 5_000;

/** One line of the chart. */
export interface LiveLine {
  readonly series: string;
  readonly metric: string;
  readonly ring: PointRing;
}

interface KeptLine extends LiveLine {
  /** When the server sent the newest of it. */
  at: number;
}

export class LiveStore {
  readonly #lines = new Map<string, KeptLine>();
  /** Names that a select offers: they stay when another series is watched and the lines of this one go. */
  readonly #seen = new Map<string, Set<string>>();
  #arrivals: { at: number; count: number }[] = [];
  #unreadable = 0;
  #clockOffset: number | undefined;

  /**
   * Takes in what has come since the page connected.
   * @param now the page's clock, ms since 1970
   */
  add(batch: LiveBatch, now: number): void {
    this.#take(batch);
    this.#unreadable += batch.unreadable;
    this.#arrivals.push({ at: now, count: batch.series.reduce((sum, { count }) => sum + count, 0) + batch.unreadable });
    this.#arrivals = this.#arrivals.filter(({ at }) => at > now - RATE_SPAN_MS);
    this.#noteClock(batch.at, now);
  }

  /** Takes in what was sent before: it replaces what is there, so that a second connection shows no point twice. */
  addHistory(batch: LiveBatch, now: number): void {
    this.#lines.clear();
    this.#take(batch);
    this.#noteClock(batch.at, now);
  }

  /** Records a second, read or not, of the last seconds. */
  rate(now: number): number {
    const count = this.#arrivals.reduce(
      (sum, arrival) => (arrival.at > now - RATE_SPAN_MS ? sum + arrival.count : sum),
      0,
    );
    return count / (RATE_SPAN_MS / 1000);
  }

  /** Records that could not be read since the page was opened. */
  get unreadable(): number {
    return this.#unreadable;
  }

  /** The server's time: the page's clock may be wrong, and the chart would then show no or an old minute. */
  serverTime(now: number): number {
    return now + (this.#clockOffset ?? 0);
  }

  /** Series and metrics that were seen, in the order of their names. */
  available(): Series[] {
    return [...this.#seen]
      .map(([series, names]) => ({ series, metrics: [...names].sort() }))
      .sort((a, b) => (a.series < b.series ? -1 : 1));
  }

  /** The lines of a metric; of one series, or of all when it is `null`. */
  lines(metric: string, series: string | null): LiveLine[] {
    return [...this.#lines.values()]
      .filter((line) => line.metric === metric && (series === null || line.series === series))
      .sort((a, b) => (a.series < b.series ? -1 : 1));
  }

  #take(batch: LiveBatch): void {
    for (const { series, metric, points } of batch.series) {
      const key = JSON.stringify([series, metric]);
      const line = this.#lines.get(key) ?? { series, metric, ring: new PointRing(POINTS_PER_LINE), at: batch.at };
      for (const [ts, value] of points) line.ring.push(ts, value);
      line.at = batch.at;
      // Set anew, so that the map's order is the order of the last arrival.
      this.#lines.delete(key);
      this.#lines.set(key, line);
      if (this.#seen.size < LINES) this.#seen.set(series, (this.#seen.get(series) ?? new Set()).add(metric));
    }
    for (const key of this.#lines.keys()) {
      if (this.#lines.size <= LINES) break;
      this.#lines.delete(key);
    }
  }

  /** The batch that was shortest under way tells the clocks' difference best. */
  #noteClock(sent: number, now: number): void {
    const offset = sent - now;
    this.#clockOffset = this.#clockOffset === undefined ? offset : Math.max(this.#clockOffset, offset);
  }
}

/** Figures of a stretch of a line. */
export interface Figures {
  readonly count: number;
  readonly mean: number;
  /** Of the sample; `null` for one point. */
  readonly deviation: number | null;
  readonly minimum: number;
  readonly maximum: number;
}

/** Figures of some points; `null` for none. */
export function figuresOf(points: readonly Point[]): Figures | null {
  if (points.length === 0) return null;
  let [mean, squares, minimum, maximum, count] = [0, 0, Infinity, -Infinity, 0];
  for (const [, value] of points) {
    count++;
    const distance = value - mean;
    mean += distance / count;
    squares += distance * (value - mean);
    minimum = Math.min(minimum, value);
    maximum = Math.max(maximum, value);
  }
  return { count, mean, deviation: count === 1 ? null : Math.sqrt(squares / (count - 1)), minimum, maximum };
}

/** Figures of one second of a line. */
export interface SecondFigures extends Figures {
  /** Begin of the second, ms since 1970. */
  readonly start: number;
}

/** Figures of each second that has points, in order of time. */
export function bySecond(points: readonly Point[]): SecondFigures[] {
  const seconds = new Map<number, Point[]>();
  for (const point of points) {
    const start = Math.floor(point[0] / 1000) * 1000;
    const found = seconds.get(start);
    if (found === undefined) seconds.set(start, [point]);
    else found.push(point);
  }
  return [...seconds].flatMap(([start, some]) => {
    const figures = figuresOf(some);
    return figures === null ? [] : [{ start, ...figures }];
  });
}

/** Whether a line has so many points that the mean of each second tells more than they do. */
export function isDense(points: readonly Point[]): boolean {
  const [first, last] = [points.at(0), points.at(-1)];
  if (first === undefined || last === undefined || points.length < 30) return false;
  return points.length / Math.max(1, (last[0] - first[0]) / 1000) >= 3;
}
