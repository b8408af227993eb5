/**
 * The schema of a stack's configuration: every setting with its type, range, default and meaning. The checks, the
 * editors' JSON schema and docs/configuration.md are all made from it.
 */
import * as z from "zod";
import { quantityBytes } from "../components/quantity.ts";
import { targets } from "../clusters/profile.ts";
import { inProfile, profiles } from "./profiles.ts";

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
/** A service that a profile brings. */
const optional = (what: string) =>
  z.boolean().optional().describe(`Whether ${what}. Default: \`true\` in profile \`studio\`, else \`false\`.`);
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
        display: nodePort().default(30300).describe("The web display."),
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

const secret = () => dnsName("the name of a Secret");
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
  users: "all of JupyterHub's users",
} as const;
export type S3Owner = keyof typeof s3OwnerWords;
const s3Owners = Object.keys(s3OwnerWords) as S3Owner[];
const keySecret = (owner: S3Owner) => secret().optional().describe(`Secret of ${s3OwnerWords[owner]}.`);

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
            lake: bucket("lake", "the tables"),
            checkpoints: bucket("checkpoints", "the streams' checkpoints"),
            backups: bucket("backups", "PostgreSQL's backups"),
            airflow: bucket("airflow", "the logs of Airflow's tasks"),
            dags: bucket("dags", "people's DAGs"),
            notebooks: bucket("notebooks", "published and executed notebooks"),
            sparkEvents: bucket("spark-events", "Spark's history"),
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

const sparkConnect = z
  .strictObject({
    enabled: optional("people drive Spark from their notebooks (Spark Connect)"),
    driverMemory: quantity("512Mi", "1024Gi")
      .default("640Mi")
      .describe("Heap of the driver that all sessions share; its container gets 640Mi on top."),
    maxExecutors: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe("Most executors at a time; they come when there is work and go when there is none."),
  })
  .prefault({})
  .describe("Spark Connect: Spark for notebooks and tasks. Executors are as large as those of `spark`.");

const sparkHistory = z
  .strictObject({
    enabled: optional("the history of Spark's applications is kept and shown"),
    memory: memory("512Mi", "384Mi"),
  })
  .prefault({})
  .describe("Spark's history: the pages of applications that have ended, from event logs in S3.");

const postgres = z
  .strictObject({
    enabled: optional("a PostgreSQL server is part of the platform"),
    storage: storage("2Gi"),
    memory: memory("256Mi", "128Mi"),
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
  .describe("PostgreSQL, for the metadata of Airflow and JupyterHub.");

const airflow = z
  .strictObject({
    enabled: optional("Airflow is part of the platform"),
    executor: z
      .enum(["kubernetes", "local"])
      .default("kubernetes")
      .describe("Where tasks run: each in a pod of its own, or inside the scheduler, which starts them faster."),
    dagBucket: z
      .boolean()
      .default(true)
      .describe("Whether DAGs are taken from the bucket `dags` too, where JupyterHub's users can put them."),
    image: image().describe("Image with the contract of `apache/airflow:3.3.2`. Default: built from packages."),
  })
  .prefault({})
  .describe("Airflow.");

const userName = () => z.string().regex(/^[a-z][a-z0-9]{1,30}$/);

const jupyterhub = z
  .strictObject({
    enabled: optional("JupyterHub is part of the platform"),
    users: z
      .array(userName())
      .min(1)
      .max(200)
      .default(["analyst"])
      .meta({
        "x-range": "a list of names, each of 2 to 31 small letters and digits that begins with a letter",
        "x-also-called": ["accounts", "people"],
      })
      .describe("Who may log in. Each has a password, a bucket and a key of their own."),
    admins: z
      .array(userName())
      .default([])
      .meta({ "x-range": "a list of names out of users" })
      .describe("Users who may see and stop the servers of others."),
    userMemory: quantity("512Mi", "1024Gi")
      .default("1536Mi")
      .describe("Memory limit of a user's server with all its kernels."),
    idleMinutes: z
      .int()
      .min(1)
      .max(10_080)
      .default(30)
      .describe("Minutes without work after which a server is stopped."),
    oidc: z
      .strictObject({
        issuer: z
          .string()
          .regex(/^https:\/\/[^\s/]+(\/[^\s?#]*)?$/)
          .meta({ "x-range": 'an address, for example "https://login.example.com/realms/data"' })
          .describe("Address of the provider, under which its `.well-known/openid-configuration` lies."),
        clientId: text().describe("Name under which the provider knows the hub."),
        clientSecretName: secret().describe(
          "Secret in the platform's namespace whose key `clientSecret` the provider knows the hub by.",
        ),
        usernameClaim: text().default("preferred_username").describe("Claim that holds the user's name."),
      })
      .optional()
      .describe("A login by OpenID Connect, instead of passwords of the hub's own; `users` may log in."),
    image: image().describe(
      "Image with JupyterHub, JupyterLab and the contract of the platform's own. Default: built from packages.",
    ),
  })
  .prefault({})
  .describe("JupyterHub, with a server per user.");

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

const proof = z
  .strictObject({
    enabled: enabled("every deploy ends with the proof that data flows"),
    records: z.int().min(1).max(10_000).default(200).describe("Marked records that are sent."),
    timeoutSeconds: z
      .int()
      .min(10)
      .max(3600)
      .optional()
      .describe("Seconds in which every hop must have passed. Default: 120; 300 with Airflow or JupyterHub."),
  })
  .prefault({})
  .describe("The proof of the data path.");

/** Everything under `millrace:` in `Pulumi.<stack>.yaml`. */
export const schema = z
  .strictObject({
    profile: z
      .enum(profiles)
      .default("core")
      .describe(
        "Named set of services: `core` is the data path; `studio` is `core` with what people work with: PostgreSQL, Airflow, " +
          "JupyterHub, Spark Connect and Spark's history. It only says which `services.*.enabled` are `true` where the " +
          "stack does not. `npm run up -- --profile studio` is the same for one run, and the next runs go on with it.",
      ),
    cluster,
    services: z
      .strictObject({
        kafka,
        objectStore,
        catalog,
        spark,
        presto,
        telemetry,
        postgres,
        airflow,
        jupyterhub,
        sparkConnect,
        sparkHistory,
        tools,
      })
      .prefault({})
      .describe("What runs there."),
    proof,
  })
  .transform(({ profile, services, proof: given, ...rest }) => {
    const chosen = inProfile(profile, services);
    const slow = chosen.airflow.enabled || chosen.jupyterhub.enabled;
    return {
      ...rest,
      profile,
      services: chosen,
      proof: { ...given, timeoutSeconds: given.timeoutSeconds ?? (slow ? 300 : 120) },
    };
  });

/** The checked configuration, all defaults filled in. */
export type PlatformConfig = z.output<typeof schema>;
