/** The web display, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type Service } from "../../platform/service.ts";
import { image, memory, optional } from "../../platform/settings.ts";
import { census } from "../census/service.ts";
import { cassandra, pagesDisk } from "../cassandra/service.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { kafka } from "../kafka/service.ts";
import { presto } from "../presto/service.ts";
import { raceCar } from "../race-car/service.ts";
import { randomNumbers } from "../random-numbers/service.ts";
import { telemetry } from "../telemetry/service.ts";
import { windows } from "../windows/service.ts";
import type { PagePart } from "../../display/protocol.ts";

const server = { small: size(40, 1000, 0.5), large: size(100, 1000, 1) };

/** One server of the web display. @param settings.memory Limit of the container. */
export function displayResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(server[settings.size], settings.memory, settings.resources);
}

/** Who fills which pages: where one is off, they are not in the menu. */
export const fillers = [
  { part: "random-numbers", by: randomNumbers },
  { part: "windows", by: windows },
  { part: "census", by: census },
  { part: "race", by: raceCar },
] as const satisfies readonly { readonly part: PagePart; readonly by: Service }[];

export const display = defineService({
  name: "display",
  group: ["pipeline", "streams"],
  title: "the web display",
  settings: z
    .strictObject({
      enabled: optional(["pipeline", "streams"], "the web display is part of the platform"),
      replicas: z.int().min(1).max(20).default(1).describe("Number of servers."),
      memory: memory("256Mi", "192Mi"),
      scheduling: schedulingSetting("the servers"),
      resources: resourcesSetting("each server", server),
      image: image().describe("Image with the display's server and pages. Default: built from packages."),
    })
    .prefault({})
    .describe("The web display: charts of what flows and of what Spark has computed."),
  needs: { of: [kafka, presto, cassandra, telemetry], why: "its pages show what they have" },
  image: {
    name: "display",
    base: "base",
    sources: [
      "display/server",
      "display/protocol.ts",
      "display/web",
      "platform/describe-error.ts",
      "platform/records/definition.ts",
      "platform/records/read.ts",
      "components/kafka/programs/kafka-client.ts",
      "components/kafka/programs/kafka-codecs.ts",
      "components/kafka/programs/kafka-idle.ts",
      "components/presto/programs/presto-client.ts",
      "components/race-car/programs/sample.ts",
      "components/race-car/programs/track.ts",
      "components/telemetry/programs/read-record.ts",
      "components/telemetry/programs/record.ts",
    ],
    hasNode: true,
  },
  disk: pagesDisk,
  pages: {
    project: "display/web/tsconfig.json",
    compiler: async (work) => await (await import("./image/web.ts")).linkWebModules(work),
  },
  published: {
    display: {
      nodePort: 30300,
      rank: 1,
      meaning: "The web display",
      title: "the web display",
      use: "Live charts of what flows, and of what was computed from it",
      asksForLogin: false,
    },
  },
  sized: (own) => ({ resources: displayResources(own) }),
  pods: ({ own }) => [{ resources: displayResources(own), count: own.replicas }],
  shrinks: [{ rank: 5, set: { replicas: 1 }, applies: ({ replicas }) => replicas > 1 }],
  goes: 5,
  tableRoles: { display: { streaming: "read", census: "read", race: "read" } },
  hops: { live: ["randomNumbers", "display"], display: ["randomNumbers", "windows", "display"] },
});
