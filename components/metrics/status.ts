/** What is wrong, asked from what looks for it. */
import type { z } from "zod";
import { figuresOf } from "../../platform/ask-figures.ts";
import { askWatcher } from "../../platform/ask-watcher.ts";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { ALERTS, ALERTS_PORT, STORE, STORE_PORT } from "./names.ts";
import { alertsSchema, firingAlerts } from "./programs/alerts.ts";

const watcher = { service: `${ALERTS}:${ALERTS_PORT}`, what: "alerts" };

/** A store that takes nothing more can't be watched by what it has. */
const FULL =
  "The store of metrics takes nothing more, since its disk has less than 64 MiB left, so alerts are blind. " +
  "Make its claim larger (services.metrics.storage.size, then npm run up), or keep less (services.metrics.keepDays).";

/**
 * Alerts that hold; `undefined` without metrics.
 * @throws Error when vmalert does not answer
 */
export async function alertsStatus(
  { enabled = false }: Readonly<{ enabled?: boolean | undefined }>,
  running: Pick<Running, "ask" | "text">,
): Promise<StatusAnswer | undefined> {
  if (!enabled) return undefined;
  // Whether the store answers at all, its alerts say.
  const page = await running.text(`${STORE}:${STORE_PORT}`, "/metrics").catch(() => "");
  const { json, faults = [] } = alertsAnswer(await askWatcher(running, watcher, "/api/v1/alerts", alertsSchema));
  return { json, faults: [...(isReadOnly(page) ? [FULL] : []), ...faults] };
}

/** @param page Figures of VictoriaMetrics itself. */
function isReadOnly(page: string): boolean {
  return figuresOf(page).some(({ name, value }) => name === "vm_storage_is_read_only" && value === 1);
}

export function alertsAnswer(answer: z.output<typeof alertsSchema>): StatusAnswer {
  const firing = firingAlerts(answer);
  return {
    json: firing.map(({ name, severity, since, summary, runbook }) => ({ name, severity, since, summary, runbook })),
    faults: firing.map(({ summary, since, runbook }) => `${summary} Since ${since.slice(0, 19)}Z. ${runbook}`),
  };
}
