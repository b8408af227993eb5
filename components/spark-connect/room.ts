/** How Spark Connect is built: one server for the sessions of all. */
import { defineRoom } from "../../platform/place.ts";
import type { History } from "../spark-history/room.ts";
import { sparkDriverResources } from "../spark/service.ts";
import { sparkConnect } from "./service.ts";
import { SparkConnect } from "./spark-connect.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

export const sparkConnectRoom = defineRoom({
  service: sparkConnect,
  without: ["history"],
  build({ own, opts }, { spark, history }: { spark: SparkEndpoint; history: History | undefined }) {
    return new SparkConnect(
      "spark-connect",
      {
        spark,
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
