/** What is wrong, asked from what looks for it. */
import { z } from "zod";
import { askWatcher } from "../../platform/ask-watcher.ts";
import type { Running, StatusAnswer } from "../../platform/operating.ts";
import { ALERTS, ALERTS_PORT } from "./names.ts";

const alertsSchema = z.looseObject({
  data: z.looseObject({
    alerts: z.array(
      z.looseObject({
        name: z.string(),
        state: z.string(),
        activeAt: z.string(),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
      }),
    ),
  }),
});
export type Answer = z.output<typeof alertsSchema>;

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

export function alertsAnswer({ data }: Answer): StatusAnswer {
  const firing = data.alerts
    .filter(({ state }) => state === "firing")
    .map(({ name, activeAt, labels, annotations }) => ({
      name,
      severity: labels["severity"] ?? "",
      since: activeAt,
      summary: annotations["summary"] ?? "",
      runbook: annotations["runbook"] ?? "",
    }))
    .sort((a, b) => a.severity.localeCompare(b.severity) || a.summary.localeCompare(b.summary));
  return {
    json: firing,
    faults: firing.map(({ summary, since, runbook }) => `${summary} Since ${since.slice(0, 19)}Z. ${runbook}`),
  };
}
