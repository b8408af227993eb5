/** The tables of streamed figures: what the stream writes, and the display reads. */
import type { Keyspaces, Table } from "../../platform/tables.ts";

/** @param args.keepHours Time that rows live, in hours. */
export function streamTables(args: { readonly keepHours: number }): Keyspaces {
  const aging = {
    ttlSeconds: args.keepHours * 3600,
    // About thirty files at most, of which one ends at a time.
    compaction: { timeWindowMinutes: Math.max(1, Math.ceil((args.keepHours * 60) / 30)) },
  };
  return {
    streaming: {
      tables: { windows: { ...windows, ...aging }, records: { ...records, ...aging }, series: { ...series, ...aging } },
    },
  };
}

/** Parts of windows: readers merge those of one window. A part that is written again replaces itself. */
const windows: Table = {
  columns: {
    stream: "text",
    series: "text",
    metric: "text",
    hour: "timestamp",
    window_start: "timestamp",
    part: "text",
    window_seconds: "int",
    count: "bigint",
    mean: "double",
    deviation: "double",
    minimum: "double",
    maximum: "double",
    last_ts: "timestamp",
    written_at: "timestamp",
  },
  partitionKey: ["stream", "series", "metric", "hour"],
  clustering: [
    { column: "window_start", order: "DESC" },
    { column: "part", order: "ASC" },
  ],
};

/**
 * Single records, a partition a minute. One name may send several metrics at a time, and a run has several nodes. It was once
 * called `samples`, with a key of time and id alone, and a key can't be changed: what is there ends by its time to live.
 */
const records: Table = {
  columns: {
    stream: "text",
    series: "text",
    minute: "timestamp",
    ts: "timestamp",
    id: "text",
    metric: "text",
    value: "double",
    node: "text",
    written_at: "timestamp",
  },
  partitionKey: ["stream", "series", "minute"],
  clustering: [
    { column: "ts", order: "ASC" },
    { column: "id", order: "ASC" },
    { column: "metric", order: "ASC" },
    { column: "node", order: "ASC" },
  ],
};

/** Which series and metrics a stream has had lately. */
const series: Table = {
  columns: { stream: "text", series: "text", metric: "text", run: "text", last_ts: "timestamp" },
  partitionKey: ["stream"],
  clustering: [
    { column: "series", order: "ASC" },
    { column: "metric", order: "ASC" },
  ],
};
