/** Hop `spark`: the stream has taken the records and written them as data files. */
import { poll } from "../errors.ts";
import { difference, figuresOf } from "../hop.ts";
import type { Hop } from "../hop.ts";
import type { MarkedRun } from "../marked-records.ts";
import type { SamplesFiles } from "../samples-files.ts";

/**
 * Looks at the files themselves, committed or not: a batch that was interrupted may leave a file that no table lists, so
 * here each record counts once; the hops after this one count raw rows.
 */
export function sparkHop(files: SamplesFiles, marked: MarkedRun): Hop {
  return {
    name: "spark",
    timeoutMs: 75_000,
    run: ({ signal }) =>
      poll(
        async () => {
          const keys = await files.keys();
          const rows = new Map((await files.rows(keys)).map((row) => [row.id, row]));
          const figures = figuresOf(rows.values());
          const problem = difference(figures, marked.expected);
          if (problem === undefined) {
            return { ...figures, message: `in ${keys.length} data file${keys.length === 1 ? "" : "s"} of the stream` };
          }
          return `${problem} in ${keys.length} data files; the topic has them, so the stream or its checkpoint is at fault`;
        },
        { signal },
      ),
  };
}
