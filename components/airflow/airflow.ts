/** Airflow 3: API server, scheduler, DAG processor and triggerer, their tasks in pods of their own, task logs in S3. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import { type AirflowConnections, connected, connectionEnv, OWN_S3_CONNECTION } from "./airflow-connections.ts";
import { ADMIN, createKeys, createUsers } from "./airflow-secrets.ts";
import {
  AIRFLOW_SCRATCH,
  AIRFLOW_SCRATCH_SIZE,
  AIRFLOW_UID,
  type AirflowExecutor,
  airflowSettings,
  API_PORT,
  CONFIG_PATH,
  databaseEnv,
  HEALTH_PORT,
  PARALLELISM,
  heartbeatProbes,
  PLUGINS_PATH,
  processEnv,
  settingsEnv,
  signingEnv,
} from "./airflow-settings.ts";
import {
  account,
  accountName,
  taskKeyFiles,
  type TaskParts,
  taskParts,
  taskPodText,
  taskRightsText,
} from "./airflow-tasks.ts";
import type { ClientEndpoints } from "../notebooks/client-endpoints.ts";
import type { AirflowEndpoint } from "./endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { s3Trust } from "../object-store/s3-settings.ts";
import type { PostgresEndpoint } from "../postgres/endpoint.ts";
import type { PublishedAddress, Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import { type Exposure, publicUrl, publish } from "../../platform/exposure.ts";
import { type AirflowResources, airflowResources } from "./service.ts";
import { labels, ROBOT, selector, serviceHost } from "../../platform/names.ts";
import { apiServer, type Destination, type Edge, edgesOf, podsAt, statusEdge } from "../../platform/network.ts";
import { programText } from "../../platform/program.ts";
import { ownQuarters, type Quarters } from "../../platform/quarters.ts";
import type { Scheduling } from "../../platform/scheduling.ts";
import type { SparkBatchTemplate } from "../spark/spark-batch.ts";
import {
  configMap,
  deployment,
  type EnvVar,
  httpProbe,
  job,
  type PodArgs,
  type Probes,
  type Resources,
  secretEnv,
  service,
  type Volume,
  type VolumeMount,
} from "../../platform/workload.ts";

const LOGS_PREFIX = "logs";
/** Key of the published port. */
const PUBLISHED = "airflow";
/** Time in which tasks inside the scheduler may still finish when it is told to stop, in seconds. */
const LOCAL_STOP_SECONDS = 60;

/** Files of `programs/`. */
const files = {
  setup: "setup.py",
  webserver: "webserver_config.py",
  health: "health.py",
  quiet: "quiet.py",
  triggerer: "triggerer.py",
  podHook: "airflow_local_settings.py",
  podEnds: "pod_ends.py",
  loginLimit: "login_limit.py",
  taskKeys: "task_keys.py",
  bodyLimit: "body_limit.py",
  smallLogs: "small_logs.py",
  smallValues: "small_values.py",
  start: "sitecustomize.py",
} as const;

/** Those that each task's process reads. */
const TASK_FILES = [files.smallValues, files.start] as const;

