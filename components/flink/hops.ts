/** What Flink tells the proof. Its jobs are other rooms', which ask what they have written. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";

export const flinkHops = defineHops({
  room: "flink",
  settings: z.strictObject({
    /** `http://host:port` of the JobManager. */
    url: z.url(),
    /** Time between checkpoints, with which rows come into the lake. */
    checkpointSeconds: z.int().min(1).max(3600),
  }),
  hops: [],
});
