/** Hop `presto`: SQL sees each record once, and lists the table that has them. */
import { askEarly, describeError, poll } from "../../../platform/hops/errors.ts";
import { figuresOf } from "../../../platform/hops/hop.ts";
import type { CleanupStep, Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { recordsDifference } from "../../telemetry/hops/marked-records.ts";
import { isLeftover } from "../../../platform/hops/run.ts";
import type { MarkedRun, SeenRecord } from "../../telemetry/hops/marked-records.ts";
import { PrestoError, sqlText } from "../programs/presto-client.ts";
import type { PrestoClient, PrestoValue } from "../programs/presto-client.ts";
import { listing } from "./listing.ts";

/** @param lists - asks for the lists of tables, beside the statements of `presto` */
export function prestoHop(
  presto: PrestoClient,
  lists: PrestoClient,
  marked: MarkedRun,
  where: { readonly catalog: string; readonly schema: string },
): Hop {
  const sql =
    "SELECT id, run, source, node, CAST(ts AS varchar) AS ts, metric, value " +
    `FROM samples WHERE run = ${sqlText(marked.run)}`;
  return {
    name: "presto",
    timeoutMs: standstillMs,
    isEarly: true,
    run: async (context) => {
      const { signal, onProgress, needed, onCleanup } = context;
      const table = { ...where, table: "samples", column: "id" };
      const list = (): Promise<{ readonly times: string }> =>
        poll(() => listing(lists, table, signal), { signal, onProgress });
      const listed = askEarly(list, needed);
      listed.catch(() => undefined);
      await needed;
      onCleanup(...["samples", "dead_letter"].map((name) => samplesCleanup(presto, name, marked)));
      const figures = await poll(
        async () => {
          const rows = (await presto.query(sql, signal)).map(recordOf);
          const problem = recordsDifference(rows, marked);
          return problem === undefined ? figuresOf(rows) : `SQL sees ${problem}`;
        },
        { signal, onProgress },
      );
      const { times } = await listed;
      return { ...figures, message: `by SQL on samples; ${times}` };
    },
  };
}

function recordOf(row: Readonly<Record<string, PrestoValue>>): SeenRecord {
  const text = (column: string): string => String(row[column]);
  return {
    id: text("id"),
    run: text("run"),
    source: text("source"),
    node: text("node"),
    ts: msOf(row["ts"]),
    metric: text("metric"),
    value: Number(row["value"]),
  };
}

/** Presto writes a time as `2026-11-21 08:30:00.000`, here in UTC. */
export function msOf(time: PrestoValue | undefined): number {
  return Date.parse(`${String(time).replace(" ", "T")}Z`);
}

/** `run` is a partition of the streams' tables, so a delete drops whole files and rewrites none. */
function samplesCleanup(presto: PrestoClient, table: string, marked: MarkedRun): CleanupStep {
  return runsCleanup(presto, table, marked.run, (run) => run === marked.run || isLeftover(run, marked.startedAt));
}

/** Removes rows of proofs from a table that has a column `run`. */
export function runsCleanup(
  presto: PrestoClient,
  table: string,
  run: string,
  isOurs: (run: string) => boolean,
): CleanupStep {
  return {
    what: `records of run ${run} and of older proofs in table ${table}`,
    run: async (signal) => {
      const runs = (await proofsIn(presto, table, signal)).filter(isOurs);
      if (runs.length > 0) await deleteRuns(presto, table, runs, signal);
    },
  };
}

/** A table that nothing has made yet has no rows. */
async function proofsIn(presto: PrestoClient, table: string, signal: AbortSignal): Promise<string[]> {
  try {
    // Not null first: it alone leaves out the ordinary rows' partitions.
    const rows = await presto.query(
      `SELECT DISTINCT run FROM ${table} WHERE run IS NOT NULL AND run LIKE 'proof-%'`,
      signal,
    );
    return rows.map((row) => String(row["run"]));
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

/** Presto takes a table that is not there for an error of the statement. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof PrestoError && /NOT_FOUND|SYNTAX_ERROR/.test(error.code);
}

/** The stream commits all the time: a delete that loses the race to a commit is tried again. */
export async function deleteRuns(
  presto: PrestoClient,
  table: string,
  runs: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const sql = `DELETE FROM ${table} WHERE run IN (${runs.map(sqlText).join(", ")})`;
  for (let attempt = 1; ; attempt++) {
    try {
      await presto.query(sql, signal);
      return;
    } catch (error) {
      if (attempt >= 3 || signal.aborted) throw new Error(describeError(error), { cause: error });
    }
  }
}
