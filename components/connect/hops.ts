/** What the proof asks of Kafka Connect: records go to S3 and to the lake, and come back from S3. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { bucketOf } from "../object-store/hops.ts";
import { prestoOf } from "../presto/hops.ts";
import { connectHop } from "./hops/connect.ts";

export const connectHops = defineHops({
  room: "connect",
  settings: z.strictObject({
    /** `http://host:port` */
    url: z.url(),
    /** `host:port,host:port`; how to speak to them is in the environment of `kafkaClient`. */
    bootstrapServers: z.string().min(1),
    /** Bucket for objects; the proof's key must be able to read and write it. */
    bucket: z.string().min(1),
    /** Copies of each record of a new topic. */
    copies: z.int().min(1),
    s3Url: z.url(),
    s3Region: z.string().min(1),
    s3PathStyle: z.boolean(),
    catalogUri: z.string().min(1),
    warehouse: z.string().min(1),
  }),
  hops: [
    {
      name: "connect",
      // Presto tells what is in the lake.
      needs: ["presto"],
      make(own, context) {
        const store = bucketOf(context, own.bucket);
        const presto = prestoOf(context);
        const [, lake = "", folder = ""] = /^s3a:\/\/([^/]+)\/(.+)$/.exec(own.warehouse) ?? [];
        const tables = bucketOf(context, lake);
        if (!store || !presto || !tables) return undefined;
        const { run, counts } = context;
        return connectHop({ ...own, store, presto, tables: { store: tables, folder }, run, records: counts.records });
      },
    },
  ],
});
