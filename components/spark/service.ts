/** Spark, as plain data. */
import * as z from "zod";
import { collectorSetting } from "../../platform/jvm.ts";
import { mebibytes, type Quantity } from "../../platform/quantity.ts";
import type { Resources, SizeRow } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type Pods } from "../../platform/service.ts";
import { cpuAmount, enabled, image, quantity } from "../../platform/settings.ts";
import { type GivenResources, resourcesSetting, size, sized } from "../../platform/sizes.ts";
import { catalog } from "../catalog/service.ts";
import { objectStore } from "../object-store/service.ts";
import { executorLibraries, readerCases } from "./image/recipe.ts";

/** What a Spark process needs beside its heap, in MiB: metaspace, direct buffers, and Python in the driver. */
export const SPARK_OVERHEAD_MI = 640;

/** Heap of a process of Spark. @param whose In words, for example "the driver". */
export const sparkHeap = (size: Quantity, whose: string) =>
  quantity("512Mi", "1024Gi")
    .default(size)
    .describe(`Heap of ${whose}; its container gets ${SPARK_OVERHEAD_MI}Mi on top.`);

/** Drivers of all applications. */
const driver = { small: size(80, 2000, 0.8), large: size(500, 2000, 1) };

/** Requests and the CPU limit of a driver. @param whose In words: "the driver". */
export const driverSetting = (whose: string) => resourcesSetting(whose, driver);

/**
 * A Spark driver.
 * @param settings.driverMemory Its heap; the container gets the overhead on top.
 * @param settings.size Row of sizes. @default "small"
 * @param given What the stack sets. @default - nothing
 */
export function sparkDriverResources(
  settings: { readonly driverMemory: string; readonly size?: SizeRow },
  given?: GivenResources,
): Resources {
  const memory = `${mebibytes(settings.driverMemory) + SPARK_OVERHEAD_MI}Mi`;
  return sized(driver[settings.size ?? "small"], memory, given);
}

/**
 * One Spark executor. Spark itself makes the pod, with the same memory as request and as limit.
 * @param settings.executorMemory Its heap; the container gets the overhead on top.
 * @param settings.executorCores Tasks at a time; the CPU limit, and with sizes `large` the request as well.
 * @param settings.size Row of sizes. @default "small"
 * @param cpu What the stack sets as the request of CPU. @default - nothing
 */
export function sparkExecutorResources(
  settings: { readonly executorMemory: string; readonly executorCores: number; readonly size?: SizeRow },
  cpu?: string | number,
): Resources {
  const memory = `${mebibytes(settings.executorMemory) + SPARK_OVERHEAD_MI}Mi`;
  const limit = Math.max(1, settings.executorCores) * 1000;
  const row = size(settings.size === "large" ? limit : 80, limit, 1);
  return sized(row, memory, { requests: { cpu }, limits: { cpu: limit / 1000 } });
}

/** Settings of `spark` that decide on the size of its pods. */
interface SharedSettings {
  readonly size: SizeRow;
  readonly driverMemory: string;
  readonly executorMemory: string;
  readonly executorCores: number;
  readonly resources?:
    { readonly driver?: GivenResources | undefined; readonly executor?: GivenResources | undefined } | undefined;
}

/** The driver of an application that has no size of its own. */
export function sharedDriverResources(settings: SharedSettings): Resources {
  return sparkDriverResources(settings, settings.resources?.driver);
}

/** An executor of any application. */
export function sharedExecutorResources(settings: SharedSettings): Resources {
  return sparkExecutorResources(settings, settings.resources?.executor?.requests?.cpu);
}

export const spark = defineService({
  name: "spark",
  onPath: true,
  settings: z
    .strictObject({
      enabled: enabled("Spark is part of the platform"),
      driverMemory: sparkHeap("640Mi", "the driver"),
      executorMemory: sparkHeap("768Mi", "each executor"),
      executors: z
        .int()
        .min(0)
        .max(100)
        .default(0)
        .describe("Number of executors of the streams. With 0 their driver does the work itself."),
      onMissingRecords: z
        .enum(["continue", "stop"])
        .default("continue")
        .describe(
          "What a stream does when Kafka has dropped records before it read them: continue after them and record the gap, or stop.",
        ),
      executorCores: z
        .int()
        .min(1)
        .max(32)
        .default(1)
        .describe("Tasks that an executor runs at the same time, and its CPU limit."),
      scheduling: schedulingSetting("all executors, whoever starts them"),
      resources: z
        .strictObject({
          driver: driverSetting("each driver"),
          executor: z
            .strictObject({
              requests: z
                .strictObject({
                  cpu: cpuAmount()
                    .optional()
                    .describe("CPU request. Default: `80m`, with sizes `large` as many as `executorCores`."),
                })
                .optional()
                .describe("What is reserved for them on their node."),
            })
            .optional()
            .describe("Requests of each executor."),
        })
        .optional()
        .describe("Requests and limits of drivers and executors."),
      collector: collectorSetting(),
      image: image().describe(
        "Image with the contract of `apache/spark`, the connectors, and the platform's own classes (`/opt/spark/jars/millrace.jar`): one that is built on the platform's own. Default: built from packages, with numpy for functions on executors, a catalog that makes no column of time with zone, and the reader of the streams' records.",
      ),
    })
    .prefault({})
    .describe("Spark, with driver and executors as pods."),
  needs: { of: [objectStore, catalog], why: "its tables are there" },
  // Executors have some packages of the notebooks. The reader of records is tried by the cases of all readers.
  image: {
    name: "spark",
    base: "jre",
    sources: ["images/python/pypi.lock.txt", ...readerCases],
    sharedPackages: executorLibraries,
  },
  // Executors.
  podLabel: "spark-app-name",
  podWords: { run: ["spark-app-selector"] },
  sized: (own) => ({
    "resources.driver": sharedDriverResources(own),
    "resources.executor": sharedExecutorResources(own),
  }),
  shrinks: [
    { rank: 2, set: { executors: 0 }, applies: ({ executors }) => executors > 0 },
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
export function applicationPods(driver: Resources, executor: SharedSettings, executors: number): Pods[] {
  return [{ resources: driver }, { resources: sharedExecutorResources(executor), count: executors }];
}
