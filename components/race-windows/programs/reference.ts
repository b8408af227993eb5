/**
 * What windows of samples are, by definition: the proof, the specs and the measurements hold both engines to this.
 *
 * A window is a car's, begins at a whole multiple of its length since 1970, and closes when a sample comes whose time is
 * `latenessSeconds` or more after its end. A sample of a closed window is late: it is dropped and counted. Of samples with one id in
 * one window the first counts. Engines see that a window has closed later than this, never earlier, and may take samples that are late
 * here; which ones depends on how samples are cut into batches, so no two runs need agree on them.
 */

/** A sample, as far as windows need it. */
export interface WindowSample {
  readonly id: string;
  readonly car: string;
  /** ms since 1970. */
  readonly ts: number;
  /** With at most three decimals, as all numbers here. */
  readonly speed: number;
  readonly battery: number;
  readonly engineTemp: number;
  readonly tyreTempFl: number;
  readonly tyreTempFr: number;
  readonly tyreTempRl: number;
  readonly tyreTempRr: number;
  readonly distance: number;
  readonly lap: number;
}

/** The figures of a window, named as the columns of Cassandra's table. */
export interface RaceFigures {
  readonly count: number;
  readonly speed_mean: number;
  readonly speed_min: number;
  readonly speed_max: number;
  readonly battery_min: number;
  readonly engine_temp_max: number;
  readonly tyre_temp_max: number;
  readonly distance_max: number;
  readonly lap_max: number;
}

export interface RaceWindow extends RaceFigures {
  readonly car: string;
  /** Begin, in ms since 1970. */
  readonly start: number;
}

export interface WindowLength {
  readonly windowSeconds: number;
  readonly latenessSeconds: number;
}

/** What becomes of samples. */
export interface Summed {
  /** By car, then by time. */
  readonly windows: readonly RaceWindow[];
  /** Samples that came after their window had closed. */
  readonly late: number;
  /** Samples whose id their window had already. */
  readonly duplicates: number;
}

/** The begin of the window that a time is in. */
export function windowStart(ts: number, windowSeconds: number): number {
  const length = windowSeconds * 1000;
  return Math.floor(ts / length) * length;
}

/** @param samples In the order in which they come. */
export function windowsOf(samples: readonly WindowSample[], { windowSeconds, latenessSeconds }: WindowLength): Summed {
  const groups = new Map<string, Map<string, WindowSample>>();
  let [watermark, late, duplicates] = [-Infinity, 0, 0];
  for (const sample of samples) {
    const start = windowStart(sample.ts, windowSeconds);
    if (start + windowSeconds * 1000 <= watermark) {
      late += 1;
      continue;
    }
    watermark = Math.max(watermark, sample.ts - latenessSeconds * 1000);
    const key = JSON.stringify([sample.car, start]);
    const group = groups.get(key) ?? new Map<string, WindowSample>();
    groups.set(key, group);
    if (group.has(sample.id)) duplicates += 1;
    else group.set(sample.id, sample);
  }
  const windows = [...groups].map(([key, group]) => {
    const [car, start] = JSON.parse(key) as [string, number];
    return { car, start, ...figuresOf([...group.values()]) };
  });
  windows.sort((left, right) => compared(left.car, right.car) || left.start - right.start);
  return { windows, late, duplicates };
}

function figuresOf(samples: readonly WindowSample[]): RaceFigures {
  const of = (value: (sample: WindowSample) => number): number[] => samples.map(value);
  const least = (values: readonly number[]): number => values.reduce((left, right) => Math.min(left, right));
  const most = (values: readonly number[]): number => values.reduce((left, right) => Math.max(left, right));
  const speeds = of(({ speed }) => speed);
  // In thousandths, which are whole numbers: a sum of them is exact, and its mean is the same in any order.
  const thousandths = speeds.reduce((sum, speed) => sum + Math.round(speed * 1000), 0);
  return {
    count: samples.length,
    speed_mean: thousandths / 1000 / samples.length,
    speed_min: least(speeds),
    speed_max: most(speeds),
    battery_min: least(of(({ battery }) => battery)),
    engine_temp_max: most(of(({ engineTemp }) => engineTemp)),
    tyre_temp_max: most(
      of(({ tyreTempFl, tyreTempFr, tyreTempRl, tyreTempRr }) =>
        Math.max(tyreTempFl, tyreTempFr, tyreTempRl, tyreTempRr),
      ),
    ),
    distance_max: most(of(({ distance }) => distance)),
    lap_max: most(of(({ lap }) => lap)),
  };
}

/** @returns how rows that an engine has written differ from what they must be, in words; `undefined`: in nothing */
export function windowsDifference(seen: readonly RaceWindow[], right: readonly RaceWindow[]): string | undefined {
  const nameOf = ({ car, start }: Pick<RaceWindow, "car" | "start">): string =>
    `${car}, ${new Date(start).toISOString()}`;
  const byName = new Map(seen.map((window) => [nameOf(window), window]));
  const missing = right.filter((window) => !byName.has(nameOf(window)));
  if (missing[0] !== undefined) {
    return `${right.length - missing.length} of ${right.length} windows; that of ${nameOf(missing[0])} is missing`;
  }
  if (byName.size < seen.length) return `${seen.length} windows where ${byName.size} are different: duplicates`;
  const known = new Set(right.map(nameOf));
  const foreign = seen.find((window) => !known.has(nameOf(window)));
  if (foreign !== undefined) return `a window of ${nameOf(foreign)}, in which no sample was sent`;
  for (const window of right) {
    const found = byName.get(nameOf(window));
    for (const [name, value] of Object.entries(window)) {
      const has = found?.[name as keyof RaceWindow];
      if (has !== value)
        return `the window of ${nameOf(window)} with ${name} ${String(has)}, right is ${String(value)}`;
    }
  }
  return undefined;
}

function compared(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
