/** How Spark is built: its settings and its account, which applications take. */
import { defineRoom } from "../../platform/place.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import { sharedExecutorResources, spark } from "./service.ts";
import { Spark } from "./spark.ts";

export const sparkRoom = defineRoom({
  service: spark,
  build({ own, namespace, quarters, image, opts }, { store, catalog }: { store: S3Source<"spark">; catalog: Catalog }) {
    const { endpoint } = new Spark(
      "spark",
      {
        namespace,
        image: image("spark"),
        hasLakeCatalog: own.image === undefined,
        objectStore: store.access("spark"),
        catalog: catalog.endpoint,
        executors: {
          memory: own.executorMemory,
          cores: own.executorCores,
          cpuRequest: sharedExecutorResources(own).requests.cpu,
        },
        executorsIn: () => quarters("jobs"),
        collector: own.collector,
        scheduling: own.scheduling,
      },
      opts,
    );
    return endpoint;
  },
});
