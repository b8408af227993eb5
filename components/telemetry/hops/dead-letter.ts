/** Hop `dead-letter`: what the stream could not read is kept, with the reason. */
import { poll } from "../../../platform/hops/errors.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import type { MarkedRun } from "./marked-records.ts";
import { sqlText } from "../../presto/programs/presto-client.ts";
import type { PrestoClient } from "../../presto/programs/presto-client.ts";

export function deadLetterHop(presto: PrestoClient, marked: MarkedRun): Hop {
  const sql = `SELECT key, error FROM dead_letter WHERE run = ${sqlText(marked.run)}`;
  return {
    name: "dead-letter",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) =>
      poll(
        async () => {
          const rows = (await presto.query(sql, signal)).map((row) => ({
            key: String(row["key"]),
            error: String(row["error"]),
          }));
          const problem = deadLetterProblem(rows, marked);
          if (problem !== undefined) return problem;
          // Poison has no value to add up: the checksum counts the reasons that are right.
          const count = rows.length;
          return {
            count,
            distinct: count,
            checksum: String(count),
            message: "poison records kept, each with its reason",
          };
        },
        { signal, onProgress },
      ),
  };
}

/** @returns what is wrong with the rows found for the run's poison records; `undefined`: nothing */
export function deadLetterProblem(
  rows: readonly { readonly key: string; readonly error: string }[],
  marked: MarkedRun,
): string | undefined {
  const { poison } = marked;
  const distinct = new Set(rows.map(({ key }) => key)).size;
  if (distinct < poison.length) return `${distinct} of ${poison.length} poison records are in table dead_letter`;
  if (rows.length > poison.length)
    return `${rows.length} rows in table dead_letter for ${poison.length} poison records`;
  const errors = new Map(rows.map(({ key, error }) => [key, error]));
  const wrong = poison.find(({ message, reason }) => errors.get(message.key)?.startsWith(reason) !== true);
  if (wrong === undefined) return undefined;
  return `record ${wrong.message.key} has the reason "${errors.get(wrong.message.key) ?? ""}", expected "${wrong.reason}"`;
}
