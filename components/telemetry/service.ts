/** The first data path, as plain data: the node's own figures from Kafka into Iceberg. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { defineService } from "../../platform/service.ts";
import { enabled } from "../../platform/settings.ts";
import { allResourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { catalog } from "../catalog/service.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { spark } from "../spark/service.ts";

const MEMORY = "256Mi";
const producer = { small: size(20, 500, 0.375), large: size(50, 500, 1) };

/** The telemetry producer. */
export function producerResources(settings: Sized): Resources {
  return sized(producer[settings.size], MEMORY, settings.resources);
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
      resources: allResourcesSetting("the producer", producer, MEMORY, "128Mi"),
    })
    .prefault({})
    .describe("The first data path: producer, topic, stream, tables."),
  needs: { of: [kafka, objectStore, catalog, spark], why: "the stream runs from Kafka through Spark to them" },
  usesTools: true,
  published: { sparkUi: { nodePort: 30040, rank: 6, meaning: "The page of the Spark driver", title: "the Spark UI" } },
  sized: (own) => ({ resources: producerResources(own) }),
  pods: ({ own }) => [{ resources: producerResources(own) }],
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