export interface AirflowArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `apache/airflow` 3.3, its fab, amazon and cncf.kubernetes providers, DAGs in `/opt/airflow/dags`. */
  readonly image: pulumi.Input<string>;
  readonly exposure: Exposure;
  readonly database: PostgresEndpoint;
  /** Role of the database, and whether it may read who did what. @default - there is none */
  readonly auditor?: { readonly role: string; readonly mayRead: boolean };
  /** Where tasks run. @default "kubernetes" */
  readonly executor?: AirflowExecutor;
  /** Requests and limits of each part. @default - what they need on a small machine */
  readonly resources?: AirflowResources;
  /** Namespace of the pods that tasks have and make. @default - Airflow's own */
  readonly tasksIn?: () => Quarters;
  /** Where the pods of tasks run. @default - anywhere */
  readonly scheduling?: Scheduling | undefined;
  /** Where task logs lie, below `logs/` in the bucket, with Airflow's own key; it reads `dagBucket`, too. */
  readonly logs: { readonly objectStore: S3Endpoint; readonly bucket: string };
  /** Bucket whose DAGs run beside the image's. @default - only the DAGs of the image */
  readonly dagBucket?: string;
  /** What DAGs find as Airflow connections `kafka`, `presto`, `spark_connect` and `s3`. */
  readonly connections: AirflowConnections;
  /** What the library `millrace` reads in tasks. */
  readonly clients: ClientEndpoints;
  /** What tasks show to Spark Connect. @default - nothing */
  readonly sparkToken?: SecretKeyRef;
  /**
   * Keys of single DAGs of the image, by DAG id: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of their task pods and of no
   * others. With the executor `local` all keys are in the scheduler's pod, so DAGs are not kept apart.
   */
  readonly jobKeys: Readonly<Record<string, S3Endpoint>>;
  /** Key of all DAGs of `dagBucket`, for their task pods. @default - they have none */
  readonly dagBucketKey?: S3Endpoint;
  /** DAGs of the image whose tasks may make pods. @default - none */
  readonly podDags?: readonly string[];
  /** Pod templates for `podDags`, with what their pods may have. @default - none */
  readonly sparkBatch?: SparkBatchTemplate;
  /** Time zone of schedules without one. @default "UTC" */
  readonly timezone?: string;
  /** What must be there before the first run, beside database and logs. @default - nothing */
  readonly waitFor?: Ready;
}

/** What is wrong with the arguments; empty when nothing is. */
export function airflowProblems(args: {
  readonly jobKeys: Readonly<Record<string, unknown>>;
  readonly podDags?: readonly string[];
  readonly timezone?: string;
  readonly dagBucket?: string;
  readonly dagBucketKey?: unknown;
}): string[] {
  const { timezone = "UTC" } = args;
  const problems: string[] = [];
  if (args.dagBucketKey !== undefined && args.dagBucket === undefined) {
    problems.push("airflow: dagBucketKey is given without a dagBucket, so no DAG would have it; give both or neither");
  }
  for (const dag of new Set([...Object.keys(args.jobKeys), ...(args.podDags ?? [])])) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,249}$/.test(dag)) {
      problems.push(`airflow: "${dag}" is not the id of a DAG; use letters, digits, dots, dashes and _`);
    }
  }
  if (!Intl.supportedValuesOf("timeZone").includes(timezone) && timezone !== "UTC") {
    problems.push(`airflow: timezone is "${timezone}"; give a name of the time zone database, such as "Europe/Berlin"`);
  }
  return problems;
}

/**
 * Airflow with one process of each kind. All state is in its database and in S3, so every pod may be killed. Several fit
 * into one stack, each in a namespace of its own: a scheduler takes over the task pods of its namespace that have lost theirs,
 * and tells them apart only by numbers that each Airflow counts from 1.
 */
