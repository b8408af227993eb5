/** What the proof asks of NiFi: a dropped file and a post become records of a topic, objects of S3 and rows of the lake. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { HopSkipped } from "../../platform/hops/hop.ts";
import { bucketOf } from "../object-store/hops.ts";
import { prestoOf } from "../presto/hops.ts";
import { nifiHop } from "./hops/nifi.ts";

/** The topic whose records the proof can make. */
const TOPIC = "telemetry";

export const nifiHops = defineHops({
  room: "nifi",
  settings: z.strictObject({
    /** `http://host:port` */
    posts: z.url(),
    /** `host:port,host:port`; how to speak to them is in the environment of `kafkaClient`. */
    bootstrapServers: z.string().min(1),
    topic: z.string().min(1),
    /** Topic of what was rejected. */
    rejected: z.string().min(1),
    /** Bucket of the files; the proof's key must be able to read and write it. */
    bucket: z.string().min(1),
    /** Prefixes of dropped files, and of what was taken. */
    drop: z.string().min(1),
    kept: z.string().min(1),
  }),
  hops: [
    {
      name: "nifi",
      // Presto tells what is in the lake.
      needs: ["presto"],
      make(own, context) {
        const store = bucketOf(context, own.bucket);
        const presto = prestoOf(context);
        if (!store || !presto) return undefined;
        const { run, counts } = context;
        const hop = nifiHop({ ...own, store, presto, run, records: counts.records });
        if (own.topic === TOPIC) return hop;
        const skip = (): Promise<never> =>
          Promise.reject(
            new HopSkipped(`its flow writes to topic ${own.topic}, whose records the proof does not make`),
          );
        return { ...hop, run: skip };
      },
    },
  ],
});
