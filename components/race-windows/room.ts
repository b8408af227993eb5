/** What the engines make of the race cars' samples. Cassandra has the windows' table whether or not they are computed. */
import { defineRoom } from "../../platform/place.ts";
import { programText } from "../../platform/program.ts";
import { proven } from "../../platform/proven.ts";
import { cassandraEnv } from "../cassandra/cassandra-settings.ts";
import type { CassandraSource } from "../cassandra/endpoint.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import { sampleRecord } from "../race-car/programs/sample.ts";
import { raceCar } from "../race-car/service.ts";
import { schemaModule, type StreamPart } from "../spark/stream-program.ts";
import type { raceWindowsHops } from "./hops.ts";
import { raceWindowsJob } from "./flink-job.ts";
import { raceWindows } from "./service.ts";
import { engines, LAKE_TABLE } from "./programs/names.ts";

interface Wires {
  kafka: KafkaWithTopics;
  cassandra: CassandraSource<"spark" | "flink">;
}

interface Settings {
  readonly windowSeconds: number;
  readonly latenessSeconds: number;
}

export const raceWindowsRoom = defineRoom({
  service: raceWindows,
  build({ own }, wires: Wires) {
    const { race } = wires.kafka.topics;
    const isFlinks = own.engines.includes("flink") && race !== undefined;
    const spark = own.engines.includes("spark") ? streamPart(own, wires) : undefined;
    return {
      spark,
      flink: isFlinks ? raceWindowsJob(own, race, wires.cassandra.access("flink")) : undefined,
      /** What the driver of Spark's streams does for it. */
      streams: [...(spark ? [spark] : []), ...(isFlinks ? [upkeepPart()] : [])],
    };
  },
  offers(built, { own: { windowSeconds, latenessSeconds }, of }) {
    const computing = engines.filter((engine) => built[engine] !== undefined);
    // Windows close when later samples come, and where no car is simulated, nobody knows when that is.
    if (computing.length === 0 || of(raceCar).cars === 0) return {};
    const settings = { engines: computing, windowSeconds, latenessSeconds };
    return { proves: [proven<typeof raceWindowsHops>("raceWindows", { settings })] };
  },
});

/** Flink adds a file and a snapshot to its table at each checkpoint, and nobody but Spark has a driver that merges them. */
function upkeepPart(): StreamPart {
  const file = "race_windows_upkeep.py";
  return {
    sinks: { file, content: programText(import.meta.dirname, file) },
    env: { RACE_LAKE_TABLE: `lake.${LAKE_TABLE}` },
    reaches: [],
  };
}

/** What the windows add to the streams of Spark. */
function streamPart({ windowSeconds, latenessSeconds }: Settings, { kafka, cassandra }: Wires): StreamPart | undefined {
  const { race, "race-dead-letter": letters } = kafka.topics;
  if (race === undefined || letters === undefined) return undefined;
  return {
    sinks: { file: "race_windows_sinks.py", content: programText(import.meta.dirname, "race_windows_sinks.py") },
    modules: [schemaModule("race_schema.py", sampleRecord)],
    env: {
      RACE_TOPIC: race.topic,
      RACE_DEAD_LETTER_TOPIC: letters.topic,
      RACE_WINDOW_SECONDS: String(windowSeconds),
      RACE_LATENESS_SECONDS: String(latenessSeconds),
    },
    secretEnv: cassandraEnv(cassandra.access("spark")),
    reaches: [kafka.endpoint.at, cassandra.access("spark").at],
  };
}
