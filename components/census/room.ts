/** How the census is built: a static file, and the batch over it. */
import { defineRoom } from "../../platform/place.ts";
import { programText } from "../../platform/program.ts";
import { proven } from "../../platform/proven.ts";
import { cassandraEnv } from "../cassandra/cassandra-settings.ts";
import type { CassandraSource } from "../cassandra/endpoint.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import { sharedDriverResources, spark as sparkService } from "../spark/service.ts";
import { sparkDriverName } from "../spark/names.ts";
import { SparkApplication } from "../spark/spark-application.ts";
import type { History } from "../spark-history/room.ts";
import type { censusHops } from "./hops.ts";
import { batchProgram } from "./batch-program.ts";
import { CensusFile } from "./census-file.ts";
import { census, censusExecutors, censusFileResources } from "./service.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

/** Name of the batch's application. */
const NAME = "census";
/** Name under which the figures of the census file are kept. */
const CENSUS_RUN = "static-file";

interface Wires {
  store: S3Source<"census-file" | "census">;
  spark: SparkEndpoint;
  cassandra: CassandraSource<"census"> | undefined;
  history: History | undefined;
}

export const censusRoom = defineRoom({
  service: census,
  without: ["cassandra", "history"],
  build({ own, of, namespace, image, exposure, bucket, opts }, { store, spark, cassandra, history }: Wires) {
    const file = new CensusFile(
      "census-file",
      {
        namespace,
        toolsImage: image("tools"),
        objectStore: store.access("census-file"),
        bucket: bucket("inputs"),
        rows: own.rows,
        seed: own.seed,
        parts: own.parts,
        resources: censusFileResources(own),
      },
      opts,
    );
    new SparkApplication(
      NAME,
      {
        spark,
        mode: "batch",
        main: batchProgram(),
        modules: [{ file: "census_input.py", content: programText(import.meta.dirname, "census_input.py") }],
        // Rows and seed are checked against the file, and let a changed file make the batch run again.
        arguments: [
          `--input=s3a://${bucket("inputs")}/${file.prefix}`,
          `--run=${CENSUS_RUN}`,
          `--rows=${own.rows}`,
          `--seed=${own.seed}`,
        ],
        objectStore: store.access("census"),
        ...(cassandra && {
          secretEnv: cassandraEnv(cassandra.access("census")),
          reaches: [cassandra.access("census").at],
        }),
        driverMemory: of(sparkService).driverMemory,
        driverResources: sharedDriverResources(of(sparkService)),
        executors: censusExecutors(own),
        waitFor: [
          ...file.ready,
          ...spark.objectStore.ready,
          ...spark.catalog.ready,
          ...(cassandra?.access("census").ready ?? []),
        ],
        ...(history && { eventLog: history.eventLog }),
        exposure,
      },
      opts,
    );
    return { file };
  },
  offers: ({ file }, { own, bucket }) => ({
    proves: [
      proven<typeof censusHops>("census", {
        settings: {
          bucket: bucket("inputs"),
          prefix: file.prefix,
          rows: own.rows,
          run: CENSUS_RUN,
          job: sparkDriverName(NAME),
        },
        seesJobs: true,
      }),
    ],
    // Not the batch: it takes longest of all, and the hops that ask for its figures wait for it.
    waitFor: file.ready,
  }),
});
