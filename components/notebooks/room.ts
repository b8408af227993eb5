/** What notebooks and tasks have of the platform: where everything is, and the notebooks that come with it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { defineRoom } from "../../platform/place.ts";
import { setupResources } from "../../platform/resources.ts";
import { airflow } from "../airflow/service.ts";
import { jupyterhub } from "../jupyterhub/service.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { PlacedStore } from "../object-store/room.ts";
import type { Presto } from "../presto/presto.ts";
import type { SparkConnect } from "../spark-connect/spark-connect.ts";
import { ClientEndpointsConfig } from "./client-endpoints.ts";
import { NotebookLibrary } from "./notebook-library.ts";

interface Wires {
  store: PlacedStore<"notebooks">;
  kafka: KafkaWithTopics | undefined;
  presto: Presto | undefined;
  spark: SparkConnect | undefined;
}

export const notebooksRoom = defineRoom({
  service: jupyterhub,
  sharedBy: [airflow, jupyterhub],
  without: ["kafka", "presto", "spark"],
  build({ namespace, image, bucket, opts }, { store, kafka, presto, spark }: Wires) {
    const { endpoints } = new ClientEndpointsConfig(
      "client-endpoints",
      {
        namespace,
        ...(kafka && { kafka: kafka.endpoint }),
        ...(presto && { presto: presto.endpoint }),
        ...(spark && { spark: spark.endpoint }),
        objectStore: store.access("notebooks"),
        notebooks: `s3://${bucket("notebooks")}`,
        published: { kafka: kafka?.address, presto: presto?.address, s3: store.address },
      },
      opts,
    );
    const library = new NotebookLibrary(
      "notebook-library",
      {
        namespace,
        objectName: "notebooks-setup",
        toolsImage: image("tools"),
        resources: setupResources(),
        objectStore: store.access("notebooks"),
        bucket: bucket("notebooks"),
        notebooks: notebooks(),
      },
      opts,
    );
    return { endpoints, library };
  },
  offers: ({ library }) => ({ waitFor: library.ready }),
});

/** The platform's own notebooks, by file name. */
function notebooks(): Record<string, string> {
  const folder = join(import.meta.dirname, "..", "..", "notebooks");
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".ipynb"))
    .sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}
