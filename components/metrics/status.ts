/** What is wrong, asked from what looks for it. */
import type { z } from "zod";
import { askWatcher } from "../../platform/ask-watcher.ts";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { ALERTS, ALERTS_PORT } from "./names.ts";
import { alertsSchema, firingAlerts } from "./programs/alerts.ts";

const watcher = { service: `${ALERTS}:${ALERTS_PORT}`, what: "alerts" };

/**
 * Alerts that hold; `undefined` without metrics.
 * @throws Error when vmalert does not answer
 */
export async function alertsStatus(
  { enabled = false }: Readonly<{ enabled?: boolean | undefined }>,
  running: Pick<Running, "ask">,
): Promise<StatusAnswer | undefined> {
  if (!enabled) return undefined;
  return alertsAnswer(await askWatcher(running, watcher, "/api/v1/alerts", alertsSchema));
}

export function alertsAnswer(answer: z.output<typeof alertsSchema>): StatusAnswer {
  const firing = firingAlerts(answer);
  return {
    json: firing.map(({ name, severity, since, summary, runbook }) => ({ name, severity, since, summary, runbook })),
    faults: firing.map(({ summary, since, runbook }) => `${summary} Since ${since.slice(0, 19)}Z. ${runbook}`),
  };
}
