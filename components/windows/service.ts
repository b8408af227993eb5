/** The stream of windowed figures, as plain data. */
import * as z from "zod";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { cassandra } from "../cassandra/service.ts";
import { catalog } from "../catalog/service.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { randomNumbers } from "../random-numbers/service.ts";
import { applicationPods, driverSetting, spark, sparkDriverResources, sparkHeap } from "../spark/service.ts";
import { telemetry } from "../telemetry/service.ts";
import { streamTables } from "./tables.ts";

export const windows = defineService({
  name: "windows",
  group: "pipeline",
  title: "streamed windows",
  settings: z
    .strictObject({
      enabled: optional(
        "pipeline",
        "random numbers and telemetry are streamed, in windows, into Cassandra and the lake",
      ),
      windowSeconds: z.int().min(1).max(600).default(10).describe("Length of a window, in seconds."),
      triggerSeconds: z.int().min(1).max(3600).default(4).describe("Seconds between two writes to Cassandra."),
      lakeTriggerSeconds: z.int().min(1).max(3600).default(10).describe("Seconds between two commits to the lake."),
      driverMemory: sparkHeap("768Mi", "the driver"),
      resources: driverSetting("the driver"),
      executors: z
        .int()
        .min(0)
        .max(100)
        .default(0)
        .describe("Number of executors. With 0 the driver does the work itself, which suits a single node."),
      keepHours: z
        .int()
        .min(1)
        .max(8760)
        .default(24)
        .describe("Hours that Cassandra keeps streamed rows; the lake keeps them all."),
    })
    .prefault({})
    .describe("The Spark stream that computes windowed figures."),
  needs: {
    of: [kafka, objectStore, catalog, spark, cassandra, telemetry, randomNumbers],
    why: "Spark reads the topics of both streams and writes to the lake and to Cassandra",
  },
  sized: (own) => ({ resources: sparkDriverResources(own, own.resources) }),
  pods: (view) =>
    applicationPods(sparkDriverResources(view.own, view.own.resources), view.of(spark), view.own.executors),
  shrinks: [{ rank: 3, set: { executors: 0 }, applies: ({ executors }) => executors > 0 }],
  goes: 6,
  tables: streamTables,
  tableRoles: { spark: { streaming: "readWrite" } },
  hops: { lake: ["randomNumbers", "windows"] },
});
