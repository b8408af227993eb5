/** What is watched of Airflow. */
import type { Watched } from "../../platform/watching.ts";

export const airflowWatched: Watched = {
  panels: [
    { title: "Parts that are at work", lines: { "{{part}}": "airflow_part_healthy" } },
    {
      title: "Time since the scheduler's last sign of life",
      unit: "seconds",
      lines: { scheduler: "time() - airflow_scheduler_heartbeat_seconds" },
    },
    {
      title: "Memory of tasks",
      unit: "bytes",
      lines: { "{{pod}}": 'sum(container_memory_working_set_bytes{container!="",namespace=~".+-jobs"}) by (pod)' },
    },
  ],
  alerts: [
    {
      name: "AirflowPartDown",
      expr: "airflow_part_healthy == 0",
      forMinutes: 5,
      severity: "critical",
      summary: "Airflow's {{ $labels.part }} is not at work.",
      runbook:
        "No DAG runs without it: npm run status says which pod is not ready, npm run logs -- --service airflow why.",
    },
  ],
};
