/** How Flink is built: the lake, Kafka and Cassandra as far as they are there, and the jobs of other rooms. */
import { watchable } from "../../platform/watchable.ts";
import type { flinkWatch } from "./watch.ts";
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import { setupResources } from "../../platform/resources.ts";
import type { CassandraSource } from "../cassandra/endpoint.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import type { FlinkJob } from "./endpoint.ts";
import { Flink } from "./flink.ts";
import type { flinkHops } from "./hops.ts";
import { flink, flinkResources } from "./service.ts";

interface Wires {
  store: S3Source<"flink">;
  catalog: Catalog;
  kafka: KafkaWithTopics | undefined;
  cassandra: CassandraSource<"flink"> | undefined;
  jobs: readonly (FlinkJob | undefined)[];
}

export const flinkRoom = defineRoom({
  service: flink,
  without: ["kafka", "cassandra"],
  build({ own, namespace, image, exposure, bucket, opts }, { store, catalog, kafka, cassandra, jobs }: Wires) {
    return new Flink(
      "flink",
      {
        namespace,
        image: image("flink"),
        toolsImage: image("tools"),
        objectStore: store.access("flink"),
        bucket: bucket("flink"),
        catalog: catalog.endpoint,
        kafka: kafka?.endpoint,
        cassandra: cassandra?.access("flink"),
        exposure,
        resources: { ...flinkResources(own), setup: setupResources() },
        taskManagers: own.taskManagers,
        slots: own.slots,
        checkpointSeconds: own.checkpointSeconds,
        jobs: jobs.filter((one) => one !== undefined),
        startAnew: own.startAnew,
      },
      opts,
    );
  },
  offers({ address, endpoint: { url, at, ready } }, { own: { checkpointSeconds } }) {
    return {
      addresses: { flink: address },
      proves: [proven<typeof flinkHops>("flink", { settings: { url, checkpointSeconds }, ready, reaches: [at] })],
      watches: [watchable<typeof flinkWatch>("flink", { settings: { url }, reaches: [at] })],
    };
  },
});
