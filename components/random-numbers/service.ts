/** The pumps of random numbers, as plain data. */
import * as z from "zod";
import { resources, type Resources } from "../../platform/resources.ts";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { kafka } from "../kafka/service.ts";

/** One pump of random numbers. */
export function pumpResources(): Resources {
  return resources(20, 500, "192Mi", 0.4);
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
    })
    .prefault({})
    .describe("Pumps of random numbers."),
  needs: { of: [kafka], why: "its numbers go there" },
  usesTools: true,
  pods: ({ own }) => [{ resources: pumpResources(), count: own.replicas }],
  shrinks: [{ rank: 4, set: { replicas: 1 }, applies: ({ replicas }) => replicas > 1 }],
  goes: 8,
  topics: ({ partitions, rate, replicas }) => ({
    "random-numbers": {
      partitions,
      used: partitions,
      recordsPerSecond: rate * replicas,
      from: `millrace:services.randomNumbers.rate (${rate}) and replicas (${replicas})`,
    },
  }),
  hops: { pump: ["randomNumbers"] },
});
