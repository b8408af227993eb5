/** From a number's making to a moving chart in a browser: pumps, the census, streamed windows, Cassandra, the display. */
import type * as pulumi from "@pulumi/pulumi";
import type { Exposure } from "./platform/exposure.ts";
import { Cassandra } from "./components/cassandra/cassandra.ts";
import { cassandraEnv } from "./components/cassandra/cassandra-settings.ts";
import { CensusFile } from "./components/census/census-file.ts";
import { Display } from "./components/display/display.ts";
import type { PrestoEndpoint, PublishedAddress, TopicEndpoint } from "./platform/endpoints.ts";
import { setupResources } from "./platform/resources.ts";
import { cassandraResources } from "./components/cassandra/service.ts";
import { censusFileResources } from "./components/census/service.ts";
import { displayResources } from "./components/display/service.ts";
import { pumpResources } from "./components/random-numbers/service.ts";
import type { TopicSettings } from "./components/kafka/kafka-topic.ts";
import type { S3Source } from "./components/object-store/object-store.ts";
import type { ProofArgs } from "./components/proof/proof.ts";
import { RandomNumbers } from "./components/random-numbers/random-numbers.ts";
import { SparkApplication } from "./components/spark/spark-application.ts";
import type { Spark } from "./components/spark/spark.ts";
import type { Storage } from "./platform/storage.ts";
import type { ObjectStoreContents, S3Consumer } from "./config/buckets.ts";
import { cassandraTables } from "./config/cassandra-tables.ts";
import type { PlatformConfig } from "./config/index.ts";
import { topicBounds } from "./config/kafka-retention.ts";
import type { ImageName } from "./images/index.ts";
import { sharedModules, workload } from "./programs.ts";

type Services = PlatformConfig["services"];

/** Who reads and writes rows of Cassandra, each with a role of its own. */
const roles = {
  spark: { streaming: "readWrite" },
  census: { census: "readWrite" },
  presto: { streaming: "read", census: "read" },
  display: { streaming: "read", census: "read" },
  proof: { streaming: "readWrite", census: "readWrite" },
} as const;
type RowConsumer = keyof typeof roles;

/** Name under which the figures of the census file are kept. */
const CENSUS_RUN = "static-file";

/** The topics of both streams, as the config sizes them; one that is off is not there. */
export function streamTopics(services: Services): Record<string, TopicSettings> {
  const { kafka, telemetry, randomNumbers } = services;
  const common = {
    replicationFactor: kafka.replicationFactor,
    retentionHours: kafka.retentionHours,
    // A record that is too large for the streams must arrive to be seen: it becomes a dead letter.
    config: { "max.message.bytes": String(4 * 2 ** 20), ...topicBounds(services) },
  };
  return {
    ...(telemetry.enabled && { telemetry: { partitions: telemetry.partitions, ...common } }),
    ...(randomNumbers.enabled && { "random-numbers": { partitions: randomNumbers.partitions, ...common } }),
  };
}

/** The ground, as `index.ts` has made it. */
interface Ground {
  readonly services: Services;
  readonly namespace: pulumi.Output<string>;
  readonly image: (name: ImageName) => pulumi.Output<string>;
  readonly storage: Storage;
}

/** Where rows lie that must answer at once; `undefined` when the config has none. */
export function rowStore(args: Ground, opts: pulumi.ComponentResourceOptions): Cassandra<RowConsumer> | undefined {
  const { cassandra, windows } = args.services;
  if (!cassandra.enabled) return undefined;
  return new Cassandra(
    "cassandra",
    {
      namespace: args.namespace,
      image: args.image("cassandra"),
      storage: args.storage,
      data: cassandra.storage,
      replicas: cassandra.replicas,
      replicationFactor: cassandra.replicationFactor,
      resources: cassandraResources(cassandra),
      toolsImage: args.image("tools"),
      setupResources: setupResources(),
      keyspaces: cassandraTables({ keepHours: windows.keepHours }),
      roles,
    },
    opts,
  );
}

/** The data path with its services; what is not there is off. */
export interface PipelineArgs extends Ground {
  readonly exposure: Exposure;
  readonly contents: ObjectStoreContents;
  readonly store: S3Source<S3Consumer> | undefined;
  readonly topics: Readonly<Partial<Record<string, TopicEndpoint>>>;
  readonly spark: Spark | undefined;
  readonly presto: PrestoEndpoint | undefined;
  readonly cassandra: Cassandra<RowConsumer> | undefined;
}

/** What the program goes on with. */
export interface Pipeline {
  readonly addresses: readonly (PublishedAddress | undefined)[];
  /** What the proof asks beside the data path, and what must be ready for it. */
  readonly proven: Pick<ProofArgs, "pipeline"> & { readonly waitFor: readonly pulumi.Output<string>[] };
}

