/** What is watched of Flink. */
import type { Watched } from "../../platform/watching.ts";

export const flinkWatched: Watched = {
  panels: [
    { title: "Jobs that run", lines: { "{{flink_job}}": "flink_job_running" } },
    {
      title: "Age of the last checkpoint",
      unit: "seconds",
      lines: { "{{flink_job}}": "time() - flink_job_last_checkpoint_seconds" },
    },
    {
      title: "Time of a checkpoint",
      unit: "seconds",
      lines: { "{{flink_job}}": "flink_job_last_checkpoint_duration_seconds" },
    },
    { title: "Times started anew", lines: { "{{flink_job}}": "flink_job_restarts_total" } },
    { title: "TaskManagers and free slots", lines: { managers: "flink_taskmanagers", slots: "flink_slots_available" } },
  ],
  alerts: [
    {
      name: "FlinkJobStopped",
      expr: "flink_job_running == 0",
      forMinutes: 5,
      severity: "critical",
      summary: "Flink's job {{ $labels.flink_job }} does not run.",
      runbook: "npm run status shows why it stopped; npm run up starts the jobs of the platform again.",
    },
    {
      name: "FlinkCheckpointOld",
      expr: "time() - flink_job_last_checkpoint_seconds > 600",
      forMinutes: 5,
      severity: "critical",
      summary: "The last checkpoint of Flink's job {{ $labels.flink_job }} is {{ $value }} s old.",
      runbook: "Since then nothing has become visible. Flink's page shows which part holds it up; S3 may be away.",
    },
  ],
};
