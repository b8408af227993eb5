/** How the weather is built. */
import type { KafkaWithTopics } from "../../../../components/kafka/room.ts";
import { defineRoom } from "../../../../platform/place.ts";
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
  offers: (stations) =>
    stations === undefined
      ? {}
      : {
          addresses: { weather: { title: "Weather", url: stations.endpoint.url } },
          proves: { weather: stations.endpoint },
          waitFor: stations.endpoint.ready,
        },
});
