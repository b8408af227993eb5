/** Figures of the race in windows of time, by each engine that computes them. */
import { defaultMinutes, type Engine, engines, type RaceWindow, type RaceWindowsAnswer } from "../protocol.ts";
import { hoursSince, isMissingTable, type RunCql } from "./cassandra.ts";
import { numberOf, numberOrNull, type Row, timeOf } from "./rows.ts";

const MINUTE_MS = 60_000;

export interface RaceWindowsQuestion {
  readonly car: string;
  /** @default 15 */
  readonly minutes?: number;
}

/** Windows of a car by an engine that begin at a time or later, in ms since 1970; the newest first. */
export type RaceWindowsSource = (engine: Engine, car: string, since: number) => Promise<readonly RaceWindow[]>;

export async function answerRaceWindows(
  { car, minutes = defaultMinutes }: RaceWindowsQuestion,
  { source, now = Date.now }: { readonly source: RaceWindowsSource; readonly now?: () => number },
): Promise<RaceWindowsAnswer> {
  const since = now() - minutes * MINUTE_MS;
  const [flink, spark] = await Promise.all(engines.map((engine) => source(engine, car, since)));
  return { car, windows: { flink: flink ?? [], spark: spark ?? [] }, readAt: new Date(now()).toISOString() };
}

export function raceWindowsSource({
  run,
  now = Date.now,
}: {
  readonly run: RunCql;
  /** @default Date.now */
  readonly now?: () => number;
}): RaceWindowsSource {
  return async (engine, car, since) => {
    const hours = await Promise.all(
      hoursSince(since, now()).map(async (hour) => {
        const cql =
          "SELECT window_start, window_seconds, count, speed_mean, speed_min, speed_max, battery_min, engine_temp_max, " +
          "tyre_temp_max, distance_max, lap_max FROM race.windows WHERE engine = ? AND car = ? AND hour = ? " +
          "AND window_start >= ?";
        try {
          return await run(cql, [engine, car, hour, new Date(since)]);
        } catch (error) {
          if (isMissingTable(error)) return [];
          throw error;
        }
      }),
    );
    return hours.toReversed().flat().map(windowOf);
  };
}

function windowOf(row: Row): RaceWindow {
  const figure = (name: string): number | null => numberOrNull(row, name);
  return {
    start: new Date(timeOf(row, "window_start")).toISOString(),
    windowSeconds: numberOf(row, "window_seconds"),
    count: numberOf(row, "count"),
    speedMean: figure("speed_mean"),
    speedMin: figure("speed_min"),
    speedMax: figure("speed_max"),
    batteryMin: figure("battery_min"),
    engineTempMax: figure("engine_temp_max"),
    tyreTempMax: figure("tyre_temp_max"),
    distanceMax: figure("distance_max"),
    lapMax: figure("lap_max"),
  };
}
