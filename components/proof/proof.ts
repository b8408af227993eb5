/** The proof: a Job that sends marked records down the data path and asks every hop for exactly them. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { AirflowEndpoint } from "../airflow/endpoint.ts";
import type { CassandraEndpoint } from "../cassandra/endpoint.ts";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { DisplayEndpoint } from "../display/endpoint.ts";
import type { JupyterHubEndpoint } from "../jupyterhub/endpoint.ts";
import type { TopicEndpoint } from "../kafka/endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { BackupPlace } from "../postgres/endpoint.ts";
import type { PrestoEndpoint } from "../presto/endpoint.ts";
import type { PumpEndpoint } from "../random-numbers/endpoint.ts";
import type { SparkHistoryEndpoint } from "../spark-history/endpoint.ts";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import { cleanupMs, podStartMs, proofCapMs } from "../../platform/hops/limits.ts";
import { labels } from "../../platform/names.ts";
import { type EnvVar, job, jobSpec, type PodArgs, type Resources, secretEnv } from "../../platform/workload.ts";

/** Name of Cassandra's catalog in Presto. */
const CASSANDRA_CATALOG = "cassandra";
/** Where Kubernetes mounts an account's token. */
const ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Time that the Job has at least, for its start, its hops and its clean-up, in seconds. */
const JOB_SECONDS = (podStartMs + proofCapMs + cleanupMs) / 1000;

/** Time in which a proof that is told to stop cleans up, in seconds. */
const STOP_SECONDS = cleanupMs / 1000 + 15;

/** An Airflow whose DAG `telemetry_report` the proof runs. */
export interface ProvenAirflow {
  readonly endpoint: AirflowEndpoint;
  /** Whether that DAG can run: it asks Spark and Presto. @default true */
  readonly runs?: boolean;
  /** DAGs whose last run is looked at, by hop. @default - none */
  readonly lastRuns?: Readonly<Partial<Record<"census-dag" | "maintenance", string>>>;
  /** Bucket of the executed notebooks; the proof's key must be able to read and write it. */
  readonly bucket: string;
  /** Where task logs are kept; the proof's key must be able to read and write there. */
  readonly logs: { readonly bucket: string; readonly prefix: string };
}

/** A JupyterHub where the proof works as a person does. */
export interface ProvenJupyterHub {
  readonly endpoint: JupyterHubEndpoint;
  /** What a notebook can ask. */
  readonly asks: readonly ("spark" | "presto")[];
  /** Home of the robot; the proof's key must be able to read and write it. */
  readonly home: { readonly bucket: string; readonly prefix: string };
}

/** The path of a random number from a pump to the display, which the proof follows as far as there is one. */
export interface ProvenPipeline {
  /** @default - no numbers are sent, and hops that look for them are left out */
  readonly pump?: PumpEndpoint;
  /** @default - hops `live`, `display` and `census` are left out */
  readonly display?: DisplayEndpoint;
  /** Cassandra, with the proof's own role. @default - hop `cassandra` is left out */
  readonly cassandra?: CassandraEndpoint;
  /** Length of the windows of the stream `windows`. @default - there is none: `cassandra`, `lake` and `display` are left out */
  readonly windowSeconds?: number;
  /** Files of the census, whose figures the display shows. @default - hop `census` is left out */
  readonly census?: {
    /** The proof's key must be able to read it. */
    readonly bucket: string;
    readonly prefix: string;
    /** People in all files together. */
    readonly rows: number;
    /** Made when the figures are. */
    readonly ready: Ready;
  };
}

export interface ProofArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly image: pulumi.Input<string>;
  /** Where marked records are sent to. @default - hops `kafka` and those that look for its records are left out */
  readonly topic?: TopicEndpoint;
  /** The object store, with the proof's own key. @default - hops that read objects are left out */
  readonly objectStore?: S3Endpoint;
  /** @default - hops that read tables are left out */
  readonly catalog?: CatalogEndpoint;
  /** @default - hops that ask by SQL are left out */
  readonly presto?: PrestoEndpoint;
  /** Whether a stream writes the topic's records into the lake. @default true */
  readonly stream?: boolean;
  /** The producer of ordinary records. @default - hop `telemetry` is left out */
  readonly telemetry?: { readonly intervalSeconds: number };
  /** Name of the Iceberg catalog in Presto. @default "lake" */
  readonly prestoCatalog?: string;
  /** @default - hop `airflow` is left out */
  readonly airflow?: ProvenAirflow;
  /** @default - hop `notebooks` is left out */
  readonly jupyterhub?: ProvenJupyterHub;
  /** The history server, asked for the batch that made the census' figures. @default - hop `spark-history` is left out */
  readonly sparkHistory?: SparkHistoryEndpoint;
  /** Backups of PostgreSQL, in a bucket that the proof's key must be able to read. @default - hop `backup` is left out */
  readonly backup?: BackupPlace;
  /** @default - hops from `pump` to `census` are left out */
  readonly pipeline?: ProvenPipeline;
  /** What else must be there first. @default - nothing */
  readonly waitFor?: Ready;
  /** Why hops that are left out are: what the report says of them, by their names. @default - that nothing was given */
  readonly skipped?: Readonly<Record<string, string>>;
  /** Text whose change makes the proof run again: what it stands on. @default - only a change of the proof itself */
  readonly revision?: pulumi.Input<string>;
  readonly resources: Resources;
  /** Good records to send. @default 200 */
  readonly records?: number;
  /** Time that each hop may take at least without progress, in seconds. @default - each hop's own, 90 or 240 */
  readonly timeoutSeconds?: number;
}

