/** How Spark Connect is built: one server for the sessions of all. */
import { defineRoom } from "../../platform/place.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import type { History } from "../spark-history/room.ts";
import { sparkDriverResources } from "../spark/service.ts";
import { sparkConnect } from "./service.ts";
import { SparkConnect } from "./spark-connect.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

interface Wires {
  spark: SparkEndpoint;
  store: S3Source<"spark-connect">;
  history: History | undefined;
}

export const sparkConnectRoom = defineRoom({
  service: sparkConnect,
  without: ["history"],
  build({ own, opts }, { spark, store, history }: Wires) {
    return new SparkConnect(
      "spark-connect",
      {
        spark,
        objectStore: store.access("spark-connect"),
        driverMemory: own.driverMemory,
        driverResources: sparkDriverResources(own, own.resources),
        maxExecutors: own.maxExecutors,
        ...(history && { eventLog: history.eventLog }),
      },
      opts,
    );
  },
  offers: ({ endpoint }) => ({ waitFor: endpoint.ready }),
});
