/** Kafka Connect, as plain data: records between topics, the lake and S3. */
import * as z from "zod";
import { connectWatched } from "./watched.ts";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type Rights, type TopicLoad } from "../../platform/service.ts";
import { image, memory, optional } from "../../platform/settings.ts";
import {
  allResourcesSetting,
  type GivenResources,
  resourcesSetting,
  size,
  sized,
  type Sized,
} from "../../platform/sizes.ts";
import { catalog } from "../catalog/service.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { connectorName, connectorProblems, connectorSetting } from "./connector-settings.ts";
import { CONTROL_TOPIC, DEAD_LETTER_TOPIC, internalTopics } from "./programs/topics.ts";

const worker = { small: size(50, 1500, 0.6), large: size(250, 2000, 1) };
const watcher = { small: size(10, 250, 0.6), large: size(20, 250, 1) };
const WATCHER_MEMORY = "128Mi";

/** One worker. @param settings.memory Limit of the container. */
export function connectResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(worker[settings.size], settings.memory, settings.resources);
}

/** What watches over the connectors. */
export function supervisorResources(
  settings: Sized<unknown> & { readonly supervisor?: GivenResources | undefined },
): Resources {
  return sized(watcher[settings.size], WATCHER_MEMORY, settings.supervisor);
}

export const connect = defineService({
  name: "connect",
  watched: connectWatched,
  group: "streams",
  title: "Kafka Connect",
  settings: z
    .strictObject({
      enabled: optional("streams", "Kafka Connect carries records between topics, the lake and S3"),
      replicas: z
        .int()
        .min(1)
        .max(20)
        .default(1)
        .meta({ "x-also-called": ["workers"] })
        .describe("Number of workers, which share the tasks of all connectors."),
      memory: memory("640Mi", "512Mi"),
      scheduling: schedulingSetting("the workers, and of what watches over the connectors"),
      resources: resourcesSetting("each worker", worker),
      supervisor: allResourcesSetting("what watches over the connectors", watcher, WATCHER_MEMORY, "96Mi"),
      collector: collectorSetting(),
      image: image().describe(
        "Image with Kafka Connect, Iceberg's sink and the platform's own connectors, started as `/opt/connect/start`. Default: built from packages.",
      ),
      connectors: z
        .record(connectorName(), connectorSetting)
        .default({})
        .describe("Connectors by their names. One that is not named any more is removed; others' connectors stay."),
    })
    .prefault({})
    .describe("Kafka Connect: records between topics, the lake and S3."),
  needs: { of: [kafka, objectStore, catalog], why: "it carries records between them" },
  image: { name: "connect", base: "jre" },
  usesTools: true,
  status: [
    {
      key: "connectors",
      rank: 3,
      ask: async (own, running) => (await import("./status.ts")).connectorStatus(own, running),
    },
  ],
  sized: (own) => ({ resources: connectResources(own), supervisor: supervisorResources(own) }),
  pods: ({ own }) => [
    { resources: connectResources(own), count: own.replicas },
    { resources: supervisorResources(own) },
  ],
  setsUp: true,
  shrinks: [{ rank: 4, set: { replicas: 1 }, applies: ({ replicas }) => replicas > 1 }],
  goes: 7,
  problems: ({ own }) => connectorProblems(own.connectors, "millrace:services.connect.connectors"),
  store: {
    buckets: { connect: { name: "connect", holds: "what Kafka Connect writes and replays" } },
    consumers: { connect: "Kafka Connect" },
    rights({ own }, { bucket }) {
      if (!own.enabled) return {};
      const named = Object.values(own.connectors).flatMap((connector): [string, Rights[string]][] =>
        connector.kind === "icebergSink" || connector.bucket === undefined
          ? []
          : [[connector.bucket, connector.kind === "replay" ? "read" : "readWrite"]],
      );
      // A bucket that is read and written is written.
      const others = Object.fromEntries(
        named.sort(([, one], [, other]) => (one === other ? 0 : one === "read" ? -1 : 1)),
      );
      return { connect: { ...others, [bucket("connect")]: "readWrite", [bucket("lake")]: "readWrite" } };
    },
    grants: ({ own }, { bucket }) => (own.enabled ? { proof: { [bucket("connect")]: "readWrite" } } : {}),
  },
  topics(): Readonly<Record<string, TopicLoad>> {
    const from = "millrace:services.connect";
    const rare = { recordsPerSecond: 0, from };
    return {
      ...Object.fromEntries(
        Object.values(internalTopics).map(({ name, partitions }) => [
          name,
          { ...rare, partitions, used: partitions, isCompacted: true },
        ]),
      ),
      [CONTROL_TOPIC]: { ...rare, partitions: 1, used: 1 },
      [DEAD_LETTER_TOPIC]: { ...rare, partitions: 1, used: 1 },
    };
  },
  hops: { connect: ["connect"] },
});
