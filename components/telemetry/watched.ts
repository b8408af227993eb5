/** What is watched of the telemetry's stream. */
import type { Watched } from "../../platform/watching.ts";

const OFFSETS = 'kafka_topic_partition_current_offset{topic="telemetry"}';
/** Ten minutes, or twice the time between two records. */
const LONG = "clamp_min(2 * max(telemetry_interval_seconds), 600)";

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
    {
      title: "Dead letters, in 15 minutes",
      lines: { "{{topic}}": "sum(increase(stream_refused_records_total[15m])) by (topic)" },
    },
  ],
  alerts: [
    {
      name: "DeadLetters",
      // A proof sends some on purpose, so a few among many are none.
      expr:
        "sum(increase(stream_refused_records_total[15m])) by (topic) > 20 and " +
        "sum(increase(stream_refused_records_total[15m])) by (topic) > " +
        "0.01 * sum(increase(kafka_topic_partition_current_offset[15m])) by (topic)",
      forMinutes: 0,
      severity: "warning",
      summary:
        "{{ $value }} records of topic {{ $labels.topic }} were no good within 15 minutes, and are dead letters.",
      runbook:
        "SELECT error, count(*) FROM lake.<schema>.dead_letter GROUP BY error says what is wrong; whoever sends them mends it.",
    },
    {
      name: "NoProducer",
      expr:
        `min(time() - tlast_change_over_time(${OFFSETS}[1d])) > ${LONG} or ` +
        `(sum(increase(${OFFSETS}[1d])) == 0 and min(time() - tfirst_over_time(${OFFSETS}[1d])) > ${LONG})`,
      forMinutes: 5,
      severity: "critical",
      summary: "No record has come to topic telemetry for longer than the producer's interval allows.",
      runbook: "npm run logs -- --service telemetry-producer shows why it sends none.",
    },
  ],
};
