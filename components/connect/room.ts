/** How Kafka Connect is built: its workers, and the connectors of the stack beside the platform's own. */
import { watchable } from "../../platform/watchable.ts";
import type { connectWatch } from "./watch.ts";
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import { setupResources } from "../../platform/resources.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import { kafka as kafkaService } from "../kafka/service.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import { s3Url } from "../object-store/s3-settings.ts";
import { Connect } from "./connect.ts";
import type { connectHops } from "./hops.ts";
import { raceSamples } from "./race-samples.ts";
import { connect, connectResources, supervisorResources } from "./service.ts";
import { DEAD_LETTER_TOPIC } from "./programs/topics.ts";

interface Wires {
  kafka: KafkaWithTopics;
  store: S3Source<"connect">;
  catalog: Catalog;
}

export const connectRoom = defineRoom({
  service: connect,
  build({ own, of, namespace, image, bucket, opts }, { kafka, store, catalog }: Wires) {
    return new Connect(
      "connect",
      {
        namespace,
        image: image("connect"),
        toolsImage: image("tools"),
        kafka: kafka.endpoint,
        copies: of(kafkaService).replicationFactor,
        waitFor: kafka.topics[DEAD_LETTER_TOPIC]?.ready ?? [],
        catalog: catalog.endpoint,
        objectStore: store.access("connect"),
        bucket: bucket("connect"),
        connectors: { ...(kafka.topics["race"] && raceSamples()), ...own.connectors },
        replicas: own.replicas,
        resources: connectResources(own),
        supervisorResources: supervisorResources(own),
        setupResources: setupResources(),
        collector: own.collector,
      },
      opts,
    );
  },
  offers({ endpoint }, { bucket, of }, { kafka, store, catalog }) {
    const { url, at, ready } = endpoint;
    const s3 = store.access("connect");
    return {
      proves: [
        proven<typeof connectHops>("connect", {
          settings: {
            url,
            bootstrapServers: kafka.endpoint.bootstrapServers,
            bucket: bucket("connect"),
            copies: of(kafkaService).replicationFactor,
            s3Url: s3Url(s3),
            s3Region: s3.region,
            s3PathStyle: s3.pathStyle,
            catalogUri: catalog.endpoint.uri,
            warehouse: catalog.endpoint.warehouse,
          },
          ready,
          reaches: [at],
        }),
      ],
      watches: [
        watchable<typeof connectWatch>("connect", {
          settings: { url: endpoint.watcher.url },
          reaches: [endpoint.watcher.at],
        }),
      ],
    };
  },
});
