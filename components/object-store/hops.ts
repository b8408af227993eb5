/** What the proof asks of the object store: it keeps what it is given. */
import * as z from "zod";
import { defineHops, type ProofContext } from "../../platform/hops/define-hops.ts";
import { markedRecords } from "../telemetry/hops/marked-records.ts";
import { objectStoreHop } from "./hops/object-store.ts";
import { type LineStore, objectStore } from "./hops/store-client.ts";

export const objectStoreHops = defineHops({
  room: "objectStore",
  settings: z.strictObject({
    protocol: z.enum(["http", "https"]),
    host: z.string().min(1),
    port: z.int().min(1).max(65535),
    region: z.string().min(1),
    pathStyle: z.boolean().default(true),
    /** The proof's key must be able to read and write it. */
    bucket: z.string().min(1).default("lake"),
  }),
  secrets: { accessKey: () => "the proof's S3 access key", secretKey: () => "the proof's S3 secret key" },
  hops: [
    {
      name: "object-store",
      after: "kafka",
      make: (own, context) => objectStoreHop(objectStore(own), context.once(markedRecords)),
    },
  ],
});

/** A bucket as the proof's key sees it; `undefined`: there is no store. */
export function bucketOf(context: ProofContext, bucket: string): LineStore | undefined {
  const store = context.of(objectStoreHops);
  return store && objectStore({ ...store, bucket });
}
