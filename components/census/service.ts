/** The census, as plain data: a static file in S3, and the batch over it. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type RightsByConsumer } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { allResourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { catalog } from "../catalog/service.ts";
import { objectStore } from "../object-store/service.ts";
import { applicationPods, sharedDriverResources, spark } from "../spark/service.ts";
import { censusTables } from "./tables.ts";

const MEMORY = "256Mi";
/** People whose figures a driver makes in less time than an executor takes to start. */
const MOST_ROWS_IN_DRIVER = 200_000;
const writer = { small: size(20, 1000, 0.35), large: size(100, 1000, 1) };

/** One Job that writes a part of the census file. */
export function censusFileResources(settings: Sized): Resources {
  return sized(writer[settings.size], MEMORY, settings.resources);
}

/** Executors of the batch over the file; 0: the driver does their work. */
export function censusExecutors({ rows }: { readonly rows: number }): number {
  return rows > MOST_ROWS_IN_DRIVER ? 1 : 0;
}

export const census = defineService({
  name: "census",
  group: "pipeline",
  title: "the census",
  settings: z
    .strictObject({
      enabled: optional("pipeline", "a census file is generated and its figures are computed by a Spark batch"),
      rows: z.int().min(1).max(10_000_000).default(20_000).describe("People in the file."),
      seed: z.int().min(0).max(2_147_483_647).default(1).describe("Equal seeds and rows make equal files."),
      parts: z
        .int()
        .min(1)
        .max(100)
        .default(2)
        .describe("Parts of the file. Each is written by its own pod and read by its own task."),
      scheduling: schedulingSetting("what writes the file, and of the driver of the batch over it"),
      resources: allResourcesSetting("each Job that writes a part of the file", writer, MEMORY, "128Mi"),
    })
    .prefault({})
    .describe("The census: a static file in S3, and the batch over it."),
  needs: { of: [objectStore, catalog, spark], why: "Spark reads its file there and writes its figures" },
  sized: (own) => ({ resources: censusFileResources(own) }),
  pods: (view) => applicationPods(sharedDriverResources(view.of(spark)), view.of(spark), censusExecutors(view.own)),
  quarters: ({ own, isOn }) => (isOn("spark") && censusExecutors(own) > 0 ? ["jobs"] : []),
  goes: 2,
  problems({ own: { parts, rows } }) {
    if (parts <= rows) return [];
    return [
      `millrace:services.census.parts: received ${parts}, with ${rows} ${rows === 1 ? "row" : "rows"}; ` +
        `give at most ${rows}, or raise millrace:services.census.rows`,
    ];
  },
  store: {
    buckets: { inputs: { name: "inputs", holds: "files that batches read" } },
    consumers: { "census-file": "the Job that writes the census file", census: "the batch over the census file" },
    rights: ({ own }, { bucket }): RightsByConsumer =>
      own.enabled
        ? {
            "census-file": { [bucket("inputs")]: "readWrite" },
            census: { [bucket("inputs")]: "read", [bucket("lake")]: "readWrite" },
          }
        : {},
    grants: ({ own }, { bucket }): RightsByConsumer => (own.enabled ? { proof: { [bucket("inputs")]: "read" } } : {}),
  },
  tables: () => censusTables,
  tableRoles: { census: { census: "readWrite" } },
  hops: { census: ["census", "display"] },
});
