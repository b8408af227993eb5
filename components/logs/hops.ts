/** What the proof asks of the logs: a line that it has written itself is found, once. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { logsHop } from "./hops/logs.ts";

export const logsHops = defineHops({
  room: "logs",
  settings: z.strictObject({
    /** `http://host:port` of the store, and of what reads the pods' logs. */
    store: z.url(),
    collector: z.url(),
  }),
  hops: [{ name: "logs", make: ({ store, collector }, { run }) => logsHop({ store, collector, run: run.run }) }],
});
