/** Hop `telemetry`: the producer's ordinary records are fresh by SQL, each source's. */
import { poll } from "../../../platform/hops/errors.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import type { ProofRun } from "../../../platform/hops/run.ts";
import type { PrestoClient } from "../../presto/programs/presto-client.ts";

export interface TelemetryHopOptions {
  readonly presto: PrestoClient;
  readonly marked: Pick<ProofRun, "startedAt">;
  /** Time between two measurements of the producer. */
  readonly intervalSeconds: number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

/** What the fresh records of a source look like. */
export interface SourceRow {
  readonly source: string;
  readonly rows: number;
  readonly ids: number;
  readonly metrics: number;
}

/** The producer always measures by this one. */
const alwaysMeasured = "vmstat";
/** A node without disks has nothing to measure by this one. */
const sometimesMeasured = "iostat";

/** A source that has not measured for so long is none of the producer's any more, in ms. */
const forgottenMs = 600_000;

/**
 * Rows that were measured at most one interval before the proof began, or since. The stream makes files with every
 * commit, so only these few are asked for; of the older ones, whether there is any of a source that is missing.
 */
export function telemetryHop({ presto, marked, intervalSeconds, pauseMs }: TelemetryHopOptions): Hop {
  const freshMs = marked.startedAt.getTime() - intervalSeconds * 1000;
  const time = (ms: number): string => `TIMESTAMP '${new Date(ms).toISOString().slice(0, 23).replace("T", " ")}'`;
  const fresh =
    "SELECT source, count(*) AS records, count(DISTINCT id) AS ids, count(DISTINCT metric) AS metrics FROM samples " +
    `WHERE run IS NULL AND source IN ('${alwaysMeasured}', '${sometimesMeasured}') AND ts >= ${time(freshMs)} GROUP BY source`;
  const older =
    `SELECT 1 AS found FROM samples WHERE run IS NULL AND source = '${sometimesMeasured}' ` +
    `AND ts >= ${time(freshMs - forgottenMs)} AND ts < ${time(freshMs)} LIMIT 1`;
  return {
    name: "telemetry",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) => {
      let required: readonly string[] | undefined;
      return poll(
        async () => {
          const rows = (await presto.query(fresh, signal)).map((row) => ({
            source: String(row["source"]),
            rows: Number(row["records"]),
            ids: Number(row["ids"]),
            metrics: Number(row["metrics"]),
          }));
          const seen = rows.map(({ source }) => source).sort();
          if (seen.includes(alwaysMeasured) && !seen.includes(sometimesMeasured)) {
            required ??=
              (await presto.query(older, signal)).length > 0 ? [alwaysMeasured, sometimesMeasured] : [alwaysMeasured];
          }
          const problem = telemetryProblem(rows, required ?? [alwaysMeasured], new Date(freshMs));
          if (problem !== undefined) return problem;
          const sum = (of: (row: SourceRow) => number): number => rows.reduce((total, row) => total + of(row), 0);
          return {
            count: sum((row) => row.rows),
            distinct: sum((row) => row.ids),
            checksum: String(sum((row) => row.metrics)),
            message: `ordinary records by SQL, those of ${seen.join(" and ")} not older than the proof`,
          };
        },
        { signal, onProgress, pauseMs },
      );
    },
  };
}

/** @returns what is wrong with the fresh ordinary records, in words; `undefined`: nothing */
export function telemetryProblem(
  rows: readonly SourceRow[],
  required: readonly string[],
  fresh: Date,
): string | undefined {
  for (const source of required) {
    if (!rows.some((row) => row.source === source)) {
      return (
        `no record of ${source} was measured since ${fresh.toISOString()}: the telemetry producer sends none, ` +
        "or the stream has not written them"
      );
    }
  }
  const twice = rows.find((row) => row.ids < row.rows);
  return twice && `${twice.rows} records of ${twice.source} where ${twice.ids} are different: duplicates`;
}
