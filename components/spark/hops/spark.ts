/** Hop `spark`: the stream has taken the records and written them as data files. */
import { poll } from "../../../platform/hops/errors.ts";
import { figuresOf, HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { metadataLocation, metastoreTrouble } from "../../catalog/hops/iceberg-table.ts";
import { answerMs, shortPauseMs, standstillMs } from "../../../platform/hops/limits.ts";
import { recordsDifference } from "../../telemetry/hops/marked-records.ts";
import type { MarkedRun } from "../../telemetry/hops/marked-records.ts";
import type { SamplesFiles } from "../../catalog/hops/samples-files.ts";

export interface SparkHopOptions {
  /** Iceberg namespace of the table `samples`, whose versions tell that the stream commits. @default "telemetry" */
  readonly namespace?: string;
  /** How long the metastore may be away before it is taken for the cause, in ms; a restart takes less. @default `answerMs` */
  readonly metastorePatienceMs?: number;
}

/**
 * Commits of the stream that are waited for without a record of the run: the batch under way when they were sent, the
 * one that must have them, and one of the table's maintenance.
 */
const awaitedCommits = 3;

/**
 * Looks at the files themselves, committed or not: a batch that was interrupted may leave a file that no table lists, so
 * here each record counts once; the hops after this one count raw rows.
 *
 * The stream writes nothing more once it can't commit, so when rows are missing the metastore is asked too: if it or its
 * database is away, the failure is the catalog's and not Spark's.
 */
export function sparkHop(
  files: SamplesFiles,
  marked: MarkedRun,
  metastoreUri: string,
  { namespace = "telemetry", metastorePatienceMs = answerMs }: SparkHopOptions = {},
): Hop {
  let answeredAt = performance.now();
  const blameMetastore = async (missing: string, signal: AbortSignal): Promise<void> => {
    const trouble = await metastoreTrouble(metastoreUri, signal);
    if (trouble === undefined) answeredAt = performance.now();
    else if (performance.now() - answeredAt > metastorePatienceMs && !signal.aborted) {
      throw new HopFailure(
        `the metastore ${metastoreUri} does not list its databases: ${trouble}; without it and the database behind it ` +
          `the stream can't commit, so there are ${missing}`,
        { hop: "catalog" },
      );
    }
  };
  return {
    name: "spark",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) => {
      answeredAt = performance.now();
      const versions = new Set<string>();
      const tellCommits = async (): Promise<void> => {
        const version = await metadataLocation(metastoreUri, namespace, "samples", signal).catch(() => undefined);
        if (version === undefined || versions.has(version) || versions.size > awaitedCommits) return;
        versions.add(version);
        if (versions.size > 1)
          onProgress(`the stream goes on: ${versions.size - 1} commits since the records were sent`);
      };
      return poll(
        async () => {
          const keys = await files.keys();
          const rows = [...new Map((await files.rows(keys)).map((row) => [row.id, row])).values()];
          const problem = recordsDifference(rows, marked);
          if (problem === undefined) {
            const message = `in ${keys.length} data file${keys.length === 1 ? "" : "s"} of the stream`;
            return { ...figuresOf(rows), message };
          }
          const missing = `${problem} in ${keys.length} data files`;
          await blameMetastore(missing, signal);
          await tellCommits();
          return `${missing}; the topic has them and the metastore answers, so the stream or its checkpoint is at fault`;
        },
        { signal, onProgress, pauseMs: shortPauseMs },
      );
    },
  };
}
