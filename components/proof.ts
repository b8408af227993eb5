/** The proof: a Job that sends marked records down the data path and asks every hop for exactly them. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type {
  AirflowEndpoint,
  CassandraEndpoint,
  CatalogEndpoint,
  DisplayEndpoint,
  JupyterHubEndpoint,
  PrestoEndpoint,
  PumpEndpoint,
  S3Endpoint,
  SecretKeyRef,
  TopicEndpoint,
} from "./endpoints.ts";
import { labels } from "./names.ts";
import { after, type EnvVar, job, jobSpec, type PodArgs, type Resources, secretEnv } from "./workload.ts";

const SERVICE = "proof";
const ON_DEMAND = "proof-on-demand";
/** Time that the Job has beside the hops, for its image, its start and its clean-up, in seconds. */
const START_SECONDS = 120;

/** Time in which a proof that is told to stop cleans up: it may have to end a notebook server. */
const STOP_SECONDS = 75;

/** An Airflow whose DAG `telemetry_report` the proof runs. */
export interface ProvenAirflow {
  readonly endpoint: AirflowEndpoint;
  /** Bucket of the executed notebooks; the proof's key must be able to read and write it. */
  readonly bucket: string;
  /** Where task logs are kept; the proof's key must be able to read and write there. */
  readonly logs: { readonly bucket: string; readonly prefix: string };
}

/** A JupyterHub where the proof works as a person does. */
export interface ProvenJupyterHub {
  readonly endpoint: JupyterHubEndpoint;
  /** Home of the robot; the proof's key must be able to read and write it. */
  readonly home: { readonly bucket: string; readonly prefix: string };
}

/** The path of a random number from a pump to the display, which the proof follows. */
export interface ProvenPipeline {
  readonly pump: PumpEndpoint;
  readonly display: DisplayEndpoint;
  /** Cassandra, with the proof's own role. */
  readonly cassandra: CassandraEndpoint;
  /** Length of the stream's windows. */
  readonly windowSeconds: number;
  /** Files of the census, whose figures the display shows. @default - hop `census` is left out */
  readonly census?: {
    /** The proof's key must be able to read it. */
    readonly bucket: string;
    readonly prefix: string;
    /** People in all files together. */
    readonly rows: number;
    /** Settles when the files are made. */
    readonly ready: pulumi.Output<string>;
  };
}

export interface ProofArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly image: pulumi.Input<string>;
  readonly topic: TopicEndpoint;
  /** The object store, with the proof's own key. */
  readonly objectStore: S3Endpoint;
  readonly catalog: CatalogEndpoint;
  readonly presto: PrestoEndpoint;
  /** Name of the Iceberg catalog in Presto. @default "lake" */
  readonly prestoCatalog?: string;
  /** @default - hop `airflow` is left out */
  readonly airflow?: ProvenAirflow;
  /** @default - hop `notebooks` is left out */
  readonly jupyterhub?: ProvenJupyterHub;
  /** @default - hops `pump`, `live`, `cassandra`, `lake`, `display` and `census` are left out */
  readonly pipeline?: ProvenPipeline;
  /** `ready` of everything else on the data path. @default - none */
  readonly waitFor?: readonly pulumi.Output<string>[];
  readonly resources: Resources;
  /** Good records to send. @default 200 */
  readonly records?: number;
  /** Limit of the data path's hops together, and of each hop beside it, in seconds. @default 100 */
  readonly timeoutSeconds?: number;
}

