/** How the first data path is built: the node's own figures, from Kafka into Iceberg, and the streams of all rooms. */
import { watchable } from "../../platform/watchable.ts";
import { defineRoom } from "../../platform/place.ts";
import { programText } from "../../platform/program.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import { provenTopic } from "../kafka/kafka-topic.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import { schemaModule, streamProgram, type StreamPart } from "../spark/stream-program.ts";
import { spark as sparkService } from "../spark/service.ts";
import { SparkApplication } from "../spark/spark-application.ts";
import { telemetryRecord } from "./programs/record.ts";
import { producerResources, streamDriverResources, telemetry } from "./service.ts";
import { provenTelemetry, TelemetryProducer } from "./telemetry.ts";
import type { telemetryWatch } from "./watch.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

export const telemetryRoom = defineRoom({
  service: telemetry,
  without: ["spark", "windows", "raceWindows", "audits"],
  build(
    { own, of, namespace, image, exposure, bucket, opts },
    {
      kafka,
      spark,
      windows,
      raceWindows,
      audits,
    }: {
      kafka: KafkaWithTopics;
      spark: SparkEndpoint | undefined;
      windows: StreamPart | undefined;
      raceWindows: readonly StreamPart[] | undefined;
      /** What looks after the table of the audit log. */
      audits: StreamPart | undefined;
    },
  ) {
    const topic = kafka.topics["telemetry"];
    if (topic === undefined) return { topic: undefined, producer: undefined, stream: undefined };
    const settings = of(sparkService);
    const part: StreamPart = {
      sinks: { file: "telemetry_sinks.py", content: programText(import.meta.dirname, "telemetry_sinks.py") },
      modules: [schemaModule("telemetry_schema.py", telemetryRecord)],
      env: { TOPIC: topic.topic },
      secretEnv: kafkaEnv(topic.kafka),
      reaches: [topic.kafka.at],
    };
    const producer = new TelemetryProducer(
      "telemetry",
      {
        namespace,
        image: image("tools"),
        topic,
        intervalSeconds: own.intervalSeconds,
        resources: producerResources(own),
      },
      opts,
    );
    const stream =
      spark &&
      new SparkApplication(
        "telemetry",
        {
          spark,
          mode: "stream",
          ...streamProgram({ ...own.stream, ...settings }, `s3a://${bucket("checkpoints")}`, [
            part,
            windows,
            ...(raceWindows ?? []),
            audits,
          ]),
          driverMemory: own.stream.driverMemory,
          driverResources: streamDriverResources(own),
          executors: settings.executors,
          readyFile: "/tmp/stream-ready",
          // It waits for topics, buckets and catalog by itself: until they are there it has itself to start.
          exposure,
        },
        opts,
      );
    return { topic, producer, stream };
  },
  offers: ({ topic, producer, stream }, { own }) => ({
    addresses: { sparkUi: stream?.address },
    watches:
      topic === undefined
        ? []
        : [
            watchable<typeof telemetryWatch>("telemetry", {
              settings: { intervalSeconds: own.intervalSeconds },
              reaches: [],
            }),
          ],
    proves:
      topic === undefined
        ? []
        : [provenTopic(topic), provenTelemetry({ stream: stream !== undefined, intervalSeconds: own.intervalSeconds })],
    waitFor: [...(stream?.ready ?? []), ...(producer?.ready ?? [])],
  }),
});
