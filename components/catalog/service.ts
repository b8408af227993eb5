/** The catalog of tables, as plain data. */
import * as z from "zod";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { enabled, image, memory, storage } from "../../platform/settings.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { objectStore } from "../object-store/service.ts";
import { postgres } from "../postgres/service.ts";

const metastore = { small: size(50, 1500, 0.6), large: size(250, 2000, 1) };

/** The Hive metastore. @param settings.memory Limit of the container. */
export function catalogResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(metastore[settings.size], settings.memory, settings.resources);
}

export const catalog = defineService({
  name: "catalog",
  alsoCalled: ["metastore"],
  onPath: true,
  settings: z
    .strictObject({
      enabled: enabled("the catalog of tables (a Hive metastore) is part of the platform"),
      storage: storage("1Gi").describe(
        "Where earlier versions kept the catalog, which is in PostgreSQL now: read once, to move it. `persistent` or `ephemeral`.",
      ),
      memory: memory("640Mi", "512Mi"),
      scheduling: schedulingSetting("the metastore"),
      resources: resourcesSetting("the metastore", metastore),
      collector: collectorSetting(),
      image: image().describe(
        "Image with the contract of `apache/hive:3.1.3` and PostgreSQL's driver. Default: built from packages.",
      ),
    })
    .prefault({})
    .describe("The catalog of Iceberg tables."),
  needs: { of: [objectStore, postgres], why: "its tables and what it knows of them are kept there" },
  image: { name: "metastore", base: "jre", sources: ["platform/images/training.py"] },
  sized: (own) => ({ resources: catalogResources(own) }),
  pods: ({ own }) => [{ resources: catalogResources(own), data: own.storage }],
  database: {
    name: "metastore",
    // Tables would lose the commits made since, which nobody means who restores Airflow.
    restoredByName: {
      of: "the catalog",
      lost:
        "tables made since are not listed any more, and commits made since are not in the tables; docs/backup.md says how to " +
        "take up the newest version of a table",
    },
  },
  claims: { set: "metastore" },
  store: {
    buckets: { lake: { name: "lake", holds: "the tables" } },
    consumers: { metastore: "the metastore" },
    rights: (_, { bucket }) => ({ metastore: { [bucket("lake")]: "readWrite" } }),
  },
});
