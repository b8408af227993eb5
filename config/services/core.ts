/** Settings of the data path, which every profile has. */
import * as z from "zod";
import { dnsName, enabled, host, image, memory, port, secret, sparkHeap, storage, text } from "../settings.ts";

export const kafka = z
  .strictObject({
    enabled: enabled("Kafka is part of the platform"),
    replicas: z
      .int()
      .min(1)
      .max(9)
      .default(1)
      .meta({ "x-also-called": ["brokers", "nodes"] })
      .describe("Number of brokers: odd, because every broker votes."),
    replicationFactor: z
      .int()
      .min(1)
      .max(9)
      .optional()
      .describe("Copies of each record. Default: 3, or `replicas` where that is less."),
    storage: storage("5Gi"),
    memory: memory("768Mi", "512Mi"),
    autoCreateTopics: z.boolean().default(false).describe("Whether writing to an unknown topic creates it."),
    retentionHours: z.int().min(1).max(87600).default(24).describe("Hours that records are kept."),
    image: image().describe("Image with the contract of `apache/kafka`. Default: built from packages."),
    existing: z
      .strictObject({
        bootstrapServers: z
          .string()
          .regex(/^[^\s,:]+:[0-9]{1,5}(,[^\s,:]+:[0-9]{1,5})*$/)
          .meta({ "x-range": 'brokers as "host:port,host:port"' })
          .describe("Brokers as `host:port,host:port`."),
        securityProtocol: z.enum(["PLAINTEXT", "SSL"]).default("SSL").describe("How clients speak to them."),
      })
      .optional()
      .describe("A Kafka cluster that is already there, instead of one of the platform's own."),
  })
  .transform((value) => ({
    ...value,
    replicationFactor: value.replicationFactor ?? Math.min(3, value.replicas),
  }))
  .prefault({})
  .describe("Kafka, in KRaft mode.");

const bucket = (name: string, what: string) => dnsName("a bucket").default(name).describe(`Bucket of ${what}.`);

/** Whose keys an existing S3 service can tell apart: in the stack's words, with what each is. */
const s3OwnerWords = {
  metastore: "the metastore",
  spark: "Spark",
  presto: "Presto",
  proof: "the proof",
  postgresBackup: "PostgreSQL's backup",
  airflow: "Airflow",
  dagTelemetryReport: "the tasks of DAG `telemetry_report`",
  dagCensusBatch: "the tasks of DAG `census_batch`",
  dagBucket: "the tasks of DAGs in the bucket `dags`",
  notebooks: "the Job that publishes the platform's notebooks",
  sparkHistory: "Spark's history",
  censusFile: "the Job that writes the census file",
  census: "the batch over the census file",
  users: "all of JupyterHub's users",
} as const;
export type S3Owner = keyof typeof s3OwnerWords;
const s3Owners = Object.keys(s3OwnerWords) as S3Owner[];
const keySecret = (owner: S3Owner) => secret().optional().describe(`Secret of ${s3OwnerWords[owner]}.`);

export const objectStore = z
  .strictObject({
    enabled: enabled("an S3 object store is part of the platform"),
    server: z
      .enum(["garage", "minio", "existing"])
      .default("garage")
      .describe("S3 server: Garage (built from packages), MinIO (needs `image`), or one that is already there."),
    storage: storage("10Gi"),
    memory: memory("512Mi", "128Mi"),
    image: image().describe(
      "Image with the contract of `dxflrs/garage` or `minio/minio`. Default: Garage from packages.",
    ),
    existing: z
      .strictObject({
        protocol: z.enum(["https", "http"]).default("https").describe("Protocol."),
        host: host().describe("Host name."),
        port: port(1).default(443).describe("Port."),
        region: text().default("us-east-1").describe("Region that requests are signed for."),
        pathStyle: z.boolean().default(false).describe("Whether buckets are path segments instead of host names."),
        buckets: z
          .strictObject({
            lake: bucket("lake", "the tables"),
            checkpoints: bucket("checkpoints", "the streams' checkpoints"),
            backups: bucket("backups", "PostgreSQL's backups"),
            airflow: bucket("airflow", "the logs of Airflow's tasks"),
            dags: bucket("dags", "people's DAGs"),
            notebooks: bucket("notebooks", "published and executed notebooks"),
            sparkEvents: bucket("spark-events", "Spark's history"),
            inputs: bucket("inputs", "files that batches read"),
            homes: bucket("homes", "the users' own notebooks, a prefix for each"),
          })
          .prefault({})
          .describe("Buckets, which must exist; those of a service that is not enabled are not used."),
        secretName: secret()
          .optional()
          .describe("Secret in the platform's namespace with keys `accessKey` and `secretKey`, for all consumers."),
        secretNames: z
          .strictObject(
            Object.fromEntries(s3Owners.map((owner) => [owner, keySecret(owner)])) as Record<
              S3Owner,
              ReturnType<typeof keySecret>
            >,
          )
          .prefault({})
          .describe("Secrets per consumer. Default: `secretName` for each."),
      })
      .transform(({ secretName, secretNames, ...rest }) => ({
        ...rest,
        secretNames: Object.fromEntries(
          s3Owners.map((owner) => [owner, secretNames[owner] ?? secretName ?? ""]),
        ) as Record<S3Owner, string>,
      }))
      .optional()
      .describe("An S3 service that is already there; with server `existing`."),
  })
  .prefault({})
  .describe("The S3 object store.");

