/** What is watched of Kafka. */
import type { Watched } from "../../platform/watching.ts";

const records = "sum(rate(kafka_topic_partition_current_offset[5m])) by (topic)";
const lag = "sum(kafka_consumergroup_lag) by (consumergroup, topic)";

export const kafkaWatched: Watched = {
  panels: [
    { title: "Records in", unit: "/s", lines: { "{{topic}}": records } },
    {
      title: "Records out",
      unit: "/s",
      lines: { "{{consumergroup}}": "sum(rate(kafka_consumergroup_current_offset[5m])) by (consumergroup)" },
    },
    { title: "Records that readers have not read", lines: { "{{consumergroup}} {{topic}}": lag } },
    {
      title: "Partitions with too few copies",
      lines: { "{{topic}}": "sum(kafka_topic_partition_under_replicated_partition) by (topic) > 0" },
    },
    { title: "Brokers", lines: { brokers: "kafka_brokers" } },
  ],
  alerts: [
    {
      name: "KafkaLagGrows",
      expr: `${lag} > 1000 and deriv(${lag}[10m:30s]) > 0`,
      forMinutes: 10,
      severity: "warning",
      summary:
        "Reader {{ $labels.consumergroup }} of topic {{ $labels.topic }} is {{ $value }} records behind, and falls further behind.",
      runbook:
        "Its reader is too slow or stands still: npm run status says which. More partitions, executors or memory help a slow one.",
    },
    {
      name: "StreamStandsStill",
      expr:
        "sum(kafka_consumergroup_lag) by (consumergroup, topic) > 0 and " +
        "sum(increase(kafka_consumergroup_current_offset[10m])) by (consumergroup, topic) == 0 and on (topic) " +
        "sum(increase(kafka_topic_partition_current_offset[10m])) by (topic) > 0",
      forMinutes: 5,
      severity: "critical",
      summary:
        "Reader {{ $labels.consumergroup }} of topic {{ $labels.topic }} has read nothing for 10 minutes, while records come.",
      runbook:
        "npm run check names the hop; npm run logs -- --service <its service> --since 15m shows why it stands still.",
    },
    {
      name: "KafkaCopiesMissing",
      expr: "sum(kafka_topic_partition_under_replicated_partition) by (topic) > 0",
      forMinutes: 5,
      severity: "critical",
      summary: "Topic {{ $labels.topic }} has {{ $value }} partitions with too few copies.",
      runbook:
        "A broker is down or too slow: npm run status. Until it is back the loss of another one may lose records.",
    },
  ],
};