/** Makes what the config enables; nothing in profiles `core` and `studio`. */
export function pipeline(args: PipelineArgs, opts: pulumi.ComponentResourceOptions): Pipeline {
  const { namespace, image, store, cassandra } = args;
  const { spark, randomNumbers, windows, display, sparkHistory } = args.services;
  const { buckets } = args.contents;
  const monitoring = args.topics["telemetry"];
  const numbers = args.topics["random-numbers"];

  const pump = numbers
    ? new RandomNumbers(
        "random-numbers",
        {
          namespace,
          image: image("tools"),
          topic: numbers,
          rate: randomNumbers.rate,
          replicas: randomNumbers.replicas,
          resources: pumpResources(),
        },
        opts,
      )
    : undefined;

  // Both streams in windows: exactly once to the lake, and at once to Cassandra.
  const stream =
    args.spark && monitoring && numbers && cassandra && windows.enabled
      ? new SparkApplication(
          "windows",
          {
            spark: args.spark,
            mode: "stream",
            main: { file: "windows-stream.py", content: workload("windows-stream.py") },
            modules: sharedModules(),
            env: {
              KAFKA_BOOTSTRAP: numbers.kafka.bootstrapServers,
              KAFKA_SECURITY_PROTOCOL: numbers.kafka.securityProtocol,
              RANDOM_NUMBERS_TOPIC: numbers.topic,
              MONITORING_TOPIC: monitoring.topic,
              ON_MISSING_RECORDS: spark.onMissingRecords,
              CHECKPOINT: `s3a://${buckets.checkpoints}/windows`,
              TRIGGER_SECONDS: String(windows.triggerSeconds),
              LAKE_TRIGGER_SECONDS: String(windows.lakeTriggerSeconds),
              WINDOW_SECONDS: String(windows.windowSeconds),
            },
            secretEnv: cassandraEnv(cassandra.access("spark")),
            driverMemory: windows.driverMemory,
            executors: windows.executors,
            readyFile: "/tmp/stream-ready",
            // Cassandra is not among them: its query waits for it by itself.
            waitFor: [monitoring.ready, numbers.ready, args.spark.objectStore.ready, args.spark.catalog.ready],
            exposure: args.exposure,
            publish: false,
          },
          opts,
        )
      : undefined;

  const census = censusFile(args, opts);
  const batch =
    args.spark && store && census
      ? new SparkApplication(
          "census",
          {
            spark: args.spark,
            mode: "batch",
            main: { file: "census-batch.py", content: workload("census-batch.py") },
            modules: [{ file: "census_input.py", content: workload("census_input.py") }],
            // Rows and seed are checked against the file, and let a changed file make the batch run again.
            arguments: [
              `--input=s3a://${buckets.inputs}/${census.prefix}`,
              `--run=${CENSUS_RUN}`,
              `--rows=${args.services.census.rows}`,
              `--seed=${args.services.census.seed}`,
            ],
            objectStore: store.access("census"),
            ...(cassandra && { secretEnv: cassandraEnv(cassandra.access("census")) }),
            driverMemory: spark.driverMemory,
            executors: 1,
            waitFor: [
              census.ready,
              args.spark.objectStore.ready,
              args.spark.catalog.ready,
              ...(cassandra === undefined ? [] : [cassandra.access("census").ready]),
            ],
            ...(sparkHistory.enabled && { eventLog: `s3a://${buckets.sparkEvents}/` }),
            exposure: args.exposure,
          },
          opts,
        )
      : undefined;

  const pages =
    args.presto && monitoring && numbers && cassandra && display.enabled
      ? new Display(
          "display",
          {
            namespace,
            image: image("display"),
            exposure: args.exposure,
            replicas: display.replicas,
            topics: { randomNumbers: numbers, monitoring },
            presto: args.presto,
            cassandra: cassandra.access("display"),
            windowSeconds: windows.windowSeconds,
            resources: displayResources(display),
          },
          opts,
        )
      : undefined;

  return {
    addresses: [pages?.address],
    proven: {
      pipeline: {
        ...(pump && { pump: pump.endpoint }),
        ...(pages && { display: pages.endpoint }),
        ...(cassandra && { cassandra: cassandra.access("proof") }),
        ...(stream && { windowSeconds: windows.windowSeconds }),
        ...(census &&
          batch && {
            census: {
              bucket: buckets.inputs,
              prefix: census.prefix,
              rows: args.services.census.rows,
              ready: batch.ready,
            },
          }),
      },
      waitFor: [stream?.ready, batch?.ready].filter((ready) => ready !== undefined),
    },
  };
}

/** The static file, where there is something that reads it. */
function censusFile(args: PipelineArgs, opts: pulumi.ComponentResourceOptions): CensusFile | undefined {
  const { census } = args.services;
  if (!args.store || !args.spark || !census.enabled) return undefined;
  return new CensusFile(
    "census-file",
    {
      namespace: args.namespace,
      toolsImage: args.image("tools"),
      objectStore: args.store.access("census-file"),
      bucket: args.contents.buckets.inputs,
      rows: census.rows,
      seed: census.seed,
      parts: census.parts,
      resources: censusFileResources(),
    },
    opts,
  );
}