/** What is wrong with the arguments; empty when nothing is. */
export function proofProblems(args: {
  readonly prestoCatalog?: string;
  readonly presto?: Pick<PrestoEndpoint, "catalogs">;
  readonly records?: number;
  readonly timeoutSeconds?: number;
}): string[] {
  const { prestoCatalog = "lake", records = 200, timeoutSeconds = 1 } = args;
  const problems: string[] = [];
  if (args.presto && !args.presto.catalogs.includes(prestoCatalog)) {
    problems.push(
      `proof: Presto has no catalog "${prestoCatalog}"; it has ${args.presto.catalogs.join(", ")}. Give it that catalog or name another`,
    );
  }
  if (!Number.isInteger(records) || records < 1 || records > 10_000) {
    problems.push(`proof: records is ${records}; give a whole number from 1 to 10000`);
  }
  if (!(timeoutSeconds >= 1 && timeoutSeconds <= 3600)) {
    problems.push(`proof: timeoutSeconds is ${timeoutSeconds}; give a number from 1 to 3600`);
  }
  return problems;
}

/** Runs the proof once with every change of the platform, and keeps a suspended CronJob to run it on demand. */
export class Proof extends Component {
  /** Name of the Job; settles when the proof has passed. */
  readonly jobName: pulumi.Output<string>;
  /** Name of the suspended CronJob whose template a run on demand uses. */
  readonly onDemandName: pulumi.Output<string>;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: ProofArgs, opts?: ComponentOptions) {
    const { prestoCatalog = "lake", records = 200, timeoutSeconds } = args;
    super("Proof", name, { prestoCatalog, records, timeoutSeconds }, opts);
    const problems = proofProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const { topic, objectStore, catalog, presto, airflow, jupyterhub, pipeline } = args;
    const asked = [topic, objectStore, catalog, presto, airflow?.endpoint, jupyterhub?.endpoint, ...partsOf(pipeline)];
    const deadlineSeconds = Math.max(JOB_SECONDS, 2 * Math.ceil(timeoutSeconds ?? 0));
    const limits = { deadlineSeconds, retries: 0 };
    const account = args.backup && createAccount(name, args.namespace, { parent: this });
    const onDemandName = `${name}-on-demand`;
    const pod = proofPod();

    const onDemand = new k8s.batch.v1.CronJob(
      onDemandName,
      {
        metadata: { name: onDemandName, namespace: args.namespace, labels: labels(name, "check") },
        spec: {
          suspend: true,
          // Never due: the CronJob only holds the template of a run on demand.
          schedule: "0 0 1 1 *",
          jobTemplate: { spec: jobSpec({ ...limits, pod: { ...pod, restartPolicy: "Never" } }) },
        },
      },
      { parent: this },
    );
    const run = job(
      {
        name,
        namespace: args.namespace,
        ...limits,
        pod: { ...pod, ...(args.revision !== undefined && { config: args.revision }) },
      },
      {
        parent: this,
        dependsOn: [...asked.flatMap((endpoint) => endpoint?.ready ?? []), ...(args.waitFor ?? [])],
        // It ends by its own limits, and says why.
        customTimeouts: { create: `${deadlineSeconds + STOP_SECONDS}s`, update: `${deadlineSeconds + STOP_SECONDS}s` },
      },
    );
    this.jobName = run.metadata.name;
    this.onDemandName = onDemand.metadata.name;
    this.registerOutputs({ jobName: this.jobName, onDemandName: this.onDemandName });

    function proofPod(): PodArgs {
      const { secretName, accessKeyField, secretKeyField } = objectStore?.credentials ?? {};
      const s3Key =
        secretName && accessKeyField !== undefined && secretKeyField !== undefined
          ? [
              secretEnv("S3_ACCESS_KEY", secretName, accessKeyField),
              secretEnv("S3_SECRET_KEY", secretName, secretKeyField),
            ]
          : [];
      return {
        service: name,
        component: "check",
        image: args.image,
        command: ["node", "/opt/millrace/check/main.ts"],
        env: [
          { name: "PROOF_CONFIG", value: proofConfig() },
          ...(topic ? [{ name: "KAFKA_SECURITY_PROTOCOL", value: topic.kafka.securityProtocol }] : []),
          ...s3Key,
          ...(airflow ? [refEnv("AIRFLOW_PASSWORD", airflow.endpoint.robotPassword)] : []),
          ...(jupyterhub ? [refEnv("JUPYTERHUB_PASSWORD", jupyterhub.endpoint.robotPassword)] : []),
          ...(pipeline?.pump ? [refEnv("PUMP_TOKEN", pipeline.pump.token)] : []),
          // The cluster's API is asked of the backups.
          ...(account ? [{ name: "NODE_EXTRA_CA_CERTS", value: `${ACCOUNT_PATH}/ca.crt` }] : []),
          ...(pipeline?.cassandra ? [refEnv("CASSANDRA_PASSWORD", pipeline.cassandra.password)] : []),
        ],
        resources: args.resources,
        ...(account && { serviceAccountName: account }),
        scratch: ["/tmp"],
        terminationGracePeriodSeconds: STOP_SECONDS,
      };
    }

    /** All settings that are not secret, as `check/config.ts` reads them. */
    function proofConfig(): pulumi.Output<string> {
      const settings = {
        kafka: topic && { bootstrapServers: topic.kafka.bootstrapServers, topic: topic.topic },
        s3: objectStore && {
          protocol: objectStore.protocol,
          host: objectStore.host,
          port: objectStore.port,
          region: objectStore.region,
          pathStyle: objectStore.pathStyle,
          ...(catalog && tablesAt(catalog)),
        },
        metastore: catalog && { uri: catalog.uri },
        presto: presto && {
          url: presto.url,
          catalog: prestoCatalog,
          ...(presto.catalogs.includes(CASSANDRA_CATALOG) && { cassandraCatalog: CASSANDRA_CATALOG }),
        },
        stream: args.stream ?? true,
        telemetry: args.telemetry,
        records,
        timeoutSeconds,
        skipped: args.skipped,
        airflow: airflow && {
          url: airflow.endpoint.url,
          user: airflow.endpoint.robot,
          runs: airflow.runs ?? true,
          lastRuns: airflow.lastRuns ?? {},
          bucket: airflow.bucket,
          logs: airflow.logs,
        },
        sparkHistory: args.sparkHistory && { url: args.sparkHistory.url, keepDays: args.sparkHistory.keepDays },
        backup: args.backup,
        jupyterhub: jupyterhub && {
          url: jupyterhub.endpoint.url,
          user: jupyterhub.endpoint.robot,
          home: { bucket: jupyterhub.home.bucket, prefix: jupyterhub.home.prefix },
          asks: jupyterhub.asks,
        },
        pipeline: pipeline && pipelineSettings(pipeline),
      };
      return pulumi.output(settings).apply((known) => JSON.stringify(known));
    }
  }
}

