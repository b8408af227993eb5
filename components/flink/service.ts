/** Flink, as plain data. */
import * as z from "zod";
import { flinkWatched } from "./watched.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { image, memory, optional } from "../../platform/settings.ts";
import { type GivenResources, resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { catalog } from "../catalog/service.ts";
import { objectStore } from "../object-store/service.ts";
import { flinkVersions } from "./image/versions.ts";

const jobManager = { small: size(60, 1500, 0.8), large: size(250, 2000, 1) };
const taskManager = { small: size(80, 2000, 0.8), large: size(500, 4000, 1) };
const gateway = { small: size(30, 1500, 0.7), large: size(100, 2000, 1) };

/** What of the settings decides on the size of its pods. */
interface Pieces extends Sized<{
  readonly jobManager?: GivenResources | undefined;
  readonly taskManager?: GivenResources | undefined;
  readonly gateway?: GivenResources | undefined;
}> {
  readonly jobManagerMemory: string;
  readonly taskManagerMemory: string;
  readonly gatewayMemory: string;
}

/** The three kinds of pods. */
export function flinkResources(own: Pieces): Readonly<Record<"jobManager" | "taskManager" | "gateway", Resources>> {
  return {
    jobManager: sized(jobManager[own.size], own.jobManagerMemory, own.resources?.jobManager),
    taskManager: sized(taskManager[own.size], own.taskManagerMemory, own.resources?.taskManager),
    gateway: sized(gateway[own.size], own.gatewayMemory, own.resources?.gateway),
  };
}

/** Names of jobs: they are parts of names of consumer groups and of paths. */
export const jobName = () =>
  z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/)
    .meta({ "x-range": "the name of a job: small letters, digits and dashes, and a letter first" });

export const flink = defineService({
  name: "flink",
  watched: flinkWatched,
  group: "streams",
  title: "Flink",
  settings: z
    .strictObject({
      enabled: optional("streams", "Flink is part of the platform"),
      taskManagers: z
        .int()
        .min(1)
        .max(100)
        .default(1)
        .meta({ "x-also-called": ["replicas", "workers"] })
        .describe("Number of TaskManagers, which do the work of all jobs."),
      slots: z
        .int()
        .min(1)
        .max(32)
        .default(2)
        .describe("Parts of jobs that a TaskManager runs at the same time; they share its memory."),
      jobManagerMemory: memory("640Mi", "576Mi").describe("Memory limit of the JobManager."),
      taskManagerMemory: memory("1024Mi", "768Mi").describe("Memory limit of each TaskManager."),
      gatewayMemory: memory("576Mi", "448Mi").describe("Memory limit of the SQL gateway, which plans what people ask."),
      checkpointSeconds: z
        .int()
        .min(1)
        .max(3600)
        .default(30)
        .describe(
          "Seconds between checkpoints: so much is done again after a failure, and tables of the lake get rows so often.",
        ),
      startAnew: z
        .record(jobName(), z.string().min(1).max(100))
        .default({})
        .describe(
          'Jobs that begin from zero instead of where they stopped, once for each new text: `race-windows: "2026-11-28"`.',
        ),
      scheduling: schedulingSetting("the JobManager, the TaskManagers and the SQL gateway"),
      resources: z
        .strictObject({
          jobManager: resourcesSetting("the JobManager", jobManager),
          taskManager: resourcesSetting("each TaskManager", taskManager),
          gateway: resourcesSetting("the SQL gateway", gateway),
        })
        .optional()
        .describe("Requests and limits of its pods."),
      image: image().describe(
        `Image with the contract of \`flink:${flinkVersions.flink}-java17\`, with \`sql-gateway\` as a third command, S3 as a plugin, and the connectors ` +
          "to Kafka, Iceberg and Cassandra. Default: built from packages.",
      ),
    })
    .prefault({})
    .describe("Flink: jobs in SQL over streams, in a cluster of its own."),
  needs: { of: [objectStore, catalog], why: "its checkpoints and the tables of the lake are there" },
  image: { name: "flink", base: "jre" },
  usesTools: true,
  setsUp: true,
  published: {
    flink: {
      nodePort: 30081,
      rank: 6,
      meaning: "Flink",
      title: "Flink",
      use: "Jobs of Flink, their graphs and checkpoints",
      asksForLogin: false,
    },
  },
  status: [
    {
      key: "flink",
      rank: 3,
      ask: async (own, running) => (await import("./flink-status.ts")).flinkStatus(own, running),
    },
  ],
  sized: (own) => {
    const resources = flinkResources(own);
    return {
      "resources.jobManager": resources.jobManager,
      "resources.taskManager": resources.taskManager,
      "resources.gateway": resources.gateway,
    };
  },
  pods({ own }) {
    const resources = flinkResources(own);
    return [
      { resources: resources.jobManager },
      { resources: resources.taskManager, count: own.taskManagers },
      { resources: resources.gateway },
    ];
  },
  shrinks: [{ rank: 3, set: { taskManagers: 1 }, applies: ({ taskManagers }) => taskManagers > 1 }],
  goes: 5,
  store: {
    buckets: { flink: { name: "flink", holds: "the checkpoints and savepoints of Flink's jobs" } },
    consumers: { flink: "Flink" },
    rights: ({ own }, { bucket }) =>
      own.enabled ? { flink: { [bucket("lake")]: "readWrite", [bucket("flink")]: "readWrite" } } : {},
  },
});
