/** What windows of figures add to the streams: exactly once to the lake, and at once to Cassandra. */
import { defineRoom } from "../../platform/place.ts";
import { programText } from "../../platform/program.ts";
import { proven } from "../../platform/proven.ts";
import { cassandraEnv } from "../cassandra/cassandra-settings.ts";
import type { CassandraSource } from "../cassandra/endpoint.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { StreamPart } from "../spark/stream-program.ts";
import type { windowsHops } from "./hops.ts";
import { windows } from "./service.ts";

export const windowsRoom = defineRoom({
  service: windows,
  build(
    { own },
    { kafka, cassandra }: { kafka: KafkaWithTopics; cassandra: CassandraSource<"spark"> },
  ): StreamPart | undefined {
    const numbers = kafka.topics["random-numbers"];
    if (numbers === undefined) return undefined;
    return {
      sinks: { file: "windows_sinks.py", content: programText(import.meta.dirname, "windows_sinks.py") },
      env: { RANDOM_NUMBERS_TOPIC: numbers.topic, WINDOW_SECONDS: String(own.windowSeconds) },
      secretEnv: cassandraEnv(cassandra.access("spark")),
      reaches: [kafka.endpoint.at, cassandra.access("spark").at],
    };
  },
  offers(part, { own: { windowSeconds } }) {
    if (part === undefined) return {};
    return { proves: [proven<typeof windowsHops>("windows", { settings: { windowSeconds } })] };
  },
});
