/** Alerts, as vmalert tells them. */
import { z } from "zod";

export const alertsSchema = z.looseObject({
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

/** An alert that holds. */
export interface FiringAlert {
  readonly name: string;
  readonly severity: string;
  /** In ISO 8601. */
  readonly since: string;
  readonly summary: string;
  readonly runbook: string;
  /** What it is about, such as a topic. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Those that hold, grave ones first. */
export function firingAlerts({ data }: z.output<typeof alertsSchema>): FiringAlert[] {
  return data.alerts
    .filter(({ state }) => state === "firing")
    .map(({ name, activeAt, labels, annotations }) => ({
      name,
      severity: labels["severity"] ?? "",
      since: activeAt,
      summary: annotations["summary"] ?? "",
      runbook: annotations["runbook"] ?? "",
      labels,
    }))
    .sort((a, b) => a.severity.localeCompare(b.severity) || a.summary.localeCompare(b.summary));
}
