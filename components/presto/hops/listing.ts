/** What every SQL client asks before anything else: which tables there are, and which columns. */
import { performance } from "node:perf_hooks";
import { listingMs } from "../../../platform/hops/limits.ts";
import { sqlText } from "../programs/presto-client.ts";
import type { PrestoClient, PrestoValue } from "../programs/presto-client.ts";

export interface ListedTable {
  readonly catalog: string;
  readonly schema: string;
  readonly table: string;
  /** A column that it has. */
  readonly column: string;
}

/**
 * Asks for the table and the column in each way that clients have.
 * @returns what is missing or too slow, in words without a figure, so that the same words come again; else the times
 */
export async function listing(
  presto: PrestoClient,
  { catalog, schema, table, column }: ListedTable,
  signal: AbortSignal,
  limitMs = listingMs,
): Promise<string | { readonly times: string }> {
  const inSchema = (what: string): string =>
    `FROM ${catalog}.information_schema.${what} WHERE table_schema = ${sqlText(schema)}`;
  const questions = [
    ["SHOW TABLES", `SHOW TABLES FROM ${catalog}.${schema}`, table],
    ["DESCRIBE", `DESCRIBE ${catalog}.${schema}.${table}`, column],
    ["information_schema.tables", `SELECT table_name ${inSchema("tables")}`, table],
    [
      "information_schema.columns",
      `SELECT column_name ${inSchema("columns")} AND table_name = ${sqlText(table)}`,
      column,
    ],
  ] as const;
  const times: string[] = [];
  for (const [name, sql, wanted] of questions) {
    const started = performance.now();
    const rows = await presto.query(sql, signal);
    const ms = performance.now() - started;
    if (!rows.some((row) => firstOf(row) === wanted)) return `${sql} does not list ${wanted}`;
    if (ms > limitMs) return `${sql} takes longer than ${limitMs / 1000} s`;
    times.push(`${name} ${(ms / 1000).toFixed(1)} s`);
  }
  return { times: times.join(", ") };
}

function firstOf(row: Readonly<Record<string, PrestoValue>>): PrestoValue | undefined {
  return Object.values(row)[0];
}
