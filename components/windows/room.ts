/** How the stream of windowed figures is built: exactly once to the lake, and at once to Cassandra. */
import { defineRoom } from "../../platform/place.ts";
import { programText } from "../../platform/program.ts";
import { proven } from "../../platform/proven.ts";
import { cassandraEnv } from "../cassandra/cassandra-settings.ts";
import type { CassandraSource } from "../cassandra/endpoint.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import { streamModules } from "../spark/stream-modules.ts";
import { spark as sparkService, sparkDriverResources } from "../spark/service.ts";
import { SparkApplication } from "../spark/spark-application.ts";
import type { windowsHops } from "./hops.ts";
import { windows } from "./service.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

export const windowsRoom = defineRoom({
  service: windows,
  build(
    { own, of, exposure, bucket, opts },
    { kafka, spark, cassandra }: { kafka: KafkaWithTopics; spark: SparkEndpoint; cassandra: CassandraSource<"spark"> },
  ) {
    const { telemetry: monitoring, "random-numbers": numbers } = kafka.topics;
    if (monitoring === undefined || numbers === undefined) return undefined;
    return new SparkApplication(
      "windows",
      {
        spark,
        mode: "stream",
        main: { file: "windows-stream.py", content: programText(import.meta.dirname, "windows-stream.py") },
        modules: streamModules(),
        env: {
          KAFKA_BOOTSTRAP: numbers.kafka.bootstrapServers,
          KAFKA_SECURITY_PROTOCOL: numbers.kafka.securityProtocol,
          RANDOM_NUMBERS_TOPIC: numbers.topic,
          MONITORING_TOPIC: monitoring.topic,
          ON_MISSING_RECORDS: of(sparkService).onMissingRecords,
          CHECKPOINT: `s3a://${bucket("checkpoints")}/windows`,
          TRIGGER_SECONDS: String(own.triggerSeconds),
          LAKE_TRIGGER_SECONDS: String(own.lakeTriggerSeconds),
          WINDOW_SECONDS: String(own.windowSeconds),
        },
        secretEnv: cassandraEnv(cassandra.access("spark")),
        driverMemory: own.driverMemory,
        driverResources: sparkDriverResources(own, own.resources),
        executors: own.executors,
        readyFile: "/tmp/stream-ready",
        // It waits for topics, buckets, catalog and Cassandra by itself: until they are there it has itself to start.
        exposure,
        publish: false,
      },
      opts,
    );
  },
  offers(stream, { own: { windowSeconds } }) {
    if (stream === undefined) return {};
    return {
      proves: [proven<typeof windowsHops>("windows", { settings: { windowSeconds } })],
      waitFor: stream.ready,
    };
  },
});
