/** Figures of the race cars in windows of time, as plain data. */
import * as z from "zod";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { cassandra } from "../cassandra/service.ts";
import { catalog } from "../catalog/service.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { raceCar } from "../race-car/service.ts";
import { spark } from "../spark/service.ts";
import { telemetry } from "../telemetry/service.ts";
import { engines } from "./programs/names.ts";
import { raceTables } from "./tables.ts";

export const raceWindows = defineService({
  name: "raceWindows",
  group: "streams",
  title: "the race's windows",
  settings: z
    .strictObject({
      enabled: optional("streams", "the race cars' samples are summed up, in windows, into Cassandra"),
      engines: z
        .array(z.enum(engines))
        .min(1)
        .refine((given) => new Set(given).size === given.length, { error: "names an engine twice; name it once" })
        .default([...engines])
        .describe("Who computes the windows, each by itself: `spark` in the driver of the streams, `flink` in a job."),
      windowSeconds: z.int().min(1).max(600).default(10).describe("Length of a window, in seconds."),
      latenessSeconds: z
        .int()
        .min(0)
        .max(600)
        .default(5)
        .describe(
          "Seconds that a window stays open after its end for samples that come late; those that come later are dropped and counted.",
        ),
      keepHours: z.int().min(1).max(8760).default(24).describe("Hours that Cassandra keeps the windows."),
    })
    .prefault({})
    .describe("Figures of the race cars in windows of time, computed by Spark and by Flink from the same samples."),
  needs: {
    of: [kafka, objectStore, catalog, spark, cassandra, telemetry, raceCar],
    why: "the cars' samples come from Kafka, the streams sum them up, and the windows go to Cassandra",
  },
  goes: 4,
  tables: raceTables,
  // Who else reads and writes them says so itself.
  tableRoles: { flink: { race: "readWrite" } },
  hops: {
    "race-spark": ["raceCar", "raceWindows", "cassandra"],
    "race-flink": ["raceCar", "raceWindows", "cassandra", "flink"],
  },
  unasked: ({ engines: given }) =>
    Object.fromEntries(
      engines
        .filter((engine) => !given.includes(engine))
        .map((engine) => [`race-${engine}`, `services.raceWindows.engines has no ${engine}`]),
    ),
});
