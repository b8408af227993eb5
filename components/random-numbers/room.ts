/** How the pumps of random numbers are built. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { randomNumbersHops } from "./hops.ts";
import { RandomNumbers } from "./random-numbers.ts";
import { pumpResources, randomNumbers } from "./service.ts";

export const randomNumbersRoom = defineRoom({
  service: randomNumbers,
  build({ own, namespace, image, opts }, { kafka }: { kafka: KafkaWithTopics }) {
    const topic = kafka.topics["random-numbers"];
    return (
      topic &&
      new RandomNumbers(
        "random-numbers",
        {
          namespace,
          image: image("tools"),
          topic,
          rate: own.rate,
          replicas: own.replicas,
          resources: pumpResources(own),
        },
        opts,
      )
    );
  },
  offers(pump) {
    if (pump === undefined) return {};
    const { url, token, at, ready } = pump.endpoint;
    return {
      proves: [
        proven<typeof randomNumbersHops>("randomNumbers", {
          settings: { url },
          secrets: { token },
          ready,
          reaches: [at],
        }),
      ],
    };
  },
});
