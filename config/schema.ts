/**
 * The schema of a stack's configuration: every setting with its type, range, default and meaning. The checks, the
 * editors' JSON schema and docs/configuration.md are all made from it.
 */
import * as z from "zod";
import { quantityBytes } from "../components/quantity.ts";
import { targets } from "../clusters/profile.ts";

/** An amount of memory or disk. */
export type Quantity = `${number}Mi` | `${number}Gi`;

/** Extra words of the schema's nodes: read by the messages and the docs, ignored by editors. */
export interface Hints {
  /** Range of a quantity in words. */
  readonly "x-range"?: string;
  /** Other words that people use for the setting. */
  readonly "x-also-called"?: readonly string[];
}

const bytes = (quantity: string): number => quantityBytes(quantity) ?? Number.NaN;

/** An amount between two others, both allowed. */
function quantity(min: Quantity, max: Quantity) {
  return z
    .templateLiteral([z.int().min(0), z.enum(["Mi", "Gi"])])
    .refine((value) => bytes(value) >= bytes(min) && bytes(value) <= bytes(max), { params: { range: true } })
    .meta({ pattern: "^[1-9][0-9]*(Mi|Gi)$", "x-range": `an amount from ${min} to ${max}` });
}

const image = () =>
  z
    .string()
    .regex(
      /^(?!.*:latest$)[a-z0-9][a-z0-9.-]*(:[0-9]{1,5}\/)?[a-z0-9._/-]*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/,
    )
    .optional()
    .meta({
      "x-range": 'an image with a tag other than latest or a digest, for example "registry.example.com/kafka:4.3.1"',
    });

const dnsName = (what: string) =>
  z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .meta({ "x-range": `${what}: small letters, digits and dashes, 63 at most` });

const host = () =>
  z
    .string()
    .regex(/^[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?$/)
    .meta({ "x-range": "a host name or an address, without protocol and port" });

const registryName = () =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]*(:[0-9]{1,5})?(\/[a-z0-9._-]+)*$/)
    .meta({ "x-range": 'a registry, for example "localhost:5000" or "registry.example.com/team"' });

const port = (min: number) => z.int().min(min).max(65535);
const nodePort = () => z.int().min(30000).max(32767);
const text = () => z.string().min(1);

const storage = (size: Quantity) =>
  z
    .discriminatedUnion("kind", [
      z.strictObject({
        kind: z.literal("persistent").describe("Data lies on a claim and outlives its pod."),
        size: quantity("100Mi", "65536Gi").default(size).describe("Size of the claim of each replica."),
      }),
      z.strictObject({ kind: z.literal("ephemeral").describe("Data lies in the pod and is lost with it.") }),
    ])
    .default({ kind: "persistent", size })
    .describe("Where the service's data lies: `persistent` (with `size`) or `ephemeral`.");

const enabled = (what: string) => z.boolean().default(true).describe(`Whether ${what}.`);
const memory = (initial: Quantity, min: Quantity) =>
  quantity(min, "1024Gi").default(initial).describe("Memory limit of each container; a JVM's heap is a share of it.");

const cluster = z
  .strictObject({
    target: z.enum(targets).default("embedded").describe("Kind of cluster that the platform runs on."),
    context: text()
      .optional()
      .describe(
        "Context in the kubeconfig. Default: `minikube` or `microk8s` on these targets; required on `cloud`; " +
          "not for `embedded`, which makes its own.",
      ),
    kubeconfig: text()
      .optional()
      .describe("Path of the kubeconfig. Default: `$KUBECONFIG`, else `~/.kube/config`; not for `embedded`."),
    namespace: dnsName("a Kubernetes namespace").default("millrace").describe("Namespace of everything."),
    storageClass: z
      .string()
      .max(253)
      .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
      .meta({ "x-range": 'the name of a StorageClass, "default" or "none"' })
      .optional()
      .describe(
        'StorageClass of all claims; "default": the cluster\'s own; "none": data lies in the pods. Default: `standard` ' +
          "on minikube, `microk8s-hostpath` on microk8s, else the cluster's own.",
      ),
    registry: z
      .strictObject({
        push: registryName().describe("Name under which the machine that builds reaches it."),
        pull: registryName().optional().describe("Name under which the nodes reach it. Default: as `push`."),
      })
      .transform(({ push, pull }) => ({ push, pull: pull ?? push }))
      .optional()
      .describe(
        "Registry for the platform's images. Default: `localhost:<embedded.registryPort>` on embedded, " +
          "`localhost:5000` on minikube, `localhost:32000` on microk8s; none on cloud.",
      ),
    exposure: z
      .enum(["nodePort", "loadBalancer", "none"])
      .optional()
      .describe(
        "How people reach the services. Default: `nodePort`; on cloud `none`, where `nodePort` is not offered.",
      ),
    host: host()
      .optional()
      .describe(
        "Host under which node ports are reached. Default: `127.0.0.1`; on minikube `192.168.49.2` " +
          "(`minikube ip` prints yours).",
      ),
    nodePorts: z
      .strictObject({
        kafka: nodePort().default(30092).describe("Kafka."),
        objectStore: nodePort().default(30900).describe("S3."),
        objectStoreConsole: nodePort().default(30901).describe("The console of the S3 server, where it has one."),
        presto: nodePort().default(30080).describe("Presto."),
        sparkUi: nodePort().default(30040).describe("The page of the Spark driver."),
        sparkHistory: nodePort().default(30041).describe("Spark's history."),
        airflow: nodePort().default(30180).describe("Airflow."),
        jupyterhub: nodePort().default(30800).describe("JupyterHub."),
      })
      .prefault({})
      .describe("Node ports of what is published, with exposure `nodePort`."),
    embedded: z
      .strictObject({
        apiPort: port(1024).default(16443).describe("Port of the API server on 127.0.0.1."),
        registryPort: port(1024).default(5000).describe("Port of the registry on 127.0.0.1."),
      })
      .prefault({})
      .describe("The embedded cluster's own settings; other targets ignore them."),
  })
  .prefault({})
  .describe("Where the platform runs.");

