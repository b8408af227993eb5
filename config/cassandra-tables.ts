/** The tables of the pipeline in Cassandra: what the streams and the census write, and the display reads. */
import type { CassandraKeyspaces, CassandraTable } from "../components/cassandra/cassandra-keyspaces.ts";

/** Numbers that describe a group of values, in every table of results. */
const figures = { count: "bigint", mean: "double", deviation: "double" } as const;

/** @param args.keepHours Time that the streams' rows live, in hours. */
export function cassandraTables(args: { readonly keepHours: number }): CassandraKeyspaces {
  const aging = {
    ttlSeconds: args.keepHours * 3600,
    // About thirty files at most, of which one ends at a time.
    compaction: { timeWindowMinutes: Math.max(1, Math.ceil((args.keepHours * 60) / 30)) },
  };
  return {
    streaming: {
      tables: { windows: { ...windows, ...aging }, records: { ...records, ...aging }, series: { ...series, ...aging } },
    },
    census: { tables: { summary } },
  };
}

/** Parts of windows: readers merge those of one window. A part that is written again replaces itself. */
const windows: CassandraTable = {
  columns: {
    stream: "text",
    series: "text",
    metric: "text",
    hour: "timestamp",
    window_start: "timestamp",
    part: "text",
    window_seconds: "int",
    ...figures,
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
const records: CassandraTable = {
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
const series: CassandraTable = {
  columns: { stream: "text", series: "text", metric: "text", run: "text", last_ts: "timestamp" },
  partitionKey: ["stream"],
  clustering: [
    { column: "series", order: "ASC" },
    { column: "metric", order: "ASC" },
  ],
};

/** Mean and deviation of each measure of the census, for every member of every grouping. */
const summary: CassandraTable = {
  columns: {
    run: "text",
    grouping: "text",
    member: "text",
    measure: "text",
    ...figures,
    minimum: "bigint",
    maximum: "bigint",
    seed: "bigint",
    rows: "bigint",
    made_at: "timestamp",
  },
  partitionKey: ["run"],
  clustering: [
    { column: "grouping", order: "ASC" },
    { column: "member", order: "ASC" },
    { column: "measure", order: "ASC" },
  ],
};
