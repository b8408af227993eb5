/** Figures of connectors, as what watches over them has them. */
import * as z from "zod";
import { askJson } from "../../platform/ask-json.ts";
import { defineWatch } from "../../platform/watching.ts";

const reportShape = z.looseObject({
  seen: z.string().nullable(),
  problem: z.string().optional(),
  connectors: z.array(
    z.looseObject({
      name: z.string(),
      condition: z.string(),
      tasks: z.looseObject({ running: z.number(), all: z.number() }),
      lag: z.number().optional(),
      restarts: z.number(),
    }),
  ),
});

export const connectWatch = defineWatch({
  room: "connect",
  /** `http://host:port` of what watches over the connectors. */
  settings: z.strictObject({ url: z.url() }),
  make:
    ({ url }) =>
    async (signal) => {
      const { problem, connectors } = await askJson(`${url}/connectors`, reportShape, signal);
      if (problem !== undefined) throw new Error(problem);
      return connectors.flatMap(({ name: connector, condition, tasks, lag, restarts }) => {
        const labels = { connector };
        return [
          { name: "connect_failed", labels, value: Number(["failed", "refused", "missing"].includes(condition)) },
          { name: "connect_tasks_running", labels, value: tasks.running },
          { name: "connect_tasks", labels, value: tasks.all },
          { name: "connect_restarts_total", labels, value: restarts },
          ...(lag === undefined ? [] : [{ name: "connect_lag", labels, value: lag }]),
        ];
      });
    },
});
