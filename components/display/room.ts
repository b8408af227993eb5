/** How the web display is built. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { CassandraSource } from "../cassandra/endpoint.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { Presto } from "../presto/presto.ts";
import { raceCar } from "../race-car/service.ts";
import { windows } from "../windows/service.ts";
import type { displayHops } from "./hops.ts";
import { Display } from "./display.ts";
import { display, displayResources, fillers } from "./service.ts";

export const displayRoom = defineRoom({
  service: display,
  build(
    { own, of, namespace, image, exposure, opts },
    { kafka, presto, cassandra }: { kafka: KafkaWithTopics; presto: Presto; cassandra: CassandraSource<"display"> },
  ) {
    const { telemetry: monitoring, "random-numbers": randomNumbers, race } = kafka.topics;
    if (monitoring === undefined) return undefined;
    return new Display(
      "display",
      {
        namespace,
        image: image("display"),
        exposure,
        replicas: own.replicas,
        topics: { monitoring, ...(randomNumbers && { randomNumbers }), ...(race && { race }) },
        parts: [...fillers.flatMap(({ part, by }) => (of(by).enabled ? part : [])), "network"],
        track: of(raceCar).track,
        presto: presto.endpoint,
        cassandra: cassandra.access("display"),
        windowSeconds: of(windows).windowSeconds,
        resources: displayResources(own),
      },
      opts,
    );
  },
  offers(pages) {
    if (pages === undefined) return {};
    const { url, at, ready } = pages.endpoint;
    return {
      addresses: { display: pages.address },
      proves: [proven<typeof displayHops>("display", { settings: { url }, ready, reaches: [at] })],
    };
  },
});
