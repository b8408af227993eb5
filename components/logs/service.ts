/** The logs of all pods, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { image, memory, optional, storage } from "../../platform/settings.ts";
import {
  allResourcesSetting,
  type GivenResources,
  resourcesSetting,
  size,
  type Sized,
  sized,
} from "../../platform/sizes.ts";
import { STORE } from "./names.ts";

const store = { small: size(20, 1000, 0.4), large: size(100, 2000, 1) };
const collector = { small: size(20, 1000, 0.5), large: size(50, 1000, 1) };
const COLLECTOR_MEMORY = "160Mi";

/** The store. @param settings.memory Limit of the container. */
export function logsResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(store[settings.size], settings.memory, settings.resources);
}

/** What reads the pods' logs. */
export function collectorResources(
  settings: Sized<unknown> & { readonly collector?: GivenResources | undefined },
): Resources {
  return sized(collector[settings.size], COLLECTOR_MEMORY, settings.collector);
}

export const logs = defineService({
  name: "logs",
  group: ["studio", "pipeline", "streams"],
  title: "the logs of all pods",
  settings: z
    .strictObject({
      enabled: optional(["studio", "pipeline", "streams"], "the logs of all pods are kept and can be searched"),
      keepDays: z.int().min(1).max(3650).default(7).describe("Days after which lines are removed."),
      storage: storage("2Gi").describe(
        "Where logs are kept: `persistent` (with `size`) or `ephemeral`. The oldest lines go when four fifths of it are full.",
      ),
      memory: memory("192Mi", "96Mi"),
      scheduling: schedulingSetting("the store, and of what reads the pods' logs"),
      resources: resourcesSetting("the store", store),
      collector: allResourcesSetting("what reads the pods' logs", collector, COLLECTOR_MEMORY, "96Mi"),
      image: image().describe(
        "Image with the contract of `victoriametrics/victoria-logs`. Default: built from packages.",
      ),
    })
    .prefault({})
    .describe("The logs of all pods: kept for some days, searched by service, pod, run, user and word."),
  image: {
    name: "logs",
    base: "base",
    isCompiled: true,
  },
  usesTools: true,
  published: {
    logs: {
      nodePort: 30942,
      rank: 9,
      meaning: "The logs of all pods",
      title: "the logs",
      called: /^Logs$/,
      use: "Search in what all pods have logged",
      asksForLogin: false,
    },
  },
  sized: (own) => ({ resources: logsResources(own), collector: collectorResources(own) }),
  pods: ({ own }) => [{ resources: logsResources(own), data: own.storage }, { resources: collectorResources(own) }],
  status: [
    { key: "logs", rank: 6, ask: async (own, running) => (await import("./status.ts")).logsStatus(own, running) },
  ],
  logSearch: {
    find: async (own, running, question) => (await import("./search.ts")).keptLogs(own, running, question),
  },
  goes: 1,
  claims: { set: STORE },
  warnings: ({ own, hasClaims }) =>
    !hasClaims || own.storage.kind === "ephemeral"
      ? [
          "millrace:services.logs: ephemeral storage loses all lines when the store restarts, but for those that Kubernetes still has",
        ]
      : [],
  hops: { logs: ["logs"] },
});
