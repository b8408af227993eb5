/** Hop `catalog`: the metastore's current version of the table lists the files that hold the records. */
import type { ProofConfig } from "../config.ts";
import { describeError, poll } from "../errors.ts";
import { figuresOf, HopFailure } from "../hop.ts";
import type { Hop } from "../hop.ts";
import { IcebergFiles, metadataLocation } from "../iceberg-table.ts";
import { standstillMs } from "../limits.ts";
import { recordsDifference } from "../marked-records.ts";
import type { MarkedRun } from "../marked-records.ts";
import type { ObjectStore } from "../object-store.ts";
import type { SamplesFiles } from "../samples-files.ts";

export interface CatalogHopConfig {
  readonly metastore: NonNullable<ProofConfig["metastore"]>;
  readonly namespace: string;
}

/** Asks the metastore itself, not an engine, so that a catalog that is away is not taken for an engine that is. */
export function catalogHop(
  { metastore: { uri }, namespace }: CatalogHopConfig,
  store: ObjectStore,
  files: SamplesFiles,
  marked: MarkedRun,
): Hop {
  const table = `${namespace}.samples`;
  const iceberg = new IcebergFiles(store);
  return {
    name: "catalog",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) =>
      poll(
        async () => {
          const location = await metadataLocation(uri, namespace, "samples", signal).catch((error: unknown) => {
            throw error instanceof HopFailure ? error : new Error(`${uri}: ${describeError(error)}`, { cause: error });
          });
          const listed = await iceberg.current(location);
          const keys = (await files.keys()).filter((key) => listed.has(key));
          const rows = await files.rows(keys);
          const problem = recordsDifference(rows, marked);
          if (problem !== undefined) return `${uri} lists files with ${problem} for ${table}: the commit is missing`;
          return { ...figuresOf(rows), message: `in the files that ${uri} lists for ${table}` };
        },
        { signal, onProgress },
      ),
  };
}
