/** The first data path, as plain data: the node's own figures from Kafka into Iceberg. */
import * as z from "zod";
import { telemetryWatched } from "./watched.ts";
import type { Resources, SizeRow } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { enabled } from "../../platform/settings.ts";
import { allResourcesSetting, type GivenResources, size, type Sized, sized } from "../../platform/sizes.ts";
import { catalog } from "../catalog/service.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { telemetryRecord } from "./programs/record.ts";
import { applicationPods, driverSetting, spark, sparkDriverResources, sparkHeap } from "../spark/service.ts";

const MEMORY = "256Mi";
const producer = { small: size(20, 500, 0.375), large: size(50, 500, 1) };

/** The telemetry producer. */
export function producerResources(settings: Sized): Resources {
  return sized(producer[settings.size], MEMORY, settings.resources);
}

/** The driver of the streams. */
export function streamDriverResources(settings: {
  readonly size: SizeRow;
  readonly stream: { readonly driverMemory: string; readonly resources?: GivenResources | undefined };
}): Resources {
  const { size: row, stream } = settings;
  return sparkDriverResources({ driverMemory: stream.driverMemory, size: row }, stream.resources);
}

/** Records of one sample of a machine with two disks: 18 figures of vmstat, 21 of iostat for each. */
const RECORDS_PER_SAMPLE = 60;

export const telemetry = defineService({
  name: "telemetry",
  watched: telemetryWatched,
  onPath: true,
  settings: z
    .strictObject({
      enabled: enabled("the node's own telemetry is produced to Kafka and streamed into Iceberg"),
      intervalSeconds: z.int().min(1).max(3600).default(5).describe("Seconds between two samples."),
      partitions: z.int().min(1).max(1000).default(3).describe("Partitions of the topic `telemetry`."),
      stream: z
        .strictObject({
          triggerSeconds: z
            .int()
            .min(1)
            .max(3600)
            .default(1)
            .describe("Minimum time between the starts of two batches, in seconds."),
          minRecords: z
            .int()
            .min(1)
            .max(1_000_000)
            .default(300)
            .describe("Number of new records that starts a batch at once."),
          quietSeconds: z
            .int()
            .min(1)
            .max(3600)
            .default(15)
            .describe("Time after which fewer records start a batch, too, in seconds."),
          maxRecords: z
            .int()
            .min(100)
            .max(1_000_000)
            .default(20_000)
            .describe("Maximum number of records in a batch. It bounds the batches after a long stop."),
          driverMemory: sparkHeap("768Mi", "the driver"),
          resources: driverSetting("the driver"),
        })
        .prefault({})
        .describe("The Spark streams from Kafka into Iceberg and, with `windows`, into Cassandra."),
      scheduling: schedulingSetting("the producer and of the streams' driver"),
      resources: allResourcesSetting("the producer", producer, MEMORY, "128Mi"),
    })
    .prefault({})
    .describe("The first data path: producer, topic, stream, tables."),
  needs: { of: [kafka, objectStore, catalog, spark], why: "the stream runs from Kafka through Spark to them" },
  usesTools: true,
  published: {
    sparkUi: {
      nodePort: 30040,
      rank: 6,
      meaning: "The page of the Spark driver",
      title: "the Spark UI",
      use: "What the stream of Spark does: batches, stages, executors",
      asksForLogin: false,
    },
  },
  sized: (own) => ({ resources: producerResources(own), "stream.resources": streamDriverResources(own) }),
  pods: ({ own, of, isOn }) => [
    { resources: producerResources(own) },
    ...(isOn("spark") ? applicationPods(streamDriverResources(own), of(spark), of(spark).executors) : []),
  ],
  problems({ own: { stream } }) {
    if (stream.minRecords <= stream.maxRecords) return [];
    return [
      `millrace:services.telemetry.stream.minRecords is ${stream.minRecords}, more than a batch may have ` +
        `(maxRecords: ${stream.maxRecords}); give a lower number, or raise maxRecords`,
    ];
  },
  quarters: ({ of, isOn }) => (isOn("spark") && of(spark).executors > 0 ? ["jobs"] : []),
  topics: ({ partitions, intervalSeconds }) => ({
    telemetry: {
      partitions,
      // Those of one machine have one key.
      used: 1,
      recordsPerSecond: RECORDS_PER_SAMPLE / intervalSeconds,
      from: `millrace:services.telemetry.intervalSeconds (${intervalSeconds})`,
      record: telemetryRecord,
    },
  }),
});
