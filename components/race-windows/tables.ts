/** The table of the race's windows: what the engines write, and the display reads. */
import type { Keyspaces, Table } from "../../platform/tables.ts";

/** @param args.keepHours Time that rows live, in hours. */
export function raceTables(args: { readonly keepHours: number }): Keyspaces {
  return {
    race: {
      tables: {
        windows: {
          ...windows,
          ttlSeconds: args.keepHours * 3600,
          // About thirty files at most, of which one ends at a time.
          compaction: { timeWindowMinutes: Math.max(1, Math.ceil((args.keepHours * 60) / 30)) },
        },
      },
    },
  };
}

/** Final figures, a row for each window: an engine that repeats itself writes the same row again. */
const windows: Table = {
  columns: {
    engine: "text",
    car: "text",
    hour: "timestamp",
    window_start: "timestamp",
    window_seconds: "int",
    count: "bigint",
    speed_mean: "double",
    speed_min: "double",
    speed_max: "double",
    battery_min: "double",
    engine_temp_max: "double",
    tyre_temp_max: "double",
    distance_max: "double",
    lap_max: "int",
    written_at: "timestamp",
  },
  partitionKey: ["engine", "car", "hour"],
  clustering: [{ column: "window_start", order: "DESC" }],
};
