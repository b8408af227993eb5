/** What the proof asks of Spark's history: it knows the batch that made the census' figures. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { batchOf, censusHops } from "../census/hops.ts";
import { asking, prestoHops } from "../presto/hops.ts";
import { sparkHistoryHop } from "./hops/spark-history.ts";

export const sparkHistoryHops = defineHops({
  room: "sparkHistory",
  settings: z.strictObject({ url: z.url(), keepDays: z.int().min(1) }),
  hops: [
    {
      name: "spark-history",
      branch: "past",
      make(own, context) {
        const census = context.of(censusHops);
        if (!census) return undefined;
        const table = `${context.of(prestoHops)?.catalog ?? ""}.census.summary`;
        const { run } = census;
        return asking(context, (presto) => sparkHistoryHop({ ...own, presto, table, run, batch: batchOf(census) }));
      },
    },
  ],
});
