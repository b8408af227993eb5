/** Hop `spark`: the stream has taken the records and written them as data files. */
import { poll } from "../errors.ts";
import { difference, figuresOf, HopFailure } from "../hop.ts";
import type { Hop } from "../hop.ts";
import { metastoreTrouble } from "../iceberg-table.ts";
import type { MarkedRun } from "../marked-records.ts";
import type { SamplesFiles } from "../samples-files.ts";

export interface SparkHopOptions {
  /** How long the metastore may be away before it is taken for the cause, in ms; a restart takes less. @default 20000 */
  readonly metastorePatienceMs?: number;
}

/**
 * Looks at the files themselves, committed or not: a batch that was interrupted may leave a file that no table lists, so
 * here each record counts once; the hops after this one count raw rows.
 *
 * The stream writes nothing more once it can't commit, so when rows are missing the metastore is asked too: if it is
 * away, the failure is the catalog's and not Spark's.
 */
export function sparkHop(
  files: SamplesFiles,
  marked: MarkedRun,
  metastoreUri: string,
  { metastorePatienceMs = 20_000 }: SparkHopOptions = {},
): Hop {
  let answeredAt = performance.now();
  const blameMetastore = async (missing: string, signal: AbortSignal): Promise<void> => {
    const trouble = await metastoreTrouble(metastoreUri, signal);
    if (trouble === undefined) answeredAt = performance.now();
    else if (performance.now() - answeredAt > metastorePatienceMs && !signal.aborted) {
      throw new HopFailure(
        `the metastore ${metastoreUri} does not answer: ${trouble}; without it the stream can't commit, ` +
          `so there are ${missing}`,
        { hop: "catalog" },
      );
    }
  };
  return {
    name: "spark",
    timeoutMs: 75_000,
    run: ({ signal }) => {
      answeredAt = performance.now();
      return poll(
        async () => {
          const keys = await files.keys();
          const rows = new Map((await files.rows(keys)).map((row) => [row.id, row]));
          const figures = figuresOf(rows.values());
          const problem = difference(figures, marked.expected);
          if (problem === undefined) {
            return { ...figures, message: `in ${keys.length} data file${keys.length === 1 ? "" : "s"} of the stream` };
          }
          const missing = `${problem} in ${keys.length} data files`;
          await blameMetastore(missing, signal);
          return `${missing}; the topic has them and the metastore answers, so the stream or its checkpoint is at fault`;
        },
        { signal },
      );
    },
  };
}
