/** Spark, as plain data. */
import * as z from "zod";
import { mebibytes, type Quantity } from "../../platform/quantity.ts";
import { resources, type Resources } from "../../platform/resources.ts";
import { defineService, type Pods } from "../../platform/service.ts";
import { enabled, image, quantity } from "../../platform/settings.ts";
import { catalog } from "../catalog/service.ts";
import { objectStore } from "../object-store/service.ts";

/** What a Spark process needs beside its heap, in MiB: metaspace, direct buffers, and Python in the driver. */
export const SPARK_OVERHEAD_MI = 640;

/** Heap of a process of Spark. @param whose In words, for example "the driver". */
export const sparkHeap = (size: Quantity, whose: string) =>
  quantity("512Mi", "1024Gi")
    .default(size)
    .describe(`Heap of ${whose}; its container gets ${SPARK_OVERHEAD_MI}Mi on top.`);

/** A Spark driver. @param settings.driverMemory Its heap; the container gets the overhead on top. */
export function sparkDriverResources(settings: { readonly driverMemory: string }): Resources {
  return resources(80, 2000, `${mebibytes(settings.driverMemory) + SPARK_OVERHEAD_MI}Mi`, 0.8);
}

/**
 * One Spark executor. Spark itself makes the pod, with the same memory as request and as limit.
 * @param settings.executorMemory Its heap; the container gets the overhead on top.
 * @param settings.executorCores Tasks at a time; the CPU limit.
 */
export function sparkExecutorResources(settings: {
  readonly executorMemory: string;
  readonly executorCores: number;
}): Resources {
  const memory = `${mebibytes(settings.executorMemory) + SPARK_OVERHEAD_MI}Mi`;
  return resources(80, Math.max(1, settings.executorCores) * 1000, memory, 1);
}

export const spark = defineService({
  name: "spark",
  onPath: true,
  settings: z
    .strictObject({
      enabled: enabled("Spark is part of the platform"),
      driverMemory: sparkHeap("640Mi", "the driver"),
      executorMemory: sparkHeap("768Mi", "each executor"),
      executors: z.int().min(1).max(100).default(1).describe("Number of executors."),
      onMissingRecords: z
        .enum(["continue", "stop"])
        .default("continue")
        .describe(
          "What a stream does when Kafka has dropped records before it read them: go on behind them and write down the gap, or stop.",
        ),
      executorCores: z.int().min(1).max(32).default(1).describe("Tasks that an executor runs at a time."),
      image: image().describe(
        "Image with the contract of `apache/spark` and the connectors. Default: built from packages, with numpy for functions on executors and a catalog that makes no column of time with zone.",
      ),
    })
    .prefault({})
    .describe("Spark, with driver and executors as pods."),
  needs: { of: [objectStore, catalog], why: "its tables are there" },
  image: { name: "spark" },
  // Executors.
  podLabel: "spark-app-name",
  // Its first application is the stream of telemetry.
  pods: ({ own, isOn }) => (isOn("telemetry") ? applicationPods(own, own, own.executors) : []),
  shrinks: [
    { rank: 2, set: { executors: 1 }, applies: ({ executors }) => executors > 1 },
    {
      rank: 6,
      set: { driverMemory: "640Mi", executorMemory: "768Mi" },
      applies: ({ driverMemory, executorMemory }) => mebibytes(executorMemory) > 768 || mebibytes(driverMemory) > 640,
    },
  ],
  store: {
    buckets: { checkpoints: { name: "checkpoints", holds: "the streams' checkpoints" } },
    consumers: { spark: "Spark" },
    rights: (_, { bucket }) => ({ spark: { [bucket("lake")]: "readWrite", [bucket("checkpoints")]: "readWrite" } }),
  },
});

/** The driver of an application and its executors, which are Spark's own. */
export function applicationPods(
  driver: { readonly driverMemory: string },
  executor: { readonly executorMemory: string; readonly executorCores: number },
  executors: number,
): Pods[] {
  return [
    { resources: sparkDriverResources(driver) },
    { resources: sparkExecutorResources(executor), count: executors },
  ];
}
