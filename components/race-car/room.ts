/** How race cars are built. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { raceCarHops } from "./hops.ts";
import { RaceCar } from "./race-car.ts";
import { carsResources, DEAD_LETTERS, ingestResources, raceCar, SAMPLES } from "./service.ts";

export const raceCarRoom = defineRoom({
  service: raceCar,
  build({ own, namespace, image, exposure, opts }, { kafka }: { kafka: KafkaWithTopics }): RaceCar | undefined {
    const { [SAMPLES]: samples, [DEAD_LETTERS]: deadLetters } = kafka.topics;
    if (samples === undefined || deadLetters === undefined) return undefined;
    return new RaceCar(
      "race-car",
      {
        namespace,
        image: image("tools"),
        exposure,
        topics: { samples, deadLetters },
        messagesPerSecond: own.messagesPerSecond,
        simulation: { cars: own.cars, rate: own.rate, seed: own.seed, track: own.track },
        ingestResources: ingestResources(own),
        carsResources: carsResources(own),
      },
      opts,
    );
  },
  offers(cars) {
    if (cars === undefined) return {};
    const { url, token, at, ready } = cars.endpoint;
    return {
      addresses: { raceCar: cars.address },
      proves: [
        proven<typeof raceCarHops>("raceCar", {
          settings: { url, topics: { samples: SAMPLES, deadLetters: DEAD_LETTERS } },
          secrets: { token },
          ready,
          reaches: [at],
        }),
      ],
    };
  },
});