/** Bucket of the tables, and their prefix there. */
function tablesAt({ warehouse }: CatalogEndpoint): Record<"bucket" | "warehouse", pulumi.Output<string | undefined>> {
  const parts = warehouse.apply((location) => /^s3a:\/\/([^/]+)\/(.+)$/.exec(location));
  return { bucket: parts.apply((found) => found?.[1]), warehouse: parts.apply((found) => found?.[2]) };
}

/** What of the pipeline must be ready: the census batch may still be under way, so its figures are waited for by its hop. */
function partsOf(pipeline: ProvenPipeline | undefined): ({ readonly ready: Ready } | undefined)[] {
  return pipeline ? [pipeline.pump, pipeline.display, pipeline.cassandra, pipeline.census] : [];
}

function pipelineSettings({ pump, display, cassandra, windowSeconds, census }: ProvenPipeline): object {
  return {
    pump: pump?.url,
    display: display?.url,
    cassandra: cassandra && {
      contactPoints: cassandra.contactPoints.apply((hosts) => hosts.split(",")),
      port: cassandra.port,
      datacenter: cassandra.datacenter,
      user: cassandra.user,
    },
    windowSeconds,
    census: census && { bucket: census.bucket, prefix: census.prefix, rows: census.rows },
  };
}

/** An account that sees which Jobs failed, and nothing else. Its name settles when it has its right. */
function createAccount(
  name: string,
  namespace: pulumi.Input<string>,
  opts: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const metadata = { name, namespace, labels: labels(name, "check") };
  const made = new k8s.core.v1.ServiceAccount(name, { metadata, automountServiceAccountToken: false }, opts);
  const role = new k8s.rbac.v1.Role(
    name,
    { metadata, rules: [{ apiGroups: ["batch"], resources: ["jobs"], verbs: ["list"] }] },
    opts,
  );
  const binding = new k8s.rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: made.metadata.name, namespace }],
    },
    opts,
  );
  return binding.subjects.apply((subjects) => subjects[0]?.name ?? name);
}

function refEnv(name: string, { secretName, key }: SecretKeyRef): EnvVar {
  return secretEnv(name, secretName, key);
}
