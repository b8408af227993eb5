/** What the proof asks of PostgreSQL: the newest backup is whole and not too old. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { JobHistory } from "../../platform/hops/job-history.ts";
import { bucketOf } from "../object-store/hops.ts";
import { backupHop } from "./hops/backup.ts";

export const postgresHops = defineHops({
  room: "postgres",
  settings: z.strictObject({
    /** Bucket of the backups; the proof's key must be able to read it. */
    bucket: z.string().min(1),
    /** Begin of the keys of all backups, with its slash. */
    prefix: z.string().endsWith("/"),
    /** The CronJob that makes them, whose Jobs the proof's account may list. */
    cronJob: z.string().min(1),
    schedule: z.string().min(1),
  }),
  hops: [
    {
      name: "backup",
      branch: "past",
      make(own, context) {
        const store = bucketOf(context, own.bucket);
        return store && backupHop({ ...own, store, jobs: new JobHistory() });
      },
    },
  ],
});
