/** What Connect is told of the stack's connectors: each kind in the words of its program. */
import type { ConnectorSettings, Connectors } from "../connector-settings.ts";
import { CONTROL_TOPIC, DEAD_LETTER_TOPIC } from "./topics.ts";

/** Where connectors find what they work with; nothing secret: keys are in the workers' environment. */
export interface ConnectorWiring {
  /** `http://host:port` of S3. */
  readonly s3Url: string;
  readonly s3Region: string;
  readonly s3PathStyle: boolean;
  /** Bucket of connectors that name none. */
  readonly bucket: string;
  /** `thrift://host:port` of the catalog. */
  readonly catalogUri: string;
  /** Folder of all tables: `s3a://bucket/prefix`. */
  readonly warehouse: string;
  /** Copies of each record of a topic that is not there yet. */
  readonly copies: number;
}

/** Settings of a connector by Connect's names. */
export type ConnectorConfig = Readonly<Record<string, string>>;

const BYTES = "org.apache.kafka.connect.converters.ByteArrayConverter";
/** Time in which the tasks of a sink hand in what they have written, in ms; what is late is in the next commit. A new task misses its first. */
const COMMIT_TIMEOUT_MS = 15_000;

/** Settings of each connector by its name. */
export function connectorConfigs(connectors: Connectors, wiring: ConnectorWiring): Record<string, ConnectorConfig> {
  return Object.fromEntries(
    Object.entries(connectors).map(([name, settings]) => [name, connectorConfig(name, settings, wiring)]),
  );
}

export function connectorConfig(name: string, settings: ConnectorSettings, wiring: ConnectorWiring): ConnectorConfig {
  const bytes = { "key.converter": BYTES, "value.converter": BYTES };
  switch (settings.kind) {
    case "icebergSink":
      return { ...lakeSink(settings, wiring), ...bytes, ...sinkSettings(settings, wiring) };
    case "jsonSink":
      return {
        "connector.class": "millrace.connect.JsonSinkConnector",
        ...s3Settings({ bucket: settings.bucket, prefix: settings.prefix ?? name }, wiring),
        "flush.records": String(settings.maxRecords),
        "flush.seconds": String(settings.flushSeconds),
        ...bytes,
        ...sinkSettings(settings, wiring),
      };
    case "replay":
      return {
        "connector.class": "millrace.connect.ReplayConnector",
        ...s3Settings(settings, wiring),
        topic: settings.topic,
        "records.per.second": String(settings.recordsPerSecond ?? 0),
        "key.field": settings.keyField ?? "",
        "dead.letter.topic": DEAD_LETTER_TOPIC,
        "tasks.max": "1",
        ...bytes,
        "topic.creation.default.replication.factor": String(wiring.copies),
        "topic.creation.default.partitions": "3",
        // As of the topics that the platform declares.
        "topic.creation.default.max.message.bytes": String(4 * 2 ** 20),
      };
  }
}

type Sink = Extract<ConnectorSettings, { readonly topics: readonly string[] }>;

function sinkSettings({ topics, tasks }: Sink, { copies }: ConnectorWiring): ConnectorConfig {
  return {
    topics: topics.join(","),
    "tasks.max": String(tasks),
    "errors.tolerance": "all",
    "errors.deadletterqueue.topic.name": DEAD_LETTER_TOPIC,
    "errors.deadletterqueue.topic.replication.factor": String(copies),
    "errors.deadletterqueue.context.headers.enable": "true",
  };
}

function s3Settings(
  { bucket, prefix }: { readonly bucket?: string | undefined; readonly prefix?: string | undefined },
  wiring: ConnectorWiring,
): ConnectorConfig {
  return {
    "s3.bucket": bucket ?? wiring.bucket,
    "s3.prefix": prefix ?? "",
    "s3.url": wiring.s3Url,
    "s3.region": wiring.s3Region,
    "s3.path.style": String(wiring.s3PathStyle),
  };
}

function lakeSink(
  settings: Extract<ConnectorSettings, { readonly kind: "icebergSink" }>,
  wiring: ConnectorWiring,
): ConnectorConfig {
  return {
    "connector.class": "millrace.connect.LakeSinkConnector",
    "iceberg.tables": settings.table,
    "lake.columns": JSON.stringify(settings.columns),
    "lake.required": settings.required.join(","),
    "lake.partition.by": settings.partitionBy.join(","),
    "iceberg.catalog": "lake",
    "iceberg.catalog.type": "hive",
    "iceberg.catalog.uri": wiring.catalogUri,
    "iceberg.catalog.warehouse": wiring.warehouse,
    "iceberg.catalog.clients": "1",
    "iceberg.catalog.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
    "iceberg.catalog.s3.endpoint": wiring.s3Url,
    "iceberg.catalog.s3.path-style-access": String(wiring.s3PathStyle),
    "iceberg.catalog.client.region": wiring.s3Region,
    "iceberg.catalog.s3.client-factory-impl": "millrace.connect.LakeS3",
    "iceberg.control.topic": CONTROL_TOPIC,
    "iceberg.control.commit.interval-ms": String(settings.commitSeconds * 1000),
    "iceberg.control.commit.timeout-ms": String(COMMIT_TIMEOUT_MS),
  };
}
