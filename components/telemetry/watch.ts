/** How often telemetry is to come: an alert must know it. */
import * as z from "zod";
import { defineWatch } from "../../platform/watching.ts";

export const telemetryWatch = defineWatch({
  room: "telemetry",
  settings: z.strictObject({ intervalSeconds: z.number().positive() }),
  make:
    ({ intervalSeconds }) =>
    () =>
      Promise.resolve([{ name: "telemetry_interval_seconds", value: intervalSeconds }]),
});
