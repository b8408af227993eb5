/** What the proof asks of the census: the display shows the right figures of its file, from both sinks. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { JobHistory } from "../../platform/hops/job-history.ts";
import { displayOf } from "../display/hops.ts";
import { bucketOf } from "../object-store/hops.ts";
import { censusHop } from "./hops/census.ts";
import type { BatchJob } from "./hops/census-batch.ts";

export const censusHops = defineHops({
  room: "census",
  settings: z.strictObject({
    /** Bucket of the census files; the proof's key must be able to read it. */
    bucket: z.string().min(1),
    /** Prefix of the files in the bucket, with its slash. */
    prefix: z.string().default("census/"),
    /** People in all files together. */
    rows: z.int().min(1),
    /** Run under which Spark writes the figures. */
    run: z.string().min(1).default("static-file"),
    /** Name of the batch's Job, which may still run; the proof's account may list Jobs. */
    job: z.string().min(1),
  }),
  hops: [
    {
      name: "census",
      // A branch of its own: what the numbers have left is removed meanwhile.
      waitsFor: ["display"],
      make(own, context) {
        const [display, inputs] = [context.once(displayOf), bucketOf(context, own.bucket)];
        return display && inputs && censusHop({ display, inputs, config: own, batch: batchOf(own) });
      },
    },
  ],
});

/** The batch, as hops wait for it. */
export function batchOf({ job }: { readonly job: string }): BatchJob {
  return { job, jobs: new JobHistory() };
}