/** What is wrong with the arguments; empty when nothing is. */
export function proofProblems(args: {
  readonly prestoCatalog?: string;
  readonly presto: Pick<PrestoEndpoint, "catalogs">;
  readonly records?: number;
  readonly timeoutSeconds?: number;
}): string[] {
  const { prestoCatalog = "lake", records = 200, timeoutSeconds = 100 } = args;
  const problems: string[] = [];
  if (!args.presto.catalogs.includes(prestoCatalog)) {
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
export class Proof extends pulumi.ComponentResource {
  /** Name of the Job; settles when the proof has passed. */
  readonly jobName: pulumi.Output<string>;
  /** Name of the suspended CronJob whose template a run on demand uses. */
  readonly onDemandName: pulumi.Output<string>;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: ProofArgs, opts?: pulumi.ComponentResourceOptions) {
    const { prestoCatalog = "lake", records = 200, timeoutSeconds = 100 } = args;
    super("analytics:index:Proof", name, { prestoCatalog, records, timeoutSeconds }, opts);
    const problems = proofProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const { topic, objectStore, catalog, presto, airflow, jupyterhub, pipeline } = args;
    const beside = [airflow?.endpoint, jupyterhub?.endpoint, ...waitedFor(pipeline)].filter((one) => one !== undefined);
    const limits = { deadlineSeconds: Math.ceil(timeoutSeconds) + START_SECONDS, retries: 0 };
    const pod = proofPod();

    const onDemand = new k8s.batch.v1.CronJob(
      ON_DEMAND,
      {
        metadata: { name: ON_DEMAND, namespace: args.namespace, labels: labels(SERVICE, "check") },
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
      { name: SERVICE, namespace: args.namespace, ...limits, pod },
      {
        parent: this,
        dependsOn: after(
          ...[topic, objectStore, catalog, presto, ...beside].map((endpoint) => endpoint.ready),
          ...(args.waitFor ?? []),
        ),
      },
    );
    this.jobName = run.metadata.name;
    this.onDemandName = onDemand.metadata.name;
    this.registerOutputs({ jobName: this.jobName, onDemandName: this.onDemandName });

    function proofPod(): PodArgs {
      const { secretName, accessKeyField, secretKeyField } = objectStore.credentials;
      return {
        service: SERVICE,
        component: "check",
        image: args.image,
        command: ["node", "/opt/millrace/check/main.ts"],
        env: [
          { name: "PROOF_CONFIG", value: proofConfig() },
          { name: "KAFKA_SECURITY_PROTOCOL", value: topic.kafka.securityProtocol },
          secretEnv("S3_ACCESS_KEY", secretName, accessKeyField),
          secretEnv("S3_SECRET_KEY", secretName, secretKeyField),
          ...(airflow ? [refEnv("AIRFLOW_PASSWORD", airflow.endpoint.robotPassword)] : []),
          ...(jupyterhub ? [refEnv("JUPYTERHUB_PASSWORD", jupyterhub.endpoint.robotPassword)] : []),
          ...(pipeline
            ? [refEnv("PUMP_TOKEN", pipeline.pump.token), refEnv("CASSANDRA_PASSWORD", pipeline.cassandra.password)]
            : []),
        ],
        resources: args.resources,
        scratch: ["/tmp"],
        terminationGracePeriodSeconds: STOP_SECONDS,
      };
    }

    /** All settings that are not secret, as `check/config.ts` reads them. */
    function proofConfig(): pulumi.Output<string> {
      const parts = pulumi.all([
        airflow && {
          url: airflow.endpoint.url,
          user: airflow.endpoint.robot,
          bucket: airflow.bucket,
          logs: airflow.logs,
        },
        jupyterhub && {
          url: jupyterhub.endpoint.url,
          user: jupyterhub.endpoint.robot,
          home: { bucket: jupyterhub.home.bucket, prefix: jupyterhub.home.prefix },
        },
        pipeline && pipelineConfig(pipeline),
      ]);
      return pulumi
        .all([
          topic.kafka.bootstrapServers,
          topic.topic,
          objectStore.protocol,
          objectStore.host,
          objectStore.port,
          objectStore.region,
          catalog.uri,
        ])
        .apply(([bootstrapServers, topicName, protocol, host, port, region, uri]) =>
          pulumi
            .all([catalog.warehouse, presto.url, parts])
            .apply(([warehouse, url, [airflowPart, hubPart, pipelinePart]]) => {
              const [, bucket, prefix] = /^s3a:\/\/([^/]+)\/(.+)$/.exec(warehouse) ?? [];
              return JSON.stringify({
                kafka: { bootstrapServers, topic: topicName },
                s3: { protocol, host, port, region, pathStyle: objectStore.pathStyle, bucket, warehouse: prefix },
                metastore: { uri },
                presto: { url, catalog: prestoCatalog },
                records,
                timeoutSeconds,
                ...(airflowPart && { airflow: airflowPart }),
                ...(hubPart && { jupyterhub: hubPart }),
                ...(pipelinePart && { pipeline: pipelinePart }),
              });
            }),
        );
    }
  }
}

/** What of the pipeline must be ready: the census batch may still be under way, so its figures are waited for by its hop. */
function waitedFor(pipeline: ProvenPipeline | undefined): { readonly ready: pulumi.Output<string> }[] {
  if (pipeline === undefined) return [];
  const { pump, display, cassandra, census } = pipeline;
  return [pump, display, cassandra, ...(census ? [census] : [])];
}

function pipelineConfig({ pump, display, cassandra, windowSeconds, census }: ProvenPipeline): pulumi.Output<object> {
  return pulumi
    .all([pump.url, display.url, cassandra.contactPoints, cassandra.port])
    .apply(([pumpUrl, displayUrl, contactPoints, port]) => ({
      pump: pumpUrl,
      display: displayUrl,
      cassandra: {
        contactPoints: contactPoints.split(","),
        port,
        datacenter: cassandra.datacenter,
        user: cassandra.user,
      },
      windowSeconds,
      ...(census && { census: { bucket: census.bucket, prefix: census.prefix, rows: census.rows } }),
    }));
}

function refEnv(name: string, { secretName, key }: SecretKeyRef): EnvVar {
  return secretEnv(name, secretName, key);
}
