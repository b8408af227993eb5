/** Metrics, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { image, memory, optional, port, secret, storage } from "../../platform/settings.ts";
import {
  allResourcesSetting,
  type GivenResources,
  resourcesSetting,
  size,
  type Sized,
  sized,
} from "../../platform/sizes.ts";
import { STORE } from "./names.ts";
import { everyPod } from "./watched.ts";

const store = { small: size(40, 1000, 0.5), large: size(200, 2000, 1) };
const helper = { small: size(10, 500, 0.5), large: size(20, 500, 1) };
const HELPER_MEMORY = "128Mi";

/** The store. @param settings.memory Limit of the container. */
export function metricsResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(store[settings.size], settings.memory, settings.resources);
}

/** Each of its helpers: what asks services, what looks for what is wrong, and what tells people. */
export function helperResources(
  settings: Sized<unknown> & { readonly helpers?: GivenResources | undefined },
): Resources {
  return sized(helper[settings.size], HELPER_MEMORY, settings.helpers);
}

/** Whether somebody is told. */
const tells = ({ alerts }: { readonly alerts: { readonly secretName?: string | undefined } }): boolean =>
  alerts.secretName !== undefined;

export const metrics = defineService({
  name: "metrics",
  group: ["studio", "pipeline", "streams"],
  title: "metrics and alerts",
  settings: z
    .strictObject({
      enabled: optional(["studio", "pipeline", "streams"], "metrics are kept, shown and watched"),
      keepDays: z.int().min(1).max(3650).default(15).describe("Days after which figures are removed."),
      nodes: z
        .boolean()
        .optional()
        .describe(
          "Whether the nodes' kubelets are asked what containers use. It needs a right on the cluster's nodes. Default: `true`, but in a namespace that is there already.",
        ),
      alerts: z
        .strictObject({
          secretName: secret()
            .optional()
            .describe(
              "Secret in the platform's namespace with key `alertmanager.yaml`: whom Alertmanager tells, by webhook or mail. Default: alerts are shown only.",
            ),
          ports: z
            .array(port(1))
            .min(1)
            .default([25, 80, 443, 465, 587])
            .describe("Ports of the mail servers and webhooks, which the network's policies open."),
        })
        .prefault({})
        .describe("Who is told of alerts."),
      storage: storage("2Gi"),
      memory: memory("256Mi", "128Mi"),
      scheduling: schedulingSetting("the store, and of its helpers"),
      resources: resourcesSetting("the store", store),
      helpers: allResourcesSetting("each of its helpers", helper, HELPER_MEMORY, "64Mi"),
      image: image().describe(
        "Image with VictoriaMetrics, vmalert, vmauth and Alertmanager, as `/victoria-metrics-prod`, `/vmalert-prod`, `/vmauth-prod` and `/alertmanager`. Default: built from packages.",
      ),
    })
    .prefault({})
    .describe("Metrics of all pods and services, dashboards, and alerts with what to do about each."),
  image: { name: "metrics", base: "base", isCompiled: true },
  usesTools: true,
  published: {
    metrics: {
      nodePort: 30428,
      rank: 9,
      meaning: "Metrics",
      title: "the metrics",
      use: "Charts of all services, queries in PromQL, and alerts",
      asksForLogin: false,
    },
  },
  handMade: ({ alerts }) => (alerts.secretName === undefined ? [] : [alerts.secretName]),
  sized: (own) => ({ resources: metricsResources(own), helpers: helperResources(own) }),
  pods: ({ own }) => [
    { resources: metricsResources(own), data: own.storage },
    { resources: helperResources(own), count: tells(own) ? 4 : 3 },
  ],
  status: [
    { key: "alerts", rank: 0, ask: async (own, running) => (await import("./status.ts")).alertsStatus(own, running) },
  ],
  goes: 1,
  claims: { set: STORE },
  warnings: ({ own, hasClaims }) =>
    !hasClaims || own.storage.kind === "ephemeral"
      ? ["millrace:services.metrics: ephemeral storage loses all figures when the store restarts"]
      : [],
  watched: everyPod,
  hops: { metrics: ["metrics"] },
});
