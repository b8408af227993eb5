/** Figures of windows of records, computed by the proof itself: neither as Spark does it nor as the display does. */

/** A record, as far as windows need it. */
export interface TimedValue {
  /** Time of the record, in ms since 1970. */
  readonly ts: number;
  readonly value: number;
}

/** Figures of the records of one window, or of a part of them. */
export interface Window {
  /** Begin of the window, in ms since 1970. */
  readonly start: number;
  readonly count: number;
  readonly mean: number;
  /** Of the sample; `null` for one record. */
  readonly deviation: number | null;
  readonly minimum: number;
  readonly maximum: number;
}

/** Windows of whole multiples of `windowSeconds` since 1970, in order of time: the mean first, then the deviation from it. */
export function windowsOf(records: readonly TimedValue[], windowSeconds: number): Window[] {
  const length = windowSeconds * 1000;
  const groups = Map.groupBy(records, ({ ts }) => Math.floor(ts / length) * length);
  return inOrder(
    [...groups].map(([start, members]) => {
      const values = members.map(({ value }) => value);
      const count = values.length;
      const mean = sumOf(values) / count;
      const squares = sumOf(values.map((value) => (value - mean) ** 2));
      return {
        start,
        count,
        mean,
        deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)),
        minimum: Math.min(...values),
        maximum: Math.max(...values),
      };
    }),
  );
}

/** Windows from the parts that the stream has written, one for each batch that had records of the window. */
export function mergedParts(parts: readonly Window[]): Window[] {
  const groups = Map.groupBy(parts, ({ start }) => start);
  return inOrder(
    [...groups].map(([start, members]) => {
      const count = sumOf(members.map((part) => part.count));
      const mean = sumOf(members.map((part) => part.count * part.mean)) / count;
      // Squares around the common mean: those within each part, and those of the parts' means.
      const squares = sumOf(
        members.map((part) => (part.deviation ?? 0) ** 2 * (part.count - 1) + part.count * (part.mean - mean) ** 2),
      );
      return {
        start,
        count,
        mean,
        deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)),
        minimum: Math.min(...members.map((part) => part.minimum)),
        maximum: Math.max(...members.map((part) => part.maximum)),
      };
    }),
  );
}

/** @returns what differs from what the proof has computed, in words; `undefined`: nothing */
export function windowsDifference(seen: readonly Window[], computed: readonly Window[]): string | undefined {
  const own = new Map(computed.map((window) => [window.start, window]));
  const starts = new Set(seen.map(({ start }) => start));
  const missing = computed.filter(({ start }) => !starts.has(start));
  if (missing.length > 0) {
    return `${computed.length - missing.length} of ${computed.length} windows; that of ${timeOf(missing[0])} is missing`;
  }
  if (starts.size < seen.length) return `${seen.length} windows where ${starts.size} are different: duplicates`;
  for (const window of seen) {
    const right = own.get(window.start);
    if (right === undefined) return `a window of ${timeOf(window)}, in which no record was sent`;
    const problem = figuresDifference(window, right);
    if (problem !== undefined) return `the window of ${timeOf(window)} with ${problem}`;
  }
  return undefined;
}

/** What windows and groups of people have in common. */
export type Figures = Omit<Window, "start">;

/** @returns which figure differs, in words; `undefined`: none */
export function figuresDifference(seen: Figures, right: Figures): string | undefined {
  if (seen.count !== right.count) return `count ${seen.count}, right is ${right.count}`;
  for (const name of ["minimum", "maximum"] as const) {
    if (seen[name] !== right[name]) return `${name} ${seen[name]}, right is ${right[name]}`;
  }
  for (const name of ["mean", "deviation"] as const) {
    if (!isClose(seen[name], right[name])) return `${name} ${String(seen[name])}, right is ${String(right[name])}`;
  }
  return undefined;
}

/** Floating-point sums in another order differ in their last digits. */
const tolerance = 1e-9;

function isClose(left: number | null, right: number | null): boolean {
  if (left === null || right === null) return left === right;
  return Math.abs(left - right) <= tolerance * Math.max(Math.abs(left), Math.abs(right));
}

function inOrder(windows: Window[]): Window[] {
  return windows.sort((left, right) => left.start - right.start);
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function timeOf(window: Pick<Window, "start"> | undefined): string {
  return new Date(window?.start ?? NaN).toISOString();
}
