/** What is watched of NiFi. */
import type { Watched } from "../../platform/watching.ts";

export const nifiWatched: Watched = {
  panels: [
    { title: "Waiting in queues", lines: { "{{flow}}": "nifi_queued" } },
    { title: "Bytes in queues", unit: "bytes", lines: { "{{flow}}": "nifi_queued_bytes" } },
    { title: "Fullest queue", unit: "%", lines: { "{{flow}}": "nifi_fullest_queue_percent" } },
    { title: "Lines that were rejected", unit: "/s", lines: { rejected: "rate(nifi_rejected_total[5m])" } },
  ],
  alerts: [
    {
      name: "NifiQueueFull",
      expr: "nifi_fullest_queue_percent >= 90",
      forMinutes: 5,
      severity: "critical",
      summary: "A queue of NiFi's flow {{ $labels.flow }} is {{ $value }} % full, and holds back what is before it.",
      runbook: "npm run status names the queue; what comes after it does not take what waits: Kafka or S3 may be away.",
    },
    {
      name: "NifiRejects",
      expr: "increase_prometheus(nifi_rejected_total[15m]) > 0",
      forMinutes: 0,
      severity: "warning",
      summary: "NiFi rejected {{ $value }} lines within 15 minutes.",
      runbook: "Topic nifi-rejected has each with the reason: mend who sends them.",
    },
  ],
};
