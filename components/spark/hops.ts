/** What the proof asks of Spark: the stream has written the marked records as data files. */
import { defineHops } from "../../platform/hops/define-hops.ts";
import { catalogHops, samplesOf } from "../catalog/hops.ts";
import { markedRecords } from "../telemetry/hops/marked-records.ts";
import { telemetryHops } from "../telemetry/hops.ts";
import { sparkHop } from "./hops/spark.ts";

export const sparkHops = defineHops({
  room: "spark",
  hops: [
    {
      name: "spark",
      after: "object-store",
      needs: ["kafka", "object-store"],
      make(_, context) {
        const [catalog, samples] = [context.of(catalogHops), context.once(samplesOf)];
        if (!catalog || !samples || context.of(telemetryHops)?.stream !== true) return undefined;
        const { uri, namespace } = catalog;
        return sparkHop(samples.files, context.once(markedRecords), uri, { namespace });
      },
    },
  ],
});
