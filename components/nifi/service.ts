/** NiFi, as plain data. */
import * as z from "zod";
import { nifiWatched } from "./watched.ts";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type TopicLoad } from "../../platform/service.ts";
import { image, memory, optional, storage } from "../../platform/settings.ts";
import {
  allResourcesSetting,
  type GivenResources,
  resourcesSetting,
  size,
  type Sized,
  sized,
} from "../../platform/sizes.ts";
import { kafka } from "../kafka/service.ts";
import { objectStore } from "../object-store/service.ts";
import { flowProblems } from "./flow-files.ts";
import { readFlow } from "./programs/flow-file.ts";
import { DELIVERIES_TOPIC, REJECTED_TOPIC } from "./names.ts";

const watcher = { small: size(10, 250, 0.6), large: size(20, 250, 1) };
const WATCHER_MEMORY = "128Mi";
const server = { small: size(100, 2000, 0.5), large: size(500, 4000, 1) };

/** @param settings.memory Limit of the container. */
export function nifiResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(server[settings.size], settings.memory, settings.resources);
}

/** What watches over the flows. */
export function supervisorResources(
  settings: Sized<unknown> & { readonly supervisor?: GivenResources | undefined },
): Resources {
  return sized(watcher[settings.size], WATCHER_MEMORY, settings.supervisor);
}

export const nifi = defineService({
  name: "nifi",
  watched: nifiWatched,
  alsoCalled: ["flows"],
  group: "streams",
  title: "NiFi",
  settings: z
    .strictObject({
      enabled: optional("streams", "NiFi brings files and posts in"),
      topic: z
        .string()
        .min(1)
        .default("telemetry")
        .describe("Topic that the flow `intake` writes to: one that the platform declares with a schema."),
      mostMebibytes: z
        .int()
        .min(1)
        .max(64)
        .default(32)
        .describe("Largest file, and largest post, that the flow `intake` takes, in MiB."),
      hosts: z
        .array(z.string().regex(/^[A-Za-z0-9.-]+(:[0-9]{1,5})?$/))
        .default([])
        .meta({ "x-range": 'hosts, for example ["nifi.example.com", "10.0.0.7:8443"]' })
        .describe(
          "Further names by which its page is reached: that of a load balancer, or of a proxy of yours. NiFi refuses requests for others.",
        ),
      storage: storage("1Gi"),
      memory: memory("1024Mi", "768Mi"),
      scheduling: schedulingSetting("NiFi, and of what sets it up"),
      resources: resourcesSetting("NiFi", server),
      supervisor: allResourcesSetting("what watches over the flows", watcher, WATCHER_MEMORY, "96Mi"),
      collector: collectorSetting(),
      image: image().describe(
        "Image with NiFi 2.3 and the platform's own processors, started as `/opt/nifi/start`. Default: built from packages.",
      ),
    })
    .prefault({})
    .describe("NiFi: files and posts become records, by flows that are drawn or kept as code."),
  needs: { of: [kafka, objectStore], why: "its flows bring records there" },
  image: { name: "nifi", base: "jre", sources: ["components/spark/image/java/RecordSchema.java"] },
  usesTools: true,
  setsUp: true,
  accounts: { kind: "passwords", secret: "nifi-users" },
  published: {
    nifi: {
      nodePort: 30443,
      rank: 7,
      meaning: "NiFi",
      title: "NiFi",
      use: "Flows that bring files and posts in, drawn on a canvas",
      asksForLogin: true,
      hasOwnCertificate: true,
    },
    nifiPosts: {
      nodePort: 30890,
      rank: 8,
      meaning: "Posts to NiFi",
      title: "posts to NiFi",
      use: "Where programs post records by HTTP",
      asksForLogin: false,
    },
  },
  sized: (own) => ({ resources: nifiResources(own), supervisor: supervisorResources(own) }),
  pods: ({ own }) => [{ resources: nifiResources(own), data: own.storage }, { resources: supervisorResources(own) }],
  status: [
    { key: "flows", rank: 4, ask: async (own, running) => (await import("./status.ts")).flowStatus(own, running) },
  ],
  drawings: {
    folder: "flows",
    list: async (own, running) => (await import("./status.ts")).drawings(own, running),
    read: async (running, name) => (await import("./status.ts")).drawnText(running, name),
    problems: (file, text) => readFlow(file, text).problems,
  },
  goes: 8,
  claims: { set: "nifi" },
  problems({ own, topics }) {
    const known = Object.entries(topics).flatMap(([name, { record }]) => (record === undefined ? [] : [name]));
    const flows = flowProblems();
    if (known.includes(own.topic)) return flows;
    return [
      ...flows,
      `millrace:services.nifi.topic: received "${own.topic}", and no service that is enabled declares a topic of that name with a schema; ` +
        `allowed ${known.length === 0 ? "is none now: enable telemetry" : known.join(", ")}`,
    ];
  },
  warnings: ({ own, hasClaims }) =>
    !hasClaims || own.storage.kind === "ephemeral"
      ? [
          "millrace:services.nifi: ephemeral storage loses flows that were drawn, and what is on its way, whenever NiFi restarts",
        ]
      : [],
  store: {
    buckets: { intake: { name: "intake", holds: "files for NiFi below `drop/`, and what it took of them" } },
    consumers: { nifi: "NiFi" },
    rights: ({ own }, { bucket }) => (own.enabled ? { nifi: { [bucket("intake")]: "readWrite" } } : {}),
    grants: ({ own }, { bucket }) => (own.enabled ? { proof: { [bucket("intake")]: "readWrite" } } : {}),
  },
  topics(): Readonly<Record<string, TopicLoad>> {
    const rare = { partitions: 1, used: 1, recordsPerSecond: 0, from: "millrace:services.nifi" };
    return { [DELIVERIES_TOPIC]: { ...rare, isCompacted: true }, [REJECTED_TOPIC]: rare };
  },
  hops: { nifi: ["nifi", "presto"] },
});
