/** Which of the platform's own images a config needs. */
import type { PlatformConfig } from "../config/index.ts";
import type { ImageName } from "../images/index.ts";

/** Images of services that are part of the platform and bring no image of their own. */
export function imagesOf(config: PlatformConfig): ImageName[] {
  const { kafka, objectStore, catalog, spark, presto, tools } = config.services;
  const needed: readonly (readonly [ImageName, boolean])[] = [
    ["garage", objectStore.enabled && objectStore.server === "garage" && objectStore.image === undefined],
    ["kafka", kafka.enabled && kafka.existing === undefined && kafka.image === undefined],
    ["metastore", catalog.enabled && catalog.image === undefined],
    ["spark", spark.enabled && spark.image === undefined],
    ["presto", presto.enabled && presto.image === undefined],
    ["tools", tools.image === undefined],
  ];
  return needed.filter(([, isNeeded]) => isNeeded).map(([name]) => name);
}
