/** Windowed figures of the streams, as plain data. */
import * as z from "zod";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { cassandra } from "../cassandra/service.ts";
import { catalog } from "../catalog/service.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { randomNumbers } from "../random-numbers/service.ts";
import { spark } from "../spark/service.ts";
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
      keepHours: z
        .int()
        .min(1)
        .max(8760)
        .default(24)
        .describe("Hours that Cassandra keeps streamed rows; the lake keeps them all."),
    })
    .prefault({})
    .describe("Figures of time windows, computed by the Spark streams."),
  needs: {
    of: [kafka, objectStore, catalog, spark, cassandra, telemetry, randomNumbers],
    why: "Spark reads the topics of both streams and writes to the lake and to Cassandra",
  },
  goes: 6,
  tables: streamTables,
  tableRoles: { spark: { streaming: "readWrite", race: "readWrite" } },
  hops: { lake: ["randomNumbers", "windows"] },
});
