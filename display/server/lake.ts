/** Figures from the lake's tables, by SQL through Presto. */
import { PrestoClient, PrestoError, sqlText } from "../../components/presto/programs/presto-client.ts";
import type { FigureSource } from "./figure-source.ts";
import { censusFigure, censusRun, seriesRow, windowPart } from "./figure-rows.ts";
import type { Row } from "./rows.ts";

/** Most rows of one answer: what six hours of windows have many times over. */
const MAX_ROWS = 100_000;
/** Below the limit of an answer, so that Presto is told that nobody waits any more. */
const STATEMENT_TIMEOUT_MS = 24_000;

/** Runs a statement and gives its rows, by column name. */
export type RunSql = (sql: string) => Promise<readonly Row[]>;

export interface LakeOptions {
  readonly run: RunSql;
  /** Length of the windows, in seconds: others are left out. */
  readonly windowSeconds: number;
}

export function prestoSql(settings: { readonly url: string; readonly catalog: string }): RunSql {
  const presto = new PrestoClient({
    ...settings,
    schema: "streaming",
    user: "display",
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  return (sql) => presto.query(sql);
}

export function lakeSource({ run, windowSeconds }: LakeOptions): FigureSource {
  const rowsOf = async (sql: string): Promise<readonly Row[]> => {
    try {
      return await run(`${sql} LIMIT ${MAX_ROWS}`);
    } catch (error) {
      if (isMissingTable(error)) return [];
      throw error;
    }
  };
  return {
    async series(stream, since) {
      const rows = await rowsOf(
        "SELECT series, run, metric, max(last_ts) AS last_ts FROM streaming.windows " +
          `WHERE stream = ${sqlText(stream)} AND window_start >= ${sqlTime(since)} ` +
          `AND window_seconds = ${windowSeconds} GROUP BY series, run, metric`,
      );
      return rows.map(seriesRow);
    },
    async windows({ stream, series, metric, since }) {
      const rows = await rowsOf(
        "SELECT window_start, count, mean, deviation, minimum, maximum, last_ts FROM streaming.windows " +
          `WHERE stream = ${sqlText(stream)} AND series = ${sqlText(series)} AND metric = ${sqlText(metric)} ` +
          `AND window_start >= ${sqlTime(since)} AND window_seconds = ${windowSeconds}`,
      );
      return rows.map(windowPart);
    },
    async censusRuns() {
      const rows = await rowsOf("SELECT run, max(made_at) AS made_at FROM census.summary GROUP BY run");
      return rows.map(censusRun);
    },
    async censusFigures(name) {
      const rows = await rowsOf(
        'SELECT "grouping", member, measure, count, mean, deviation, minimum, maximum FROM census.summary ' +
          `WHERE run = ${sqlText(name)}`,
      );
      return rows.map(censusFigure);
    },
  };
}

/** A time as an SQL literal without a zone, in UTC as the session is. */
function sqlTime(time: number): string {
  return `TIMESTAMP '${new Date(time).toISOString().slice(0, 23).replace("T", " ")}'`;
}

/** The first batch makes the tables. */
function isMissingTable(error: unknown): boolean {
  return error instanceof PrestoError && /\b(Table|Schema) .*does not exist/i.test(error.message);
}
