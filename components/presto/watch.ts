/** Figures of Presto, as its coordinator has them. */
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { defineWatch } from "../../platform/watching.ts";

const clusterShape = z.looseObject({
  runningQueries: z.number(),
  blockedQueries: z.number(),
  queuedQueries: z.number(),
  activeWorkers: z.number(),
  runningDrivers: z.number(),
  reservedMemory: z.number(),
  totalInputRows: z.number(),
  totalInputBytes: z.number(),
  totalCpuTimeSecs: z.number(),
});

export const prestoWatch = defineWatch({
  room: "presto",
  settings: z.strictObject({ url: z.url() }),
  make:
    ({ url }) =>
    async (signal) => {
      const seen = await askJson(`${url}/v1/cluster`, clusterShape, signal, {
        headers: { "X-Presto-User": "metrics" },
      });
      return Object.entries(clusterShape.shape).map(([key]) => ({
        name: `presto_${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
        value: Number(seen[key]),
      }));
    },
});
