/** Hop `presto`: SQL sees each record once. */
import { describeError, poll } from "../errors.ts";
import { difference } from "../hop.ts";
import type { CleanupStep, Hop, HopContext } from "../hop.ts";
import { isLeftover } from "../marked-records.ts";
import type { MarkedRun } from "../marked-records.ts";
import { PrestoError, sqlText } from "../../workloads/presto-client.ts";
import type { PrestoClient } from "../../workloads/presto-client.ts";

export function prestoHop(presto: PrestoClient, marked: MarkedRun): Hop {
  const sql =
    "SELECT count(*) AS records, count(DISTINCT id) AS ids, coalesce(sum(CAST(value AS bigint)), 0) AS checksum " +
    `FROM samples WHERE run = ${sqlText(marked.run)}`;
  return {
    name: "presto",
    timeoutMs: 75_000,
    run: (context) => {
      for (const table of ["samples", "dead_letter"]) registerCleanup(context, presto, table, marked);
      return poll(
        async () => {
          const row = (await presto.query(sql, context.signal))[0] ?? {};
          const figures = {
            count: Number(row["records"]),
            distinct: Number(row["ids"]),
            checksum: String(row["checksum"]),
          };
          const problem = difference(figures, marked.expected);
          return problem === undefined ? { ...figures, message: "by SQL on samples" } : `SQL sees ${problem}`;
        },
        { signal: context.signal },
      );
    },
  };
}

/** `run` is a partition of the streams' tables, so a delete drops whole files and rewrites none. */
function registerCleanup(context: HopContext, presto: PrestoClient, table: string, marked: MarkedRun): void {
  context.onCleanup(
    runsCleanup(presto, table, marked.run, (run) => run === marked.run || isLeftover(run, marked.startedAt)),
  );
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
