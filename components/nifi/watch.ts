/** Figures of NiFi's flows, as what watches over them has them. */
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { certificateWatch } from "../../platform/certificate-watch.ts";
import { defineWatch } from "../../platform/watching.ts";

const reportShape = z.looseObject({
  problem: z.string().optional(),
  flows: z.array(
    z.looseObject({
      name: z.string(),
      group: z
        .looseObject({
          running: z.number(),
          processors: z.number(),
          queued: z.number(),
          queuedBytes: z.number(),
          failed: z.number(),
          fullest: z.looseObject({ percent: z.number() }).optional(),
        })
        .optional(),
    }),
  ),
  rejected: z.looseObject({ count: z.number().nullable() }),
});

export const nifiWatch = defineWatch({
  room: "nifi",
  settings: z.strictObject({
    /** `http://host:port` of what watches over the flows. */
    url: z.url(),
    /** `host:port` of NiFi's own page, which has a certificate. */
    page: z.string(),
  }),
  make({ url, page }) {
    const certificates = certificateWatch([page]);
    return async (signal) => {
      const { problem, flows, rejected } = await askJson(`${url}/flows`, reportShape, signal);
      if (problem !== undefined) throw new Error(problem);
      return [
        ...(await certificates()),
        ...(rejected.count === null ? [] : [{ name: "nifi_rejected_total", value: rejected.count }]),
        ...flows.flatMap(({ name: flow, group }) => {
          if (group === undefined) return [];
          const labels = { flow };
          return [
            { name: "nifi_processors_stopped", labels, value: group.processors - group.running },
            { name: "nifi_queued", labels, value: group.queued },
            { name: "nifi_queued_bytes", labels, value: group.queuedBytes },
            { name: "nifi_failed", labels, value: group.failed },
            { name: "nifi_fullest_queue_percent", labels, value: group.fullest?.percent ?? 0 },
          ];
        }),
      ];
    };
  },
});
