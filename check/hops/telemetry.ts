/** Hop `telemetry`: the producer's ordinary records are fresh by SQL, each source's. */
import { poll } from "../errors.ts";
import type { Hop } from "../hop.ts";
import { standstillMs } from "../limits.ts";
import type { MarkedRun } from "../marked-records.ts";
import type { PrestoClient } from "../../workloads/presto-client.ts";
import { msOf } from "./presto.ts";

export interface TelemetryHopOptions {
  readonly presto: PrestoClient;
  readonly marked: Pick<MarkedRun, "startedAt">;
  /** Time between two measurements of the producer. */
  readonly intervalSeconds: number;
  /** @default 1000 */
  readonly pauseMs?: number;
}

/** What the producer's newest records of a source look like. */
export interface SourceRow {
  readonly source: string;
  readonly newestMs: number;
  readonly rows: number;
  readonly ids: number;
  readonly metrics: number;
}

/** The producer always measures by this one; a node without disks has no other. */
const alwaysMeasured = "vmstat";

/** Sources that have not measured for so long are none of the producer's any more, in ms. */
const forgottenMs = 600_000;

/** Rows that were measured at most one interval before the proof began, or since. */
export function telemetryHop({ presto, marked, intervalSeconds, pauseMs }: TelemetryHopOptions): Hop {
  const freshMs = marked.startedAt.getTime() - intervalSeconds * 1000;
  const time = (ms: number): string => `TIMESTAMP '${new Date(ms).toISOString().slice(0, 23).replace("T", " ")}'`;
  const since = freshMs - forgottenMs;
  const sql =
    "SELECT source, CAST(max(ts) AS varchar) AS newest, count(*) AS records, count(DISTINCT id) AS ids, " +
    "count(DISTINCT metric) AS metrics FROM samples " +
    `WHERE run IS NULL AND source IN ('vmstat', 'iostat') AND ts > ${time(since)} GROUP BY source`;
  return {
    name: "telemetry",
    // The table has a file for each commit of the stream: on a busy node one statement takes most of its own limit.
    timeoutMs: 2 * standstillMs,
    run: ({ signal, onProgress }) =>
      poll(
        async () => {
          const rows = (await presto.query(sql, signal)).map((row) => ({
            source: String(row["source"]),
            newestMs: msOf(row["newest"]),
            rows: Number(row["records"]),
            ids: Number(row["ids"]),
            metrics: Number(row["metrics"]),
          }));
          const problem = telemetryProblem(rows, freshMs);
          if (problem !== undefined) return problem;
          const sum = (of: (row: SourceRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
          const sources = rows.map(({ source }) => source).sort();
          return {
            count: sum((row) => row.rows),
            distinct: sum((row) => row.ids),
            checksum: String(sum((row) => row.metrics)),
            message: `ordinary records by SQL, the newest of ${sources.join(" and ")} not older than the proof`,
          };
        },
        { signal, onProgress, pauseMs: pauseMs ?? 1000 },
      ),
  };
}

/** @returns what is wrong with the ordinary records, in words; `undefined`: nothing */
export function telemetryProblem(rows: readonly SourceRow[], freshMs: number): string | undefined {
  const wanted = new Set([alwaysMeasured, ...rows.map(({ source }) => source)]);
  for (const source of [...wanted].sort()) {
    const row = rows.find((one) => one.source === source);
    if (row === undefined)
      return `no record of ${source} within the last ten minutes: the telemetry producer sends none`;
    if (!(row.newestMs >= freshMs)) {
      const newest = new Date(row.newestMs).toISOString();
      return `the newest record of ${source} is of ${newest}: the telemetry producer sends none since`;
    }
    if (row.ids < row.rows) return `${row.rows} records of ${source} where ${row.ids} are different: duplicates`;
  }
  return undefined;
}
