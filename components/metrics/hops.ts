/** What the proof asks of metrics: a marked figure that it has set is read back by a query. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { metricsHop } from "./hops/metrics.ts";

export const metricsHops = defineHops({
  room: "metrics",
  settings: z.strictObject({
    /** `http://host:port` of the store, and of what asks the services. */
    store: z.url(),
    exporter: z.url(),
    /** Whose pages of figures must be read. */
    pages: z.array(z.string()),
  }),
  hops: [
    {
      name: "metrics",
      make: ({ store, exporter, pages }, { run }) => metricsHop({ store, exporter, pages, run: run.run }),
    },
  ],
});
