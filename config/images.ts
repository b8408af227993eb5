/** Which images a config needs: one list for the program, which pushes them, and the CLI, which makes them ready. */
import type { WantedImages } from "../images/wanted.ts";
import type { PlatformConfig } from "./schema.ts";

export function wantedImages(config: PlatformConfig): WantedImages {
  const { kafka, objectStore, catalog, spark, presto, tools } = config.services;
  const { postgres, airflow, jupyterhub, cassandra, display } = config.services;
  return {
    kafka: kafka.enabled && kafka.existing === undefined && kafka,
    garage: objectStore.enabled && objectStore.server === "garage" && objectStore,
    metastore: catalog.enabled && catalog,
    spark: spark.enabled && spark,
    presto: presto.enabled && presto,
    postgres: postgres.enabled && postgres,
    airflow: airflow.enabled && airflow,
    jupyter: jupyterhub.enabled && jupyterhub,
    cassandra: cassandra.enabled && cassandra,
    display: display.enabled && display,
    tools,
  };
}
