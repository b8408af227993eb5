/** How the first data path is built: the node's own figures, from Kafka into Iceberg. */
import { defineRoom } from "../../platform/place.ts";
import { programText } from "../../platform/program.ts";
import { provenTopic } from "../kafka/kafka-topic.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import { streamModules } from "../spark/stream-modules.ts";
import { sharedDriverResources, spark as sparkService } from "../spark/service.ts";
import { SparkApplication } from "../spark/spark-application.ts";
import { producerResources, telemetry } from "./service.ts";
import { provenTelemetry, TelemetryProducer } from "./telemetry.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

export const telemetryRoom = defineRoom({
  service: telemetry,
  without: ["spark"],
  build(
    { own, of, namespace, image, exposure, bucket, opts },
    { kafka, spark }: { kafka: KafkaWithTopics; spark: SparkEndpoint | undefined },
  ) {
    const topic = kafka.topics["telemetry"];
    if (topic === undefined) return { topic: undefined, producer: undefined, stream: undefined };
    const settings = of(sparkService);
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
          main: { file: "telemetry-stream.py", content: programText(import.meta.dirname, "telemetry-stream.py") },
          modules: streamModules(),
          env: {
            KAFKA_BOOTSTRAP: topic.kafka.bootstrapServers,
            KAFKA_SECURITY_PROTOCOL: topic.kafka.securityProtocol,
            TOPIC: topic.topic,
            ON_MISSING_RECORDS: settings.onMissingRecords,
            CHECKPOINT: `s3a://${bucket("checkpoints")}/telemetry`,
            TRIGGER_SECONDS: String(own.stream.triggerSeconds),
            DEAD_LETTER_TRIGGER_SECONDS: String(own.stream.deadLetterTriggerSeconds),
          },
          driverMemory: settings.driverMemory,
          driverResources: sharedDriverResources(settings),
          executors: settings.executors,
          readyFile: "/tmp/stream-ready",
          // It waits for topic, buckets and catalog by itself: until they are there it has itself to start.
          exposure,
        },
        opts,
      );
    return { topic, producer, stream };
  },
  offers: ({ topic, producer, stream }, { own }) => ({
    addresses: { sparkUi: stream?.address },
    proves:
      topic === undefined
        ? []
        : [provenTopic(topic), provenTelemetry({ stream: stream !== undefined, intervalSeconds: own.intervalSeconds })],
    waitFor: [...(stream?.ready ?? []), ...(producer?.ready ?? [])],
  }),
});
