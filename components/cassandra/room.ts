/** How Cassandra is built: the pipeline's tables, and a role for each who reads or writes them. */
import { defineRoom } from "../../platform/place.ts";
import { setupResources } from "../../platform/resources.ts";
import type { Keyspaces } from "../../platform/tables.ts";
import { Cassandra } from "./cassandra.ts";
import { cassandra, cassandraResources } from "./service.ts";

/** Who reads and writes rows, each with a role of its own. */
const roles = {
  spark: { streaming: "readWrite" },
  census: { census: "readWrite" },
  presto: { streaming: "read", census: "read" },
  display: { streaming: "read", census: "read" },
  proof: { streaming: "readWrite", census: "readWrite" },
} as const;
export type RowConsumer = keyof typeof roles;

export const cassandraRoom = defineRoom({
  service: cassandra,
  build({ own, namespace, image, storage, opts }, { keyspaces }: { keyspaces: Keyspaces }): Cassandra<RowConsumer> {
    return new Cassandra(
      "cassandra",
      {
        namespace,
        image: image("cassandra"),
        storage,
        data: own.storage,
        replicas: own.replicas,
        replicationFactor: own.replicationFactor,
        resources: cassandraResources(own),
        toolsImage: image("tools"),
        setupResources: setupResources(),
        keyspaces,
        roles,
      },
      opts,
    );
  },
  offers: (rows) => ({ proves: { pipeline: { cassandra: rows.access("proof") } } }),
});
