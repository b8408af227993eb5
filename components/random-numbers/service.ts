/** The pumps of random numbers, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { allResourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { kafka } from "../kafka/service.ts";
import { telemetryRecord } from "../telemetry/programs/record.ts";

const MEMORY = "192Mi";
const pump = { small: size(20, 500, 0.4), large: size(50, 500, 1) };

/** One pump of random numbers. */
export function pumpResources(settings: Sized): Resources {
  return sized(pump[settings.size], MEMORY, settings.resources);
}

export const randomNumbers = defineService({
  name: "randomNumbers",
  group: "pipeline",
  title: "random numbers",
  settings: z
    .strictObject({
      enabled: optional("pipeline", "random numbers are produced to Kafka"),
      rate: z
        .int()
        .min(1)
        .max(5000)
        .default(10)
        .meta({ "x-also-called": ["recordsPerSecond"] })
        .describe("Numbers that each pump sends in a second."),
      replicas: z
        .int()
        .min(1)
        .max(100)
        .default(1)
        .meta({ "x-also-called": ["pumps"] })
        .describe("Number of pumps."),
      partitions: z.int().min(1).max(1000).default(3).describe("Partitions of the topic `random-numbers`."),
      scheduling: schedulingSetting("the pumps"),
      resources: allResourcesSetting("each pump", pump, MEMORY, "128Mi"),
    })
    .prefault({})
    .describe("Pumps of random numbers."),
  needs: { of: [kafka], why: "its numbers go there" },
  usesTools: true,
  sized: (own) => ({ resources: pumpResources(own) }),
  pods: ({ own }) => [{ resources: pumpResources(own), count: own.replicas }],
  shrinks: [{ rank: 4, set: { replicas: 1 }, applies: ({ replicas }) => replicas > 1 }],
  goes: 8,
  topics: ({ partitions, rate, replicas }) => ({
    "random-numbers": {
      partitions,
      used: partitions,
      recordsPerSecond: rate * replicas,
      from: `millrace:services.randomNumbers.rate (${rate}) and replicas (${replicas})`,
      record: telemetryRecord,
    },
  }),
  hops: { pump: ["randomNumbers"] },
});
