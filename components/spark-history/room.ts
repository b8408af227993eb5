/** How Spark's history is built. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import type { sparkHistoryHops } from "./hops.ts";
import { sparkHistory, sparkHistoryResources } from "./service.ts";
import { SparkHistory } from "./spark-history.ts";

export const sparkHistoryRoom = defineRoom({
  service: sparkHistory,
  build({ own, namespace, image, exposure, bucket, opts }, { store }: { store: S3Source<"spark-history"> }) {
    const eventLog = `s3a://${bucket("sparkEvents")}/`;
    const server = new SparkHistory(
      "spark-history",
      {
        namespace,
        image: image("spark"),
        objectStore: store.access("spark-history"),
        eventLog,
        resources: sparkHistoryResources(own),
        collector: own.collector,
        exposure,
      },
      opts,
    );
    return { server, eventLog };
  },
  offers: ({ server }) => ({
    addresses: { sparkHistory: server.address },
    proves: [
      proven<typeof sparkHistoryHops>("sparkHistory", {
        settings: { url: server.url, keepDays: server.keepDays },
        reaches: [server.at],
      }),
    ],
    waitFor: server.ready,
  }),
});

/** The history as applications see it: where they write their events. */
export interface History {
  readonly eventLog: string;
}
