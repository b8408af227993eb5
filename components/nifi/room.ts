/** How NiFi is built: with the flows of the repository, on a topic whose records have a schema. */
import { watchable } from "../../platform/watchable.ts";
import type { nifiWatch } from "./watch.ts";
import * as pulumi from "@pulumi/pulumi";
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import { setupResources } from "../../platform/resources.ts";
import type { Loads } from "../kafka/declared-topics.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import { flowFiles } from "./flow-files.ts";
import type { nifiHops } from "./hops.ts";
import { DROP_PREFIX, KEPT_PREFIX, REJECTED_TOPIC } from "./names.ts";
import { Nifi } from "./nifi.ts";
import { nifi, nifiResources, supervisorResources } from "./service.ts";

interface Wires {
  kafka: KafkaWithTopics;
  topics: Loads;
  store: S3Source<"nifi">;
}

export const nifiRoom = defineRoom({
  service: nifi,
  build({ own, namespace, image, exposure, storage, bucket, opts }, { kafka, topics, store }: Wires) {
    const record = topics[own.topic]?.record;
    if (record === undefined) throw new pulumi.RunError(`nifi: topic ${own.topic} has no schema`);
    return new Nifi(
      "nifi",
      {
        namespace,
        image: image("nifi"),
        toolsImage: image("tools"),
        exposure,
        hosts: own.hosts,
        storage,
        data: own.storage,
        resources: nifiResources(own),
        setupResources: setupResources(),
        supervisorResources: supervisorResources(own),
        collector: own.collector,
        kafka: kafka.endpoint,
        objectStore: store.access("nifi"),
        bucket: bucket("intake"),
        topic: { name: own.topic, record },
        mostBytes: own.mostMebibytes * 1024 * 1024,
        flows: flowFiles(),
        waitFor: kafka.topics[REJECTED_TOPIC]?.ready ?? [],
      },
      opts,
    );
  },
  offers({ endpoint, address, postsAddress }, { own, bucket }, { kafka }) {
    return {
      addresses: { nifi: address, nifiPosts: postsAddress },
      logins: [{ title: "NiFi", service: "nifi", users: ["admin"] }],
      proves: [
        proven<typeof nifiHops>("nifi", {
          settings: {
            posts: endpoint.posts,
            bootstrapServers: kafka.endpoint.bootstrapServers,
            topic: own.topic,
            rejected: REJECTED_TOPIC,
            bucket: bucket("intake"),
            drop: DROP_PREFIX,
            kept: KEPT_PREFIX,
          },
          ready: endpoint.ready,
          reaches: [endpoint.at],
        }),
      ],
      watches: [
        watchable<typeof nifiWatch>("nifi", {
          settings: { url: endpoint.watcher.url, page: endpoint.page.host },
          reaches: [endpoint.watcher.at, endpoint.page.at],
        }),
      ],
    };
  },
});
