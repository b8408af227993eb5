/** What is watched of Kafka Connect. */
import { DEAD_LETTER_TOPIC } from "./programs/topics.ts";
import type { Watched } from "../../platform/watching.ts";

export const connectWatched: Watched = {
  panels: [
    { title: "Tasks that do not run", lines: { "{{connector}}": "connect_tasks - connect_tasks_running" } },
    { title: "Records that were not read yet", lines: { "{{connector}}": "connect_lag" } },
    { title: "Times started anew", lines: { "{{connector}}": "connect_restarts_total" } },
  ],
  alerts: [
    {
      name: "ConnectDeadLetters",
      expr: `sum(increase(kafka_topic_partition_current_offset{topic="${DEAD_LETTER_TOPIC}"}[15m])) > 20`,
      forMinutes: 0,
      severity: "warning",
      summary: "Connectors put {{ $value }} records aside within 15 minutes, for they are no good.",
      runbook: `Topic ${DEAD_LETTER_TOPIC} has them, each with the reason in its headers; whoever sends them mends it.`,
    },
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
