/** Presto, as plain data. */
import * as z from "zod";
import { prestoWatched } from "./watched.ts";
import { mebibytes } from "../../platform/quantity.ts";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { enabled, image, memory } from "../../platform/settings.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { catalog } from "../catalog/service.ts";
import { objectStore } from "../object-store/service.ts";
import { PRESTO } from "./image/recipe.ts";

const node = { small: size(100, 2000, 0.65), large: size(1000, 4000, 1) };

/** Presto's coordinator, or one worker. @param settings.memory Limit of the container. */
export function prestoResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(node[settings.size], settings.memory, settings.resources);
}

export const presto = defineService({
  name: "presto",
  watched: prestoWatched,
  onPath: true,
  settings: z
    .strictObject({
      enabled: enabled("Presto is part of the platform"),
      workers: z
        .int()
        .min(0)
        .max(100)
        .default(0)
        .describe("Workers in addition to the coordinator. With 0 the coordinator does the work itself."),
      memory: memory("1664Mi", "1024Mi"),
      scheduling: schedulingSetting("the coordinator and the workers"),
      resources: resourcesSetting("the coordinator and of each worker", node),
      collector: collectorSetting(),
      image: image().describe("Image with the contract of `prestodb/presto:0.287`. Default: built from packages."),
    })
    .prefault({})
    .describe("Presto SQL."),
  needs: { of: [objectStore, catalog], why: 'they hold the tables of its catalog "lake"' },
  image: {
    name: "presto",
    base: "jre",
    sources: ["platform/images/training.py"],
    upstream: { image: `docker.io/prestodb/presto:${PRESTO}`, layer: "image-upstream" },
  },
  published: {
    presto: {
      nodePort: 30080,
      rank: 2,
      meaning: "Presto",
      title: "Presto",
      use: "SQL over all tables, by browser, JDBC or DB-API; this page shows the queries",
      asksForLogin: false,
    },
  },
  sized: (own) => ({ resources: prestoResources(own) }),
  pods: ({ own }) => [{ resources: prestoResources(own), count: 1 + own.workers }],
  outside: [
    {
      key: "presto",
      title: "Presto",
      of(_, { address }) {
        const url = address("presto");
        return url === undefined ? undefined : { url, catalog: "lake" };
      },
    },
  ],
  shrinks: [
    { rank: 1, set: { workers: 0 }, applies: ({ workers }) => workers > 0 },
    { rank: 8, set: { memory: "1664Mi" }, applies: ({ memory: limit }) => mebibytes(limit) > 1664 },
  ],
  goes: 9,
  warnings: ({ own, target }) =>
    target === "cloud" && own.workers === 0
      ? ["millrace:services.presto.workers: 0 on target cloud: the coordinator does all the work"]
      : [],
  store: {
    consumers: { presto: "Presto" },
    rights: (_, { bucket }) => ({ presto: { [bucket("lake")]: "readWrite" } }),
  },
  tableRoles: { presto: { streaming: "read", census: "read", race: "read" } },
});
