/** Spark Connect, as plain data. */
import * as z from "zod";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { applicationPods, driverSetting, spark, sparkDriverResources, sparkHeap } from "../spark/service.ts";

export const sparkConnect = defineService({
  name: "sparkConnect",
  group: "studio",
  title: "Spark Connect",
  settings: z
    .strictObject({
      enabled: optional("studio", "users can run Spark from notebooks (Spark Connect)"),
      driverMemory: sparkHeap("640Mi", "the driver that all sessions share"),
      scheduling: schedulingSetting("the driver"),
      resources: driverSetting("the driver"),
      maxExecutors: z
        .int()
        .min(1)
        .max(100)
        .default(1)
        .describe("Maximum number of executors. They are started when there is work and removed when there is none."),
    })
    .prefault({})
    .describe("Spark Connect: Spark for notebooks and tasks. Executors are as large as those of `spark`."),
  needs: { of: [spark], why: "its sessions take Spark's settings and account" },
  sized: (own) => ({ resources: sparkDriverResources(own, own.resources) }),
  pods: (view) =>
    applicationPods(sparkDriverResources(view.own, view.own.resources), view.of(spark), view.own.maxExecutors),
  shrinks: [{ rank: 9, set: { maxExecutors: 1 }, applies: ({ maxExecutors }) => maxExecutors > 1 }],
  quarters: () => ["jobs"],
  goes: 3,
  store: {
    consumers: { "spark-connect": "people's sessions of Spark" },
    // Of what the streams keep beside the lake, people's sessions see nothing.
    rights: ({ own }, { bucket }) => (own.enabled ? { "spark-connect": { [bucket("lake")]: "readWrite" } } : {}),
  },
});
