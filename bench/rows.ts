/** The rows that a measurement leaves in the lake. */
import { describeError } from "../platform/hops/errors.ts";
import { deleteRuns } from "../components/presto/hops/presto.ts";
import { PrestoClient } from "../components/presto/programs/presto-client.ts";
import type { BenchSettings } from "./settings.ts";

/** @param schema - where tables without a schema in their name are */
export function lakeClient({ presto: url, catalog }: BenchSettings, schema: string): PrestoClient {
  return new PrestoClient({ url, catalog, schema, user: "bench", statementTimeoutMs: 60_000 });
}

/** Removes the rows of runs unless they shall stay; a failure is told and harms no figure. */
export async function removeRuns(
  { keep, log }: BenchSettings,
  presto: PrestoClient,
  tables: readonly string[],
  runs: readonly string[],
): Promise<void> {
  if (keep) return;
  const signal = AbortSignal.timeout(60_000);
  await Promise.all(tables.map((table) => deleteRuns(presto, table, runs, signal))).catch((error: unknown) => {
    log(`warning: the rows of run ${runs.join(" and ")} were not removed: ${describeError(error)}`);
  });
}