export class Airflow extends Component {
  readonly endpoint: AirflowEndpoint;
  /** Where people find its page. */
  readonly address: PublishedAddress;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: AirflowArgs, opts?: ComponentOptions) {
    const { executor = "kubernetes", dagBucket, podDags = [], timezone = "UTC" } = args;
    super("Airflow", name, { executor, dagBucket, podDags, timezone }, opts);
    const problems = airflowProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const settingsName = `${name}-settings`;
    const setupName = `${name}-setup`;
    const inPods = executor === "kubernetes";
    const resources = args.resources ?? airflowResources({ executor, size: "small" });
    const namespace = pulumi.output(args.namespace);
    // With tasks in the scheduler only those have pods that make some themselves.
    const place = inPods || podDags.length > 0 ? (args.tasksIn?.() ?? ownQuarters(namespace)) : ownQuarters(namespace);
    const tasksName = `${name}-tasks`;
    const url = namespace.apply((ns) => `http://${serviceHost(name, ns)}:${API_PORT}`);
    const api = {
      namespace,
      labels: labels(name, "api-server"),
      selector: selector(name, "api-server"),
    };

    const at = podsAt({ service: name, component: "api-server" }, [API_PORT], "Airflow's API");
    const ownReaches = [args.database.at, args.logs.objectStore.at];
    const taskReaches = [at, ...connected(args.connections), ...args.clients.reaches];

    const keys = createKeys(name, namespace, childOptions);
    const users = createUsers(name, namespace, childOptions);
    const common = commonEnv();
    const tasks = taskParts(args.clients, args.sparkToken, args.sparkBatch, common, inPods ? place : undefined);
    const settings = createSettings();
    service(name, { ...api, ports: { http: API_PORT } }, childOptions);
    const setup = createSetup();
    // Tables and roles must be there before anything starts; the set-up of a new version is a new Job.
    const afterSetup = { ...childOptions, dependsOn: [setup] };
    const servers = [createApiServer(), createScheduler(), createDagProcessor(), createTriggerer()];
    if (inPods) this.edges.push(...taskEdges());
    // `npm run status` asks it which DAGs can't be read.
    this.edges.push(statusEdge(at));

    this.address = publish(
      args.exposure,
      { ...api, service: name, nodePort: PUBLISHED, port: API_PORT, title: "Airflow", scheme: "http" },
      childOptions,
    );
    this.endpoint = {
      kind: "airflow",
      url,
      at,
      robot: ROBOT,
      robotPassword: { secretName: users.secretName, key: ROBOT },
      ready: servers,
    };
    this.registerOutputs({ url, address: this.address.url });

    /** What every pod has, task pods included. */
    function commonEnv(): EnvVar[] {
      const settings = airflowSettings({
        executor,
        apiUrl: url,
        publicUrl: publicUrl(args.exposure, PUBLISHED),
        tasksNamespace: place.namespace,
        logs: `s3://${args.logs.bucket}/${LOGS_PREFIX}`,
        connection: OWN_S3_CONNECTION,
        dagBucket,
        timezone,
      });
      return [
        ...settingsEnv(settings),
        ...processEnv(),
        ...connectionEnv(args.connections, args.logs.objectStore, args.sparkToken),
      ];
    }

    function createSettings(): pulumi.Output<string> {
      const taskFiles = Object.fromEntries(TASK_FILES.map((file) => [file, programText(import.meta.dirname, file)]));
      if (inPods) {
        configMap(
          tasksName,
          { namespace: place.namespace, labels: labels(name, "task"), data: taskFiles },
          childOptions,
        );
        givesTasks();
      }
      const data: Record<string, pulumi.Input<string>> = {
        ...taskFiles,
        [files.setup]: programText(import.meta.dirname, files.setup),
        [files.webserver]: programText(import.meta.dirname, files.webserver),
        [files.health]: programText(import.meta.dirname, files.health),
        [files.quiet]: programText(import.meta.dirname, files.quiet),
        [files.triggerer]: programText(import.meta.dirname, files.triggerer),
        [files.loginLimit]: programText(import.meta.dirname, files.loginLimit),
        [files.bodyLimit]: programText(import.meta.dirname, files.bodyLimit),
        [files.smallLogs]: programText(import.meta.dirname, files.smallLogs),
        ...(inPods
          ? {
              [files.podHook]: programText(import.meta.dirname, files.podHook),
              [files.podEnds]: programText(import.meta.dirname, files.podEnds),
              "task-pod.yaml": taskPodText(
                name,
                args.image,
                podTasks(),
                resources.task,
                args.scheduling,
                args.clients.trust,
              ),
              "task-rights.json": taskRightsText(name, args),
            }
          : { [files.taskKeys]: programText(import.meta.dirname, files.taskKeys) }),
      };
      configMap(settingsName, { ...api, data }, childOptions);
      return pulumi.output(data).apply((texts) => JSON.stringify(texts));
    }

    /** Keys of tasks in pods of their own, and room for these. */
    function givesTasks(): void {
      const keys = [args.logs.objectStore, args.dagBucketKey, ...Object.values(args.jobKeys)];
      place.give(...keys.flatMap((endpoint) => [endpoint?.credentials, endpoint?.ca]));
      place.holds(resources.task, PARALLELISM[executor]);
    }

    /** What a task has in a pod of its own: of the settings' files only those that tasks use. */
    function podTasks(): TaskParts {
      return {
        env: [...common, ...tasks.env],
        volumes: [...tasks.volumes, { name: "settings", configMap: { name: tasksName } }],
        mounts: [...tasks.mounts, { name: "settings", mountPath: CONFIG_PATH, readOnly: true }],
      };
    }

    /** A process of Airflow: the same image and settings in all of them. */
    function server(part: {
      readonly component: string;
      readonly args: readonly string[];
      readonly resources: Resources;
      readonly env?: readonly EnvVar[];
      /** What it connects to beside database and logs. @default - nothing */
      readonly reaches?: readonly Destination[];
      /** Files of the settings that are plugins of this process. */
      readonly plugins?: readonly string[];
      readonly volumes?: readonly Volume[];
      readonly mounts?: readonly VolumeMount[];
    }): PodArgs {
      // One mount a file: Airflow's walk through the folder takes the links of a whole ConfigMap for a loop.
      const plugins = (part.plugins ?? []).map((file) => ({
        name: "settings",
        mountPath: `${PLUGINS_PATH}/${file}`,
        subPath: file,
        readOnly: true,
      }));
      return {
        service: name,
        component: part.component,
        reaches: [...ownReaches, ...(part.reaches ?? [])],
        image: args.image,
        uid: AIRFLOW_UID,
        args: part.args,
        env: [...databaseEnv(args.database, keys), ...common, ...(part.env ?? [])],
        ...s3Trust(args.logs.objectStore, "python"),
        resources: part.resources,
        config: settings,
        volumes: [{ name: "settings", configMap: { name: settingsName } }, ...(part.volumes ?? [])],
        mounts: [{ name: "settings", mountPath: CONFIG_PATH, readOnly: true }, ...plugins, ...(part.mounts ?? [])],
        scratch: AIRFLOW_SCRATCH,
        scratchSize: AIRFLOW_SCRATCH_SIZE,
      };
    }

    function taskEdges(): Edge[] {
      const task = { service: name, component: "task", ...(place.in && { in: place.in }) };
      // The executor labels each pod with its DAG.
      const makers = podDags.map((dag) => ({ ...task, also: { dag_id: dag }, reaches: [apiServer] }));
      return [{ ...task, reaches: taskReaches }, ...makers].flatMap(edgesOf);
    }

    function createSetup(): k8s.batch.v1.Job {
      const pod = server({
        component: "setup",
        args: ["python", `${CONFIG_PATH}/${files.setup}`],
        resources: resources.dagProcessor,
        env: [
          secretEnv("ADMIN_PASSWORD", users.secretName, ADMIN),
          secretEnv("ROBOT_PASSWORD", users.secretName, ROBOT),
          ...(args.auditor === undefined
            ? []
            : [{ name: args.auditor.mayRead ? "AUDITOR" : "FORMER_AUDITOR", value: args.auditor.role }]),
        ],
      });
      const ready = [...args.database.ready, ...args.logs.objectStore.ready, ...(args.waitFor ?? [])];
      return job(
        {
          name: setupName,
          namespace,
          retries: 4,
          pod: { ...pod, config: pulumi.interpolate`${settings}${users.fingerprint}` },
        },
        { ...childOptions, dependsOn: ready },
      );
    }

    function createApiServer(): k8s.apps.v1.Deployment {
      return run({
        ...server({
          component: "api-server",
          args: ["api-server"],
          resources: resources.apiServer,
          env: signingEnv(keys),
          plugins: [files.loginLimit, files.bodyLimit, files.smallLogs],
        }),
        // It shows the logs of tasks that run in pods.
        ...(inPods
          ? { serviceAccountName: account(name, "api-server", namespace, place.namespace, childOptions) }
          : {}),
        ports: { http: API_PORT },
        probes: {
          // The first call of this API builds it, for seconds to half a minute; else the first task would wait for that.
          startup: httpProbe(API_PORT, "/execution/health", {
            periodSeconds: 3,
          }),
          // The answer is 200 whatever it says of the other parts.
          readiness: httpProbe(API_PORT, "/api/v2/monitor/health", { periodSeconds: 10 }),
          liveness: httpProbe(API_PORT, "/api/v2/version", {
            periodSeconds: 20,
            failureThreshold: 6,
          }),
        },
      });
    }

    function createScheduler(): k8s.apps.v1.Deployment {
      const inside = inPods ? { env: [], volumes: [], mounts: [] } : localTasks();
      return runWithHealth({
        ...server({
          component: "scheduler",
          args: ["python", `${CONFIG_PATH}/${files.quiet}`, "scheduler"],
          resources: resources.scheduler,
          reaches: inPods ? [] : taskReaches,
          plugins: inPods ? [] : [files.taskKeys],
          volumes: inside.volumes,
          mounts: inside.mounts,
          env: [
            ...signingEnv(keys),
            ...inside.env,
            ...(inPods
              ? [
                  { name: "TASK_POD_TEMPLATE", value: `${CONFIG_PATH}/task-pod.yaml` },
                  { name: "TASK_RIGHTS", value: `${CONFIG_PATH}/task-rights.json` },
                ]
              : []),
          ],
        }),
        ...schedulerAccount(),
        ...(inPods ? {} : { terminationGracePeriodSeconds: LOCAL_STOP_SECONDS }),
      });
    }

    function schedulerAccount(): Pick<PodArgs, "serviceAccountName"> {
      const at = inPods ? place : ownQuarters(namespace);
      const task =
        podDags.length === 0 ? undefined : account(name, "task", at.namespace, place.namespace, childOptions);
      if (task !== undefined) {
        const given = args.sparkBatch ?? { secrets: [], accounts: [] };
        place.lets({ account: accountName(name, "task"), of: at.in, namespace: at.namespace, ...given });
      }
      if (inPods) return { serviceAccountName: account(name, "scheduler", namespace, place.namespace, childOptions) };
      return task === undefined ? {} : { serviceAccountName: task };
    }

    /** What tasks have in pods of their own, for a scheduler in which they run. */
    function localTasks(): TaskParts {
      const keyFiles = taskKeyFiles(args);
      return {
        env: [...tasks.env, ...keyFiles.env],
        volumes: [...tasks.volumes, ...keyFiles.volumes],
        mounts: [...tasks.mounts, ...keyFiles.mounts],
      };
    }

    function createDagProcessor(): k8s.apps.v1.Deployment {
      return runWithHealth(
        server({
          component: "dag-processor",
          args: ["python", `${CONFIG_PATH}/${files.quiet}`, "dag-processor"],
          resources: resources.dagProcessor,
        }),
      );
    }

    /** A small program that starts Airflow's own triggerer for the first trigger. */
    function createTriggerer(): k8s.apps.v1.Deployment {
      return runWithHealth(
        server({
          component: "triggerer",
          args: ["python", `${CONFIG_PATH}/${files.triggerer}`],
          resources: resources.triggerer,
          // Triggers of DAGs run in it, and wait for what DAGs connect to.
          reaches: connected(args.connections),
        }),
      );
    }

    function runWithHealth(pod: PodArgs): k8s.apps.v1.Deployment {
      return run({ ...pod, ports: { health: HEALTH_PORT }, probes: heartbeatProbes() });
    }

    /** Two of a kind would only share what little there is. */
    function run(pod: PodArgs & { readonly probes: Probes }): k8s.apps.v1.Deployment {
      return deployment(
        { name: `${name}-${pod.component}`, namespace, replicas: 1, strategy: "Recreate", pod },
        afterSetup,
      );
    }
  }
}