export const postgres = z
  .strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe(
        "Whether a PostgreSQL server is part of the platform. Default: `true` where the catalog, Airflow or JupyterHub is.",
      ),
    storage: storage("2Gi"),
    memory: memory("320Mi", "128Mi"),
    backup: z
      .strictObject({
        enabled: enabled("all databases are saved to S3 on a schedule"),
        schedule: text()
          .default("17 3 * * *")
          .meta({ "x-range": 'a cron schedule of five fields, for example "17 3 * * *"' })
          .describe("When, in the cluster's time zone."),
        keep: z.int().min(1).max(1000).default(7).describe("Number of backups that are kept."),
      })
      .prefault({})
      .describe("The backup of all databases."),
    image: image().describe("Image with the contract of `postgres:15`. Default: built from packages."),
  })
  .prefault({})
  .describe("PostgreSQL: what the catalog, Airflow and JupyterHub know.");

export const catalog = z
  .strictObject({
    enabled: enabled("the catalog of tables (a Hive metastore) is part of the platform"),
    storage: storage("1Gi").describe(
      "Where earlier versions kept the catalog, which is in PostgreSQL now: read once, to move it. `persistent` or `ephemeral`.",
    ),
    memory: memory("640Mi", "512Mi"),
    image: image().describe(
      "Image with the contract of `apache/hive:3.1.3` and PostgreSQL's driver. Default: built from packages.",
    ),
  })
  .prefault({})
  .describe("The catalog of Iceberg tables.");

export const spark = z
  .strictObject({
    enabled: enabled("Spark is part of the platform"),
    driverMemory: sparkHeap("640Mi", "the driver"),
    executorMemory: sparkHeap("768Mi", "each executor"),
    executors: z.int().min(1).max(100).default(1).describe("Number of executors."),
    onMissingRecords: z
      .enum(["continue", "stop"])
      .default("continue")
      .describe(
        "What a stream does when Kafka has dropped records before it read them: go on behind them and write down the gap, or stop.",
      ),
    executorCores: z.int().min(1).max(32).default(1).describe("Tasks that an executor runs at a time."),
    image: image().describe(
      "Image with the contract of `apache/spark` and the connectors. Default: built from packages.",
    ),
  })
  .prefault({})
  .describe("Spark, with driver and executors as pods.");

export const presto = z
  .strictObject({
    enabled: enabled("Presto is part of the platform"),
    workers: z
      .int()
      .min(0)
      .max(100)
      .default(0)
      .describe("Workers beside the coordinator; with 0 it does the work itself."),
    memory: memory("1664Mi", "1024Mi"),
    image: image().describe("Image with the contract of `prestodb/presto:0.287`. Default: built from packages."),
  })
  .prefault({})
  .describe("Presto SQL.");

export const telemetry = z
  .strictObject({
    enabled: enabled("the node's own telemetry is produced to Kafka and streamed into Iceberg"),
    intervalSeconds: z.int().min(1).max(3600).default(5).describe("Seconds between two samples."),
    partitions: z.int().min(1).max(1000).default(3).describe("Partitions of the topic `telemetry`."),
    stream: z
      .strictObject({
        triggerSeconds: z.int().min(1).max(3600).default(3).describe("Seconds between two commits of samples."),
        deadLetterTriggerSeconds: z
          .int()
          .min(1)
          .max(3600)
          .default(10)
          .describe("Seconds between two commits of records that could not be read."),
      })
      .prefault({})
      .describe("The Spark stream from Kafka into Iceberg."),
  })
  .prefault({})
  .describe("The first data path: producer, topic, stream, tables.");

export const tools = z
  .strictObject({
    image: image().describe("Image with Node and the platform's programs. Default: built from packages."),
  })
  .prefault({})
  .describe("The image of the platform's own programs: producer, set-up Jobs, proof.");
