/** What is watched of Kafka Connect. */
import type { Watched } from "../../platform/watching.ts";

export const connectWatched: Watched = {
  panels: [
    { title: "Tasks that do not run", lines: { "{{connector}}": "connect_tasks - connect_tasks_running" } },
    { title: "Records that were not read yet", lines: { "{{connector}}": "connect_lag" } },
    { title: "Times started anew", lines: { "{{connector}}": "connect_restarts_total" } },
  ],
  alerts: [
    {
      name: "ConnectorFailed",
      expr: "connect_failed == 1",
      forMinutes: 5,
      severity: "critical",
      summary: "Connector {{ $labels.connector }} has failed, was refused, or is gone.",
      runbook: "npm run status shows why it failed; it is started again after a pause, and by hand over Connect's API.",
    },
  ],
};
