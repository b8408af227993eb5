/** What the proof asks of the catalog: its version of the table lists the files that hold the marked records. */
import * as z from "zod";
import { defineHops, type ProofContext } from "../../platform/hops/define-hops.ts";
import type { ObjectStore } from "../object-store/hops/store-client.ts";
import { bucketOf } from "../object-store/hops.ts";
import { markedRecords } from "../telemetry/hops/marked-records.ts";
import { catalogHop } from "./hops/catalog.ts";
import { SamplesFiles } from "./hops/samples-files.ts";

export const catalogHops = defineHops({
  room: "catalog",
  settings: z.strictObject({
    uri: z.string().regex(/^thrift:\/\/[^:/]+:\d+$/),
    /** Bucket of the tables; the proof's key must be able to read it. */
    bucket: z.string().min(1).default("lake"),
    /** Prefix of the tables in the bucket. */
    warehouse: z.string().default("warehouse"),
    /** Iceberg namespace of the table `samples`. */
    namespace: z.string().min(1).default("telemetry"),
  }),
  hops: [
    {
      name: "catalog",
      after: "spark",
      needs: ["spark"],
      make(own, context) {
        const samples = context.once(samplesOf);
        return samples && catalogHop(own, samples.store, samples.files, context.once(markedRecords));
      },
    },
  ],
});

/** The files of the table `samples`. */
export function samplesOf(
  context: ProofContext,
): { readonly store: ObjectStore; readonly files: SamplesFiles } | undefined {
  const catalog = context.of(catalogHops);
  const store = catalog && bucketOf(context, catalog.bucket);
  if (!store) return undefined;
  const prefix = [catalog.warehouse, `${catalog.namespace}.db`, "samples"].filter(Boolean).join("/");
  return { store, files: new SamplesFiles(store, prefix, context.once(markedRecords)) };
}
