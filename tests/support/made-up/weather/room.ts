/** How the weather is built. */
import * as pulumi from "@pulumi/pulumi";
import type { KafkaWithTopics } from "../../../../components/kafka/room.ts";
import { defineRoom } from "../../../../platform/place.ts";
import { proven } from "../../../../platform/proven.ts";
import type { weatherHops } from "./hops.ts";
import { stationResources, weather } from "./service.ts";
import { Weather } from "./weather.ts";

export const weatherRoom = defineRoom({
  service: weather,
  build({ own, namespace, image, opts }, { kafka }: { kafka: KafkaWithTopics }) {
    const topic = kafka.topics["weather"];
    if (topic === undefined) return undefined;
    const { stations } = own;
    const args = { namespace, image: image("weather"), topic, stations, resources: stationResources() };
    return new Weather("weather", args, opts);
  },
  offers(weatherStations, { own }) {
    if (weatherStations === undefined) return {};
    const { url, ready } = weatherStations.endpoint;
    return {
      addresses: { weather: { title: "Weather", url } },
      proves: [
        proven<typeof weatherHops>("weather", {
          settings: { url, stations: own.stations },
          secrets: { token: { secretName: pulumi.output("weather-users"), key: "sun" } },
        }),
      ],
      waitFor: ready,
    };
  },
});
