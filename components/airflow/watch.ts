/** Figures of Airflow: whether its parts are at work, as its API tells everybody. */
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { defineWatch, type Sample } from "../../platform/watching.ts";

const partShape = z.looseObject({ status: z.string().nullish() });
const healthShape = z.looseObject({
  metadatabase: partShape,
  scheduler: partShape.extend({ latest_scheduler_heartbeat: z.string().nullish() }),
  triggerer: partShape.optional(),
  dag_processor: partShape.optional(),
});

export const airflowWatch = defineWatch({
  room: "airflow",
  /** `http://host:port` of the API server. */
  settings: z.strictObject({ url: z.url() }),
  make:
    ({ url }) =>
    async (signal) => {
      const health = await askJson(`${url}/api/v2/monitor/health`, healthShape, signal);
      const beat = Date.parse(health.scheduler.latest_scheduler_heartbeat ?? "");
      const parts = Object.entries({
        metadatabase: health.metadatabase,
        scheduler: health.scheduler,
        triggerer: health.triggerer,
        dag_processor: health.dag_processor,
      }).flatMap(([part, told]): Sample[] =>
        told?.status == null
          ? []
          : [{ name: "airflow_part_healthy", labels: { part }, value: Number(told.status === "healthy") }],
      );
      return [
        ...parts,
        ...(Number.isNaN(beat) ? [] : [{ name: "airflow_scheduler_heartbeat_seconds", value: beat / 1000 }]),
      ];
    },
});
