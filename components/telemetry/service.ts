/** The first data path, as plain data: the node's own figures from Kafka into Iceberg. */
import * as z from "zod";
import { resources, type Resources } from "../../platform/resources.ts";
import { defineService } from "../../platform/service.ts";
import { enabled } from "../../platform/settings.ts";
import { catalog } from "../catalog/service.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { spark } from "../spark/service.ts";

/** The telemetry producer. */
export function producerResources(): Resources {
  return resources(20, 500, "256Mi", 0.375);
}

/** Records of one sample of a machine with two disks: 18 figures of vmstat, 21 of iostat for each. */
const RECORDS_PER_SAMPLE = 60;

export const telemetry = defineService({
  name: "telemetry",
  onPath: true,
  settings: z
    .strictObject({
      enabled: enabled("the node's own telemetry is produced to Kafka and streamed into Iceberg"),
      intervalSeconds: z.int().min(1).max(3600).default(5).describe("Seconds between two samples."),
      partitions: z.int().min(1).max(1000).default(3).describe("Partitions of the topic `telemetry`."),
      stream: z
        .strictObject({
          triggerSeconds: z.int().min(1).max(3600).default(3).describe("Seconds between two commits of samples."),
          deadLetterTriggerSeconds: z
            .int()
            .min(1)
            .max(3600)
            .default(10)
            .describe("Seconds between two commits of records that could not be read."),
        })
        .prefault({})
        .describe("The Spark stream from Kafka into Iceberg."),
    })
    .prefault({})
    .describe("The first data path: producer, topic, stream, tables."),
  needs: { of: [kafka, objectStore, catalog, spark], why: "the stream runs from Kafka through Spark to them" },
  usesTools: true,
  published: { sparkUi: { nodePort: 30040, rank: 6, meaning: "The page of the Spark driver", title: "the Spark UI" } },
  pods: () => [{ resources: producerResources() }],
  topics: ({ partitions, intervalSeconds }) => ({
    telemetry: {
      partitions,
      // Those of one machine have one key.
      used: 1,
      recordsPerSecond: RECORDS_PER_SAMPLE / intervalSeconds,
      from: `millrace:services.telemetry.intervalSeconds (${intervalSeconds})`,
    },
  }),
});
