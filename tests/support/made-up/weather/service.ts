/** A service made up for specs: what a new room costs is what stands in this folder. */
import * as z from "zod";
import { kafka } from "../../../../components/kafka/service.ts";
import { resources, type Resources } from "../../../../platform/resources.ts";
import { defineService, type RightsByConsumer } from "../../../../platform/service.ts";
import { image, optional, storage } from "../../../../platform/settings.ts";

/** One station. */
export function stationResources(): Resources {
  return resources(100, 200, "100Mi", 1);
}

export const weather = defineService({
  name: "weather",
  alsoCalled: ["sky"],
  group: "studio",
  title: "the weather",
  settings: z
    .strictObject({
      enabled: optional("studio", "the weather is part of the platform"),
      stations: z.int().min(1).max(9).default(2).describe("Number of stations."),
      storage: storage("1Gi"),
      image: image().describe("Image of a station."),
    })
    .prefault({})
    .describe("The weather."),
  needs: { of: [kafka], why: "its readings go there" },
  image: { name: "weather", base: "base" },
  published: {
    weather: {
      nodePort: 30555,
      rank: 10,
      meaning: "The weather",
      title: "the weather",
      called: /^Weather/,
      asksForLogin: false,
      greeting: { ask: "3f", answer: "21", from: 0, by: "station" },
    },
  },
  accounts: { kind: "passwords", secret: "weather-users" },
  database: { name: "weather", restoredByName: { of: "the weather", lost: "the past is another one" } },
  disk: { shared: "the sky", coldGi: 100, warmGi: 50 },
  outside: [{ key: "weather", title: "Weather", of: (_, { address }) => address("weather") }],
  status: [{ key: "sky", rank: 3, ask: ({ stations }) => Promise.resolve({ json: stations, faults: ["rain"] }) }],
  notes: ({ own }) => [`${own.stations} stations`],
  pods: ({ own }) => [{ resources: stationResources(), count: own.stations, data: own.storage }],
  shrinks: [{ rank: 0, set: { stations: 1 }, applies: ({ stations }) => stations > 1 }],
  goes: 0,
  problems: ({ own }) => (own.stations === 7 ? ["millrace:services.weather.stations: 7 brings bad luck"] : []),
  warnings: ({ own }) => (own.stations === 6 ? ["millrace:services.weather.stations: 6 may bring bad luck"] : []),
  claims: { set: "weather", fewer: ({ there, wanted }) => `${there} stations, not ${wanted}` },
  store: {
    buckets: { forecasts: { name: "forecasts", holds: "forecasts" } },
    consumers: { "weather-station": "a station" },
    rights: ({ own }, { bucket }): RightsByConsumer =>
      own.enabled ? { "weather-station": { [bucket("forecasts")]: "readWrite" } } : {},
  },
  topics: ({ stations }) => ({
    weather: { partitions: 1, used: 1, recordsPerSecond: stations, from: "millrace:services.weather.stations" },
  }),
  tables: () => ({
    weather: { tables: { readings: { columns: { station: "text", at: "timestamp" }, partitionKey: ["station"] } } },
  }),
  tableRoles: { forecaster: { weather: "readWrite" } },
  hops: { weather: ["weather"] },
});
