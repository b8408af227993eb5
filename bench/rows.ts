/** The rows that a measurement leaves in the lake. */
import { describeError } from "../platform/hops/errors.ts";
import { deleteRuns, isMissingTable } from "../components/presto/hops/presto.ts";
import { PrestoClient, sqlText } from "../components/presto/programs/presto-client.ts";
import type { BenchSettings } from "./settings.ts";

/** @param schema - where tables without a schema in their name are */
export function lakeClient(
  { presto: url, catalog }: Pick<BenchSettings, "presto" | "catalog">,
  schema: string,
  statementTimeoutMs = 60_000,
): PrestoClient {
  return new PrestoClient({ url, catalog, schema, user: "bench", statementTimeoutMs });
}

/** Removes the rows of runs unless they shall stay; a failure is told and harms no figure. */
export async function removeRuns(
  { keep, log }: Pick<BenchSettings, "keep" | "log">,
  presto: PrestoClient,
  tables: readonly string[],
  runs: readonly string[],
  limitMs = 60_000,
): Promise<void> {
  if (keep) return;
  const signal = AbortSignal.timeout(limitMs);
  const deletes = await Promise.allSettled(tables.map((table) => deleteRuns(presto, table, runs, signal)));
  for (const [at, ended] of deletes.entries()) {
    // What a profile does not have has no rows.
    if (ended.status === "fulfilled" || isMissingTable((ended.reason as Error).cause)) continue;
    const where = `run IN (${runs.map(sqlText).join(", ")})`;
    log(
      `warning: rows were not removed (${describeError(ended.reason)}); to remove them: DELETE FROM ${tables[at] ?? "?"} WHERE ${where}`,
    );
  }
}
