/** What is watched of JupyterHub. */
import type { Watched } from "../../platform/watching.ts";

const FAILED = 'increase(jupyterhub_server_spawn_duration_seconds_count{status!="success",reason=""}[15m])';

export const jupyterhubWatched: Watched = {
  panels: [
    { title: "Servers of users", lines: { running: "jupyterhub_running_servers" } },
    {
      title: "Users",
      lines: { all: "jupyterhub_total_users", "active in {{period}}": "jupyterhub_active_users" },
    },
    {
      title: "Time until a server is there, on average",
      unit: "seconds",
      lines: {
        "{{status}}":
          "increase(jupyterhub_server_spawn_duration_seconds_sum[1h]) / increase(jupyterhub_server_spawn_duration_seconds_count[1h])",
      },
    },
    { title: "Servers that did not start, in 15 minutes", lines: { "{{status}}": `${FAILED} > 0` } },
  ],
  alerts: [
    {
      name: "NotebookServersFail",
      expr: `sum(${FAILED}) >= 2`,
      forMinutes: 0,
      severity: "warning",
      summary: "{{ $value }} servers of users did not start within 15 minutes.",
      runbook:
        "npm run logs -- --service jupyterhub --since 15m says why; often the nodes have no memory left (npm run status).",
    },
  ],
};
