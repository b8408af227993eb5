/** Race cars and their telemetry, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { allResourcesSetting, type GivenResources, size, type Sized, sized } from "../../platform/sizes.ts";
import { kafka } from "../kafka/service.ts";
import { sampleRecord } from "./programs/sample.ts";
import { trackNames } from "./programs/track.ts";

/** Topics of samples, and of what the ingest refuses. */
export const SAMPLES = "race";
export const DEAD_LETTERS = "race-dead-letter";

const MEMORY = "192Mi";
const ingest = { small: size(30, 500, 0.5), large: size(100, 1000, 1) };
const cars = { small: size(30, 500, 0.4), large: size(100, 1000, 1) };

type PartSizes = Sized<{ readonly [Part in "ingest" | "cars"]?: GivenResources | undefined }>;

export function ingestResources(settings: PartSizes): Resources {
  return sized(ingest[settings.size], MEMORY, settings.resources?.ingest);
}

/** All simulated cars together. */
export function carsResources(settings: PartSizes): Resources {
  return sized(cars[settings.size], MEMORY, settings.resources?.cars);
}

export const raceCar = defineService({
  name: "raceCar",
  alsoCalled: ["race"],
  group: "streams",
  title: "race cars",
  settings: z
    .strictObject({
      enabled: optional("streams", "the telemetry of race cars comes to Kafka, from simulated cars and from clients"),
      cars: z.int().min(0).max(100).default(3).describe("Number of simulated cars. 0: only other clients send."),
      rate: z
        .int()
        .min(1)
        .max(100)
        .default(15)
        .meta({ "x-also-called": ["hz", "samplesPerSecond"] })
        .describe("Samples that each simulated car sends in a second."),
      seed: z
        .int()
        .min(0)
        .max(4_294_967_295)
        .default(1)
        .describe("Of the simulated cars: the same seed gives the same race."),
      track: z.enum(trackNames).default("mill").describe("Track that the simulated cars drive on."),
      messagesPerSecond: z
        .int()
        .min(1)
        .max(100_000)
        .default(1000)
        .describe(
          "Messages that one client may send in a second; what comes beyond is dropped, counted, and told to it.",
        ),
      partitions: z.int().min(1).max(1000).default(3).describe("Partitions of the topic `race`."),
      scheduling: schedulingSetting("the ingest and the simulated cars"),
      resources: z
        .strictObject({
          ingest: allResourcesSetting("the ingest", ingest, MEMORY, "128Mi"),
          cars: allResourcesSetting("the simulated cars", cars, MEMORY, "128Mi"),
        })
        .optional()
        .describe("Requests and limits of each part."),
    })
    .prefault({})
    .describe("Race cars: an ingest for the telemetry of any client, and simulated cars."),
  needs: { of: [kafka], why: "its samples go there" },
  usesTools: true,
  published: {
    raceCar: {
      nodePort: 30310,
      rank: 8.5,
      meaning: "The ingest of race cars' samples, WebSocket and UDP",
      title: "race cars",
      use: "Where race cars send their samples",
      called: /^Race cars/,
      asksForLogin: true,
      udp: true,
    },
  },
  sized: (own) => ({ "resources.ingest": ingestResources(own), "resources.cars": carsResources(own) }),
  pods: ({ own }) => [
    { resources: ingestResources(own) },
    ...(own.cars > 0 ? [{ resources: carsResources(own) }] : []),
  ],
  goes: 8,
  accounts: { kind: "passwords", secret: "race-car-token" },
  topics: ({ partitions, cars: count, rate }) => ({
    [SAMPLES]: {
      partitions,
      used: Math.min(partitions, Math.max(1, count)),
      recordsPerSecond: count * rate,
      from: `millrace:services.raceCar.cars (${count}) and rate (${rate})`,
      record: sampleRecord,
    },
    [DEAD_LETTERS]: { partitions: 1, used: 1, recordsPerSecond: 0, from: "millrace:services.raceCar" },
  }),
  hops: { race: ["raceCar"] },
});
