/** Flink: a JobManager whose state is Kubernetes' and S3's, TaskManagers, a gateway for SQL, and the jobs that are declared. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { CassandraEndpoint } from "../cassandra/endpoint.ts";
import { cassandraEnv } from "../cassandra/cassandra-settings.ts";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { KafkaEndpoint } from "../kafka/endpoint.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { awsKeyEnv, s3Env, s3Trust } from "../object-store/s3-settings.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { jvmOptions } from "../../platform/jvm.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { destinationsOf, podsAt, statusEdge } from "../../platform/network.ts";
import { heapMebibytes } from "../../platform/quantity.ts";
import {
  configMap,
  deployment,
  type EnvVar,
  fieldEnv,
  httpProbe,
  job,
  type PodArgs,
  type Probes,
  type Resources,
  service,
  tcpProbe,
} from "../../platform/workload.ts";
import type { FlinkEndpoint, FlinkJob } from "./endpoint.ts";
import {
  CATALOGS_PATH,
  clusterSettings,
  configYaml,
  jobSettings,
  lakeCatalog,
  memorySettings,
  PORTS,
  storeSettings,
} from "./flink-settings.ts";

const JOB_MANAGER = "jobmanager";
const TASK_MANAGER = "taskmanager";
const GATEWAY = "gateway";
const SCRATCH = ["/tmp", "/opt/flink/conf", "/opt/flink/log"];
/** Share of the gateway's memory that is heap: planning loads more classes than objects. */
const GATEWAY_HEAP_SHARE = 0.42;

export interface FlinkArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `flink`, `sql-gateway` as a third command, and the connectors. */
  readonly image: pulumi.Input<string>;
  /** The platform's tools image, whose program starts and changes the jobs. */
  readonly toolsImage: pulumi.Input<string>;
  /** With Flink's own key, which may write to the bucket below and to the lake. */
  readonly objectStore: S3Endpoint;
  /** Bucket of its state. */
  readonly bucket: string;
  readonly catalog: CatalogEndpoint;
  /** @default - jobs have none */
  readonly kafka?: KafkaEndpoint | undefined;
  /** With Flink's own role. @default - jobs have none */
  readonly cassandra?: CassandraEndpoint | undefined;
  readonly exposure: Exposure;
  readonly resources: Readonly<Record<"jobManager" | "taskManager" | "gateway" | "setup", Resources>>;
  /** @default 1 */
  readonly taskManagers?: number;
  /** Slots of each. @default 2 */
  readonly slots?: number;
  /** @default 30 */
  readonly checkpointSeconds?: number;
  /** @default - none */
  readonly jobs?: readonly FlinkJob[];
  /** Jobs that begin from zero, once for each new text. @default - none */
  readonly startAnew?: Readonly<Record<string, string>>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function flinkProblems(args: Pick<FlinkArgs, "jobs" | "startAnew" | "taskManagers" | "slots">): string[] {
  const { jobs = [], startAnew = {}, taskManagers = 1, slots = 2 } = args;
  const names = jobs.map(({ name }) => name);
  const problems = names.flatMap((name, index) => [
    ...(/^[a-z][a-z0-9-]{0,62}$/.test(name)
      ? []
      : [`flink: job "${name}": use up to 63 small letters, digits and dashes as a name, and a letter first`]),
    ...(names.indexOf(name) === index ? [] : [`flink: there are two jobs "${name}"; give each a name of its own`]),
  ]);
  for (const { name, parallelism = 1 } of jobs) {
    if (Number.isInteger(parallelism) && parallelism >= 1) continue;
    problems.push(`flink: job "${name}": parallelism is ${parallelism}; give a whole number from 1`);
  }
  const [wanted, there] = [jobs.reduce((sum, { parallelism = 1 }) => sum + parallelism, 0), taskManagers * slots];
  if (wanted > there) {
    problems.push(
      `flink: its jobs need ${wanted} slots, and ${taskManagers} TaskManagers of ${slots} have ${there}; raise taskManagers or slots`,
    );
  }
  const unknown = Object.keys(startAnew).filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const known = names.length === 0 ? "there are none" : `there are ${names.join(", ")}`;
    problems.push(`flink: startAnew names ${unknown.join(", ")}, which no job is called; ${known}`);
  }
  return problems;
}

