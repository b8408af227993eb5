/** What the page of the race draws: the cars of the last minute, their order, the map, and the windows of one of them. */
import {
  type CarNow,
  type Engine,
  engines,
  type RaceBatch,
  type RaceWindow,
  type TrackAnswer,
} from "../../../protocol.ts";

/** A car that was quiet so long is not drawn any more, in ms. */
const QUIET_MS = 60_000;
/** Colours that there are for lines and dots. */
const TONES = 6;
/** Room around the track, in metres. */
const MARGIN = 40;

/** The cars as they were told last, by name. */
export class RaceStore {
  readonly #cars = new Map<string, { readonly now: CarNow; readonly at: number }>();
  #unreadable = 0;
  #behind: number | null = null;

  /** @param at When it came, ms since 1970. */
  add({ at: sentAt, cars, unreadable }: RaceBatch, at: number): void {
    for (const now of cars) this.#cars.set(now.car, { now, at });
    this.#unreadable += unreadable;
    if (cars.length > 0) this.#behind = Math.max(0, sentAt - Math.max(...cars.map(({ ts }) => ts)));
  }

  /** From the newest sample of the last batch to when the server sent it, in ms; `null` before the first. */
  get behind(): number | null {
    return this.#behind;
  }

  get unreadable(): number {
    return this.#unreadable;
  }

  /** The one that has driven furthest first. */
  cars(at: number): readonly CarNow[] {
    for (const [car, entry] of this.#cars) if (at - entry.at > QUIET_MS) this.#cars.delete(car);
    return [...this.#cars.values()]
      .map(({ now }) => now)
      .sort((one, other) => other.lap - one.lap || other.distance - one.distance || (one.car < other.car ? -1 : 1));
  }
}

/** Tone of a car's dot: by its name's place among all. */
export function toneOf(car: string, cars: readonly CarNow[]): number {
  const names = cars.map((one) => one.car).sort();
  return Math.max(0, names.indexOf(car)) % TONES;
}

export interface MapView {
  /** Of the SVG, in metres; y goes down there. */
  readonly viewBox: string;
  readonly path: string;
  /** Across the track where sectors begin; the first is the finish line. */
  readonly lines: readonly { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number }[];
  /** Metres for one pixel or so: what is drawn in the size of text. */
  readonly unit: number;
}

export function mapView({ points, sectors }: TrackAnswer): MapView {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => -y)];
  const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
  const [width, height] = [Math.max(...xs) + MARGIN - left, Math.max(...ys) + MARGIN - top];
  const at = (index: number): readonly [number, number] => {
    const [x = 0, y = 0] = points[(index + points.length) % points.length] ?? [];
    return [x, -y];
  };
  return {
    viewBox: [left, top, width, height].map((metres) => metres.toFixed(1)).join(" "),
    path: `M${points.map(([x, y]) => `${x} ${-y}`).join("L")}Z`,
    lines: sectors.map((index) => {
      const [[x, y], [fromX, fromY], [toX, toY]] = [at(index), at(index - 1), at(index + 1)];
      const length = Math.hypot(toX - fromX, toY - fromY) || 1;
      const [across, along] = [(-(toY - fromY) / length) * 16, ((toX - fromX) / length) * 16];
      return { x1: x - across, y1: y - along, x2: x + across, y2: y + along };
    }),
    unit: width / 700,
  };
}

/** `1:02.345`, or `57.188`. */
export function formatLap(seconds: number | null): string {
  if (seconds === null) return "–";
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return minutes === 0 ? rest.toFixed(3) : `${minutes}:${rest.toFixed(3).padStart(6, "0")}`;
}

export function kilometresPerHour(speed: number): number {
  return Math.round(speed * 3.6);
}

/** One window of time with what each engine says of it. */
export interface WindowRow {
  readonly start: number;
  readonly by: Readonly<Record<Engine, RaceWindow | null>>;
  /** Whether both have figures, and the same; `null`: not both have. */
  readonly isSame: boolean | null;
}

const figures = [
  "count",
  "speedMean",
  "speedMin",
  "speedMax",
  "batteryMin",
  "engineTempMax",
  "tyreTempMax",
  "distanceMax",
  "lapMax",
] as const satisfies readonly (keyof RaceWindow)[];

/** Windows of all engines side by side, the newest first. */
export function windowRows(windows: Readonly<Record<Engine, readonly RaceWindow[]>>): WindowRow[] {
  const starts = new Set(engines.flatMap((engine) => windows[engine].map(({ start }) => start)));
  return [...starts]
    .sort()
    .reverse()
    .map((start) => {
      const of = (engine: Engine): RaceWindow | null => windows[engine].find((one) => one.start === start) ?? null;
      const by = { flink: of("flink"), spark: of("spark") };
      const { flink, spark } = by;
      const isSame = flink === null || spark === null ? null : figures.every((name) => flink[name] === spark[name]);
      return { start: Date.parse(start), by, isSame };
    });
}
