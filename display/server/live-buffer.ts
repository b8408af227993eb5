/** What has come since the last batch, in bounded memory whatever comes. */
import type { LivePoints } from "../protocol.ts";
import type { LiveRecord } from "./live-record.ts";

/** Most points of a series and metric in a batch: what a chart can show. */
export const ORDINARY_POINTS = 250;
/** Likewise for marked records, which programs count. */
export const MARKED_POINTS = 1000;
/** Most series and metrics of one batch; what comes beyond them is left out. */
const MAX_KEYS = 2000;

export interface BufferedPoints extends LivePoints {
  readonly marked: boolean;
}

/** What came since the batch before. */
export interface Buffered {
  readonly series: readonly BufferedPoints[];
  /** Number of unreadable records by their run; `null`: of no run. */
  readonly unreadable: ReadonlyMap<string | null, number>;
}

interface Gathered {
  readonly series: string;
  readonly metric: string;
  readonly marked: boolean;
  readonly points: [ts: number, value: number][];
  count: number;
  /** Every how many records one is kept; doubled each time there are too many. */
  stride: number;
}

export class LiveBuffer {
  #gathered = new Map<string, Gathered>();
  #unreadable = new Map<string | null, number>();

  add({ series, metric, marked, ts, value }: LiveRecord): void {
    const key = `${String(marked)}\n${series}\n${metric}`;
    let gathered = this.#gathered.get(key);
    if (gathered === undefined) {
      if (this.#gathered.size >= MAX_KEYS) return;
      gathered = { series, metric, marked, points: [], count: 0, stride: 1 };
      this.#gathered.set(key, gathered);
    }
    const { points } = gathered;
    if (gathered.count++ % gathered.stride !== 0) return;
    points.push([ts, value]);
    if (points.length > 4 * MARKED_POINTS) {
      points.splice(0, points.length, ...points.filter((_, index) => index % 2 === 0));
      gathered.stride *= 2;
    }
  }

  addUnreadable(run: string | null): void {
    const key = run === null || this.#unreadable.has(run) || this.#unreadable.size < MAX_KEYS ? run : null;
    this.#unreadable.set(key, (this.#unreadable.get(key) ?? 0) + 1);
  }

  /** Gives what there is and begins anew; `undefined` when nothing has come. */
  take(): Buffered | undefined {
    if (this.#gathered.size === 0 && this.#unreadable.size === 0) return undefined;
    const series = [...this.#gathered.values()].map(({ series: name, metric, marked, count, points }) => ({
      series: name,
      metric,
      marked,
      count,
      points: thin(points, marked ? MARKED_POINTS : ORDINARY_POINTS),
    }));
    const unreadable = this.#unreadable;
    this.#gathered = new Map();
    this.#unreadable = new Map();
    return { series, unreadable };
  }
}

/** At most so many of the points, evenly spread, the last one always among them. */
export function thin<Point>(points: readonly Point[], most: number): readonly Point[] {
  if (points.length <= most) return points;
  const { length } = points;
  return Array.from({ length: most }, (_, index) => points[Math.floor(((index + 1) * length) / most) - 1]).filter(
    (point) => point !== undefined,
  );
}