/** A session cluster with its jobs. */
export class Flink extends Component {
  readonly endpoint: FlinkEndpoint;
  /** Where people find its page. */
  readonly address: PublishedAddress;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: FlinkArgs, opts?: ComponentOptions) {
    const { taskManagers = 1, slots = 2, checkpointSeconds = 30, jobs = [], startAnew = {} } = args;
    super("Flink", name, { taskManagers, slots, checkpointSeconds, jobs: jobs.map((one) => one.name) }, opts);
    const problems = flinkProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const { namespace, resources } = args;
    const folder = `s3://${args.bucket}`;
    const meta = (role: string) => ({ namespace, labels: labels(name, role), selector: selector(name, role) });
    const gatewayName = `${name}-gateway`;
    const url = (host: string, port: number): pulumi.Output<string> =>
      pulumi.output(namespace).apply((known) => `http://${serviceHost(host, known)}:${port}`);
    const [restUrl, gatewayUrl] = [url(name, PORTS.rest), url(gatewayName, PORTS.sql)];

    const workers = podsAt(
      { service: name, component: TASK_MANAGER },
      [PORTS.worker, PORTS.metrics, PORTS.results],
      "work",
    );
    const blocks = podsAt({ service: name, component: TASK_MANAGER }, [PORTS.data], "records between parts of jobs");
    const master = podsAt({ service: name, component: JOB_MANAGER }, [PORTS.rpc, PORTS.blob], "what there is to do");
    const rest = podsAt({ service: name, component: JOB_MANAGER }, [PORTS.rest], "jobs");
    const sources = [args.objectStore.at, args.catalog.at, ...destinationsOf([args.kafka, args.cassandra])];

    const common = { ...clusterSettings({ name, namespace, folder }), ...storeSettings(args.objectStore) };
    service(name, { ...meta(JOB_MANAGER), ports: { rest: PORTS.rest } }, childOptions);
    // `npm run status` asks it for jobs, checkpoints and failures.
    this.edges.push(statusEdge(rest));
    const jobManager = deployment(
      {
        name,
        namespace,
        replicas: 1,
        strategy: "Recreate",
        pod: clusterPod(JOB_MANAGER, {
          resources: resources.jobManager,
          settings: {
            ...common,
            ...jobSettings(folder, checkpointSeconds),
            ...memorySettings("jobmanager", resources.jobManager.limits.memory, slots),
          },
          args: ["-Djobmanager.rpc.address=$(POD_IP)"],
          ports: { rpc: PORTS.rpc, blob: PORTS.blob, rest: PORTS.rest },
          verbs: ["create", "get", "list", "watch", "update", "patch", "delete"],
          reaches: [workers, ...sources],
          probes: {
            startup: httpProbe(PORTS.rest, "/overview", { periodSeconds: 3 }),
            readiness: httpProbe(PORTS.rest, "/overview", { periodSeconds: 10 }),
            liveness: tcpProbe(PORTS.rest, { periodSeconds: 20, failureThreshold: 6 }),
          },
        }),
      },
      childOptions,
    );
    const workersRun = deployment(
      {
        name: `${name}-${TASK_MANAGER}`,
        namespace,
        replicas: taskManagers,
        // One more at a time would need room for a second one.
        strategy: taskManagers === 1 ? "Recreate" : "RollingUpdate",
        pod: clusterPod(TASK_MANAGER, {
          resources: resources.taskManager,
          settings: { ...common, ...memorySettings("taskmanager", resources.taskManager.limits.memory, slots) },
          args: ["-Dtaskmanager.host=$(POD_IP)", "-Dtaskmanager.resource-id=$(POD_NAME)"],
          ports: { data: PORTS.data, worker: PORTS.worker, metrics: PORTS.metrics, results: PORTS.results },
          // It looks up who leads.
          verbs: ["get", "list", "watch"],
          reaches: [master, workers, blocks, ...sources],
          probes: {
            startup: tcpProbe(PORTS.worker, { periodSeconds: 3 }),
            readiness: tcpProbe(PORTS.worker, { periodSeconds: 10 }),
            liveness: tcpProbe(PORTS.worker, { periodSeconds: 20, failureThreshold: 6 }),
          },
        }),
      },
      childOptions,
    );
    const gateway = createGateway();
    const started = createJobs();

    this.address = publish(
      args.exposure,
      { ...meta(JOB_MANAGER), service: name, nodePort: "flink", port: PORTS.rest, title: "Flink", scheme: "http" },
      childOptions,
    );
    this.endpoint = { kind: "flink", url: restUrl, at: rest, ready: [jobManager, workersRun, gateway, started] };
    this.registerOutputs({ url: restUrl, address: this.address.url });

    /** What the pods of the cluster have in common: an account, the settings, and the keys of what jobs read and write. */
    function clusterPod(
      role: string,
      own: {
        readonly resources: Resources;
        readonly settings: Parameters<typeof configYaml>[0];
        readonly args: readonly string[];
        readonly ports: Readonly<Record<string, number>>;
        readonly verbs: readonly string[];
        readonly reaches: NonNullable<PodArgs["reaches"]>;
        readonly probes: Probes;
      },
    ): PodArgs {
      const settings = configYaml(own.settings);
      const { cpu, memory } = own.resources.limits;
      return {
        service: name,
        component: role,
        image: args.image,
        args: [role, ...own.args],
        env: [
          fieldEnv("POD_IP", "status.podIP"),
          fieldEnv("POD_NAME", "metadata.name"),
          { name: "FLINK_PROPERTIES", value: settings },
          { name: "FLINK_JAVA_OPTIONS", value: jvmOptions({ heap: heapMebibytes(memory, 0.4), cpu }).join(" ") },
          ...storeEnv(),
          ...(args.kafka ? kafkaEnv(args.kafka) : []),
          ...(args.cassandra ? cassandraEnv(args.cassandra) : []),
        ],
        ...s3Trust(args.objectStore, "java"),
        ports: own.ports,
        resources: own.resources,
        probes: own.probes,
        reaches: own.reaches,
        serviceAccountName: account(`${name}-${role}`, role, own.verbs),
        scratch: SCRATCH,
        spread: role === TASK_MANAGER,
      };
    }

    function storeEnv(): EnvVar[] {
      return awsKeyEnv(args.objectStore);
    }

    /** The account of a role, with rights on ConfigMaps: the cluster keeps there who leads and where its state lies. */
    function account(accountName: string, role: string, verbs: readonly string[]): pulumi.Output<string> {
      const metadata = { name: accountName, namespace, labels: labels(name, role) };
      const made = new k8s.core.v1.ServiceAccount(
        accountName,
        { metadata, automountServiceAccountToken: false },
        childOptions,
      );
      const rights = new k8s.rbac.v1.Role(
        accountName,
        { metadata, rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: [...verbs] }] },
        childOptions,
      );
      const binding = new k8s.rbac.v1.RoleBinding(
        accountName,
        {
          metadata,
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: rights.metadata.name },
          subjects: [{ kind: "ServiceAccount", name: made.metadata.name, namespace }],
        },
        childOptions,
      );
      return binding.subjects.apply((subjects) => subjects[0]?.name ?? accountName);
    }

    /** It speaks to the JobManager as any client does, and needs no account. */
    function createGateway(): k8s.apps.v1.Deployment {
      const { cpu, memory } = resources.gateway.limits;
      const heap = heapMebibytes(memory, GATEWAY_HEAP_SHARE);
      const settings = configYaml({
        ...storeSettings(args.objectStore),
        ...jobSettings(folder, checkpointSeconds),
        "execution.target": "remote",
        "rest.address": pulumi.output(namespace).apply((known) => serviceHost(name, known)),
        "rest.port": PORTS.rest,
        "sql-gateway.endpoint.rest.address": "0.0.0.0",
        "sql-gateway.endpoint.rest.port": PORTS.sql,
        "sql-gateway.worker.threads.min": 1,
        "sql-gateway.worker.threads.max": 8,
        "sql-gateway.session.idle-timeout": "30 min",
        "table.catalog-store.kind": "file",
        "table.catalog-store.file.path": `file://${CATALOGS_PATH}`,
      });
      const catalogs = lakeCatalog(args.catalog);
      configMap(`${name}-catalogs`, { ...meta(GATEWAY), data: { "lake.yaml": catalogs } }, childOptions);
      service(gatewayName, { ...meta(GATEWAY), ports: { sql: PORTS.sql } }, childOptions);
      return deployment(
        {
          name: gatewayName,
          namespace,
          replicas: 1,
          strategy: "Recreate",
          pod: {
            service: name,
            component: GATEWAY,
            image: args.image,
            args: ["sql-gateway"],
            env: [
              { name: "FLINK_PROPERTIES", value: settings },
              { name: "FLINK_JAVA_OPTIONS", value: [`-Xmx${heap}m`, ...jvmOptions({ heap, cpu })].join(" ") },
              ...storeEnv(),
            ],
            ...s3Trust(args.objectStore, "java"),
            ports: { sql: PORTS.sql },
            resources: resources.gateway,
            probes: {
              startup: httpProbe(PORTS.sql, "/info", { periodSeconds: 3 }),
              readiness: httpProbe(PORTS.sql, "/info", { periodSeconds: 10 }),
              liveness: tcpProbe(PORTS.sql, { periodSeconds: 20, failureThreshold: 6 }),
            },
            reaches: [rest, args.objectStore.at, args.catalog.at],
            config: catalogs,
            volumes: [{ name: "catalogs", configMap: { name: `${name}-catalogs` } }],
            mounts: [{ name: "catalogs", mountPath: CATALOGS_PATH, readOnly: true }],
            scratch: SCRATCH,
          },
        },
        childOptions,
      );
    }

    function createJobs(): k8s.batch.v1.Job {
      const config = pulumi
        .all([restUrl, gatewayUrl, pulumi.all(jobs.map(({ sql }) => sql))])
        .apply(([jobManagerUrl, sqlUrl, texts]) =>
          JSON.stringify({
            restUrl: jobManagerUrl,
            gatewayUrl: sqlUrl,
            bucket: args.bucket,
            jobs: jobs.map(({ name: jobName, parallelism = 1 }, index) => ({
              name: jobName,
              sql: texts[index] ?? "",
              parallelism,
              ...(startAnew[jobName] !== undefined && { startAnew: startAnew[jobName] }),
            })),
          }),
        );
      return job(
        {
          name: `${name}-jobs`,
          namespace,
          retries: 1,
          pod: {
            service: name,
            component: "jobs",
            image: args.toolsImage,
            command: ["node", "/opt/millrace/components/flink/programs/flink-jobs.ts"],
            env: [
              { name: "FLINK_JOBS", value: config },
              ...s3Env(args.objectStore),
              ...(args.kafka ? kafkaEnv(args.kafka) : []),
            ],
            resources: resources.setup,
            reaches: [
              rest,
              podsAt({ service: name, component: GATEWAY }, [PORTS.sql], "statements"),
              args.objectStore.at,
            ],
            scratch: ["/tmp"],
          },
        },
        {
          parent: childOptions.parent,
          dependsOn: [
            jobManager,
            workersRun,
            gateway,
            ...args.objectStore.ready,
            ...args.catalog.ready,
            ...(args.cassandra?.ready ?? []),
            ...jobs.flatMap(({ ready = [] }) => ready),
          ],
        },
      );
    }
  }
}
