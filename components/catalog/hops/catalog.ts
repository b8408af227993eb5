/** Hop `catalog`: the metastore's current version of the table lists the files that hold the records. */
import { describeError, poll } from "../../../platform/hops/errors.ts";
import { figuresOf, HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { IcebergFiles, metadataLocation } from "./iceberg-table.ts";
import { shortPauseMs, standstillMs } from "../../../platform/hops/limits.ts";
import { recordsDifference } from "../../telemetry/hops/marked-records.ts";
import type { MarkedRun } from "../../telemetry/hops/marked-records.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";
import type { SamplesFiles } from "./samples-files.ts";

export interface CatalogHopConfig {
  /** `thrift://host:port` of the metastore */
  readonly uri: string;
  readonly namespace: string;
}

/** Asks the metastore itself, not an engine, so that a catalog that is away is not taken for an engine that is. */
export function catalogHop(
  { uri, namespace }: CatalogHopConfig,
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
          const rows = await files.rows(await iceberg.listed(location, await files.keys()));
          const problem = recordsDifference(rows, marked);
          if (problem !== undefined) return `${uri} lists files with ${problem} for ${table}: the commit is missing`;
          return { ...figuresOf(rows), message: `in the files that ${uri} lists for ${table}` };
        },
        { signal, onProgress, pauseMs: shortPauseMs },
      ),
  };
}