const kafka = z
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

/** Those who read or write S3, each with a key of its own. */
export const s3Consumers = ["metastore", "spark", "presto", "proof"] as const;
const secret = () => dnsName("the name of a Secret");

const objectStore = z
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
            lake: dnsName("a bucket").default("lake").describe("Bucket of the tables."),
            checkpoints: dnsName("a bucket").default("checkpoints").describe("Bucket of the streams' checkpoints."),
          })
          .prefault({})
          .describe("Buckets, which must exist."),
        secretName: secret()
          .optional()
          .describe("Secret in the platform's namespace with keys `accessKey` and `secretKey`, for all consumers."),
        secretNames: z
          .strictObject({
            metastore: secret().optional().describe("Secret of the metastore."),
            spark: secret().optional().describe("Secret of Spark."),
            presto: secret().optional().describe("Secret of Presto."),
            proof: secret().optional().describe("Secret of the proof."),
          })
          .prefault({})
          .describe("Secrets per consumer. Default: `secretName` for each."),
      })
      .transform(({ secretName, secretNames, ...rest }) => ({
        ...rest,
        secretNames: {
          metastore: secretNames.metastore ?? secretName ?? "",
          spark: secretNames.spark ?? secretName ?? "",
          presto: secretNames.presto ?? secretName ?? "",
          proof: secretNames.proof ?? secretName ?? "",
        },
      }))
      .optional()
      .describe("An S3 service that is already there; with server `existing`."),
  })
  .prefault({})
  .describe("The S3 object store.");

const catalog = z
  .strictObject({
    enabled: enabled("the catalog of tables (a Hive metastore) is part of the platform"),
    storage: storage("1Gi"),
    memory: memory("640Mi", "512Mi"),
    image: image().describe("Image with the contract of `apache/hive:3.1.3`. Default: built from packages."),
  })
  .prefault({})
  .describe("The catalog of Iceberg tables.");

const spark = z
  .strictObject({
    enabled: enabled("Spark is part of the platform"),
    driverMemory: quantity("512Mi", "1024Gi")
      .default("640Mi")
      .describe("Heap of the driver; its container gets 640Mi on top."),
    executorMemory: quantity("512Mi", "1024Gi")
      .default("768Mi")
      .describe("Heap of each executor; its container gets 640Mi on top."),
    executors: z.int().min(1).max(100).default(1).describe("Number of executors."),
    executorCores: z.int().min(1).max(32).default(1).describe("Tasks that an executor runs at a time."),
    image: image().describe(
      "Image with the contract of `apache/spark` and the connectors. Default: built from packages.",
    ),
  })
  .prefault({})
  .describe("Spark, with driver and executors as pods.");

const presto = z
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

const telemetry = z
  .strictObject({
    enabled: enabled("the node's own telemetry is produced to Kafka and streamed into Iceberg"),
    intervalSeconds: z.int().min(1).max(3600).default(5).describe("Seconds between two samples."),
    partitions: z.int().min(1).max(1000).default(3).describe("Partitions of the topic `telemetry`."),
    stream: z
      .strictObject({
        triggerSeconds: z.int().min(1).max(3600).default(2).describe("Seconds between two commits of samples."),
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

const tools = z
  .strictObject({
    image: image().describe("Image with Node and the platform's programs. Default: built from packages."),
  })
  .prefault({})
  .describe("The image of the platform's own programs: producer, set-up Jobs, proof.");

/** Everything under `millrace:` in `Pulumi.<stack>.yaml`. */
export const schema = z.strictObject({
  cluster,
  services: z
    .strictObject({ kafka, objectStore, catalog, spark, presto, telemetry, tools })
    .prefault({})
    .describe("What runs there."),
  proof: z
    .strictObject({
      enabled: enabled("every deploy ends with the proof that data flows"),
      records: z.int().min(1).max(10_000).default(200).describe("Marked records that are sent."),
      timeoutSeconds: z
        .int()
        .min(10)
        .max(3600)
        .default(120)
        .describe("Seconds in which all of them must have passed every hop."),
    })
    .prefault({})
    .describe("The proof of the data path."),
});

/** The checked configuration, all defaults filled in. */
export type PlatformConfig = z.output<typeof schema>;
