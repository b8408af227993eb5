/** Spark's history, as plain data. */
import * as z from "zod";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type RightsByConsumer } from "../../platform/service.ts";
import { memory, optional } from "../../platform/settings.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { objectStore } from "../object-store/service.ts";
import { spark } from "../spark/service.ts";

const server = { small: size(20, 1000, 0.6), large: size(100, 1000, 1) };

/** The Spark history server. @param settings.memory Limit of the container; the heap is half of it. */
export function sparkHistoryResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(server[settings.size], settings.memory, settings.resources);
}

export const sparkHistory = defineService({
  name: "sparkHistory",
  group: "studio",
  title: "Spark's history",
  settings: z
    .strictObject({
      enabled: optional("studio", "the history of Spark's applications is kept and shown"),
      memory: memory("512Mi", "384Mi"),
      scheduling: schedulingSetting("the history server"),
      resources: resourcesSetting("the history server", server),
      collector: collectorSetting(),
    })
    .prefault({})
    .describe("Spark's history: the pages of applications that have ended, from event logs in S3."),
  needs: { of: [objectStore, spark], why: "Spark's applications write there what it shows" },
  published: {
    sparkHistory: {
      nodePort: 30041,
      rank: 5,
      meaning: "Spark's history",
      title: "the Spark history",
      use: "Applications of Spark that have ended, with their stages",
      asksForLogin: false,
    },
  },
  sized: (own) => ({ resources: sparkHistoryResources(own) }),
  pods: ({ own }) => [{ resources: sparkHistoryResources(own) }],
  goes: 1,
  store: {
    buckets: { sparkEvents: { name: "spark-events", holds: "Spark's history" } },
    consumers: { "spark-history": "Spark's history" },
    rights: ({ own }, { bucket }) => (own.enabled ? { "spark-history": { [bucket("sparkEvents")]: "readWrite" } } : {}),
    // Those who run applications write what it shows.
    grants({ own }, { bucket }): RightsByConsumer {
      if (!own.enabled) return {};
      const events = { [bucket("sparkEvents")]: "readWrite" } as const;
      return { spark: events, "spark-connect": events, "dag-census-batch": events, census: events };
    },
  },
  hops: { "spark-history": ["sparkHistory", "census"] },
});
