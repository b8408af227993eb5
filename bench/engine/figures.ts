/** What the runs of a contender come to: milliseconds for each object and for none, and memory. */
import { median } from "../percentile.ts";
import { lineThrough } from "../slope.ts";

export const contenders = ["local", "pulumi", "kubectl"] as const;
export type Contender = (typeof contenders)[number];

/** In the order in which they are measured. */
export const operations = ["create", "preview", "unchanged", "change", "destroy"] as const;
export type Operation = (typeof operations)[number];

export interface Run {
  readonly contender: Contender;
  readonly operation: Operation;
  /** Objects. */
  readonly size: number;
  /** From the start of its process to its end. */
  readonly ms: number;
  /** Of a processor: on a busy machine it says more than the clock. */
  readonly cpuMs: number;
  /** The most that its processes had resident together, in bytes. */
  readonly peakBytes: number;
}

export interface Row {
  readonly contender: Contender;
  readonly operation: Operation;
  /** The slope; `null` for one size alone. */
  readonly msPerObject: number | null;
  /** What no object at all would take; `null` for one size alone. */
  readonly interceptMs: number | null;
  /** The same in time of a processor. */
  readonly cpuMsPerObject: number | null;
  readonly cpuInterceptMs: number | null;
  /** At the largest size. */
  readonly peakMiB: number;
  /** Milliseconds by size: the median of its runs. */
  readonly ms: Readonly<Record<string, number>>;
  readonly cpuMs: Readonly<Record<string, number>>;
}

/** How much steeper the last part may be than the first one, before it counts as more than linear. */
const steepest = 1.6;
/** In milliseconds for each object. */
const leastSlope = 1;

interface Point {
  readonly size: number;
  readonly ms: number;
}

const bySize = (points: readonly Point[]): Record<string, number> =>
  Object.fromEntries(points.map(({ size, ms }) => [String(size), Math.round(ms)]));

/** Slope and intercept of the line with the least squares; `undefined` for less than two sizes. */
export function lineOf(
  points: readonly Point[],
): { readonly msPerObject: number; readonly interceptMs: number } | undefined {
  const [first, last] = [points[0], points.at(-1)];
  const line = lineThrough(points.map(({ size, ms }) => ({ at: size, value: ms })));
  if (line === undefined || first === undefined || last === undefined) return undefined;
  const msPerObject = line.rise / (last.size - first.size);
  const meanSize = points.reduce((sum, { size }) => sum + size, 0) / points.length;
  return { msPerObject, interceptMs: line.mean - msPerObject * meanSize };
}

/** One row for each contender and operation that was run, in the order of both lists. */
export function rowsOf(runs: readonly Run[]): Row[] {
  return contenders.flatMap((contender) =>
    operations.flatMap((operation) => {
      const own = runs.filter((run) => run.contender === contender && run.operation === operation);
      if (own.length === 0) return [];
      const sizes = [...new Set(own.map(({ size }) => size))].sort((one, other) => one - other);
      const points = (of: (run: Run) => number): Point[] =>
        sizes.map((size) => ({ size, ms: median(own.filter((run) => run.size === size).map(of)) ?? NaN }));
      const [clock, cpu] = [points(({ ms }) => ms), points(({ cpuMs }) => cpuMs)];
      const [line, cpuLine] = [lineOf(clock), lineOf(cpu)];
      const largest = own.filter(({ size }) => size === sizes.at(-1));
      return {
        contender,
        operation,
        msPerObject: line?.msPerObject ?? null,
        interceptMs: line?.interceptMs ?? null,
        cpuMsPerObject: cpuLine?.msPerObject ?? null,
        cpuInterceptMs: cpuLine?.interceptMs ?? null,
        peakMiB: Math.round(Math.max(...largest.map(({ peakBytes }) => peakBytes)) / 2 ** 20),
        ms: bySize(clock),
        cpuMs: bySize(cpu),
      };
    }),
  );
}

/**
 * Whether the work grows no faster than the number of objects: the steps between sizes are about equally steep, in time
 * of a processor, which the machine's other work changes little.
 */
export function isLinear({ cpuMs }: Pick<Row, "cpuMs">): boolean {
  const points = Object.entries(cpuMs)
    .map(([size, value]) => [Number(size), value] as const)
    .sort(([one], [other]) => one - other);
  const [first, , beforeLast] = [points[0], points[1], points.at(-2)];
  const last = points.at(-1);
  if (points.length < 3 || first === undefined || beforeLast === undefined || last === undefined) return true;
  const whole = (beforeLast[1] - first[1]) / (beforeLast[0] - first[0]);
  const end = (last[1] - beforeLast[1]) / (last[0] - beforeLast[0]);
  // Where an object takes next to nothing, the noise of the start is steeper than any line.
  return end <= Math.max(whole, leastSlope) * steepest;
}

export function rowsText(rows: readonly Row[]): string[][] {
  const figure = (value: number | null, digits: number): string => value?.toFixed(digits) ?? "-";
  return rows.map((row) => [
    row.contender,
    row.operation,
    figure(row.msPerObject, 2),
    figure(row.interceptMs, 0),
    figure(row.cpuMsPerObject, 2),
    figure(row.cpuInterceptMs, 0),
    String(row.peakMiB),
    ...Object.values(row.ms).map((ms) => (ms / 1000).toFixed(2)),
  ]);
}
