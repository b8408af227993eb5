/** What is watched of the telemetry's stream. */
import type { Watched } from "../../platform/watching.ts";

const records = (topic: string): string => `sum(increase(kafka_topic_partition_current_offset{topic="${topic}"}[10m]))`;

export const telemetryWatched: Watched = {
  panels: [
    {
      title: "Records of the producer",
      unit: "/s",
      lines: { telemetry: 'sum(rate(kafka_topic_partition_current_offset{topic="telemetry"}[5m]))' },
    },
    {
      title: "Rows in, and rows that Spark gets done",
      unit: "/s",
      lines: {
        in: 'sum({__name__=~"metrics_spark_driver_spark_streaming_.*_inputRate_total_Value"})',
        done: 'sum({__name__=~"metrics_spark_driver_spark_streaming_.*_processingRate_total_Value"})',
      },
    },
    {
      title: "Time of a batch, in ms",
      lines: { "{{pod}}": 'max({__name__=~"metrics_spark_driver_spark_streaming_.*_latency_Value"}) by (pod)' },
    },
  ],
  alerts: [
    {
      name: "NoProducer",
      expr: `${records("telemetry")} == 0`,
      forMinutes: 5,
      severity: "critical",
      summary: "No record has come to topic telemetry for 10 minutes.",
      runbook: "npm run logs -- --service telemetry-producer shows why it sends none.",
    },
  ],
};
