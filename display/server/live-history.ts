/** The last minute, for pages that have just come. */
import type { LivePoints } from "../protocol.ts";
import { type BufferedPoints, thin } from "./live-buffer.ts";

const KEPT_MS = 60_000;
/** Most points that are kept of ordinary records together, and of each run. */
const MAX_POINTS = 20_000;
/** Most runs that are kept; the one that was quiet longest goes first. */
const MAX_RUNS = 8;
/** Most points of an ordinary series and metric that are kept of one batch. */
const POINTS_OF_BATCH = 5;

interface Slice {
  readonly at: number;
  readonly series: readonly BufferedPoints[];
  readonly size: number;
}

/** Slices of batches in order of time, bounded by age and by their points. */
class Ring {
  #slices: Slice[] = [];
  #size = 0;

  add(at: number, series: readonly BufferedPoints[]): void {
    const size = series.reduce((sum, { points }) => sum + points.length, 0);
    this.#slices.push({ at, series, size });
    this.#size += size;
    let gone = 0;
    while (this.#size > MAX_POINTS && gone < this.#slices.length - 1) this.#size -= this.#slices[gone++]?.size ?? 0;
    this.#slices.splice(0, gone);
    this.forget(at);
  }

  forget(now: number): void {
    const first = this.#slices.findIndex(({ at }) => at > now - KEPT_MS);
    const gone = this.#slices.splice(0, first < 0 ? this.#slices.length : first);
    for (const { size } of gone) this.#size -= size;
  }

  /** All points by series and metric. */
  points(isWanted: (points: BufferedPoints) => boolean): LivePoints[] {
    const wanted = this.#slices.flatMap(({ series }) => series.filter(isWanted));
    return [...Map.groupBy(wanted, ({ series, metric }) => `${series}\n${metric}`).values()].flatMap((parts) => {
      const [first] = parts;
      if (first === undefined) return [];
      const count = parts.reduce((sum, part) => sum + part.count, 0);
      return { series: first.series, metric: first.metric, count, points: parts.flatMap(({ points }) => points) };
    });
  }

  get isEmpty(): boolean {
    return this.#slices.length === 0;
  }
}

export class LiveHistory {
  readonly #ordinary = new Ring();
  /** The run that was quiet longest first. */
  readonly #runs = new Map<string, Ring>();

  add(at: number, series: readonly BufferedPoints[]): void {
    const ordinary = series.filter(({ marked }) => !marked);
    if (ordinary.length > 0) {
      this.#ordinary.add(
        at,
        ordinary.map((points) => ({ ...points, points: thin(points.points, POINTS_OF_BATCH) })),
      );
    }
    const byRun = Map.groupBy(
      series.filter(({ marked }) => marked),
      ({ series: run }) => run,
    );
    for (const [run, points] of byRun) {
      const ring = this.#runs.get(run) ?? new Ring();
      this.#runs.delete(run);
      this.#runs.set(run, ring);
      ring.add(at, points);
    }
    for (const [run, ring] of this.#runs) {
      ring.forget(at);
      if (ring.isEmpty || this.#runs.size > MAX_RUNS) this.#runs.delete(run);
    }
  }

  /** @param watched A series, ordinary or a run; `null`: all ordinary ones. */
  points(watched: string | null, now: number): LivePoints[] {
    this.#ordinary.forget(now);
    if (watched === null) return this.#ordinary.points(() => true);
    const run = this.#runs.get(watched);
    run?.forget(now);
    return [...(run?.points(() => true) ?? []), ...this.#ordinary.points(({ series }) => series === watched)];
  }
}
