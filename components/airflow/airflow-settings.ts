/** Airflow's settings: all come as environment variables, those without secrets in every pod, the others in the servers'. */
import * as pulumi from "@pulumi/pulumi";
import { libpqParameters } from "../postgres/postgres-client.ts";
import type { PostgresEndpoint } from "../postgres/endpoint.ts";
import { type EnvVar, fieldEnv, httpProbe, type Probe, secretEnv } from "../../platform/workload.ts";

/** `kubernetes`: each task in a pod of its own. `local`: all tasks inside the scheduler's pod. */
export type AirflowExecutor = "kubernetes" | "local";

/** User of `apache/airflow`. */
export const AIRFLOW_UID = 50000;
export const API_PORT = 8080;
/** Port of the health page of all parts but the API server, as `health.py` has it. */
export const HEALTH_PORT = 8974;
/** Folder of settings files, which Airflow has on its Python path. */
export const CONFIG_PATH = "/opt/airflow/config";
export const PLUGINS_PATH = "/opt/airflow/plugins";
/** Where tasks find the pod templates of Spark batches. */
export const SPARK_BATCH_PATH = "/opt/airflow/spark-batch";
/** Where tasks inside the scheduler find the keys of their DAGs. */
export const TASK_KEYS_PATH = "/opt/airflow/task-keys";
/** Folders that every Airflow process writes to. */
export const AIRFLOW_SCRATCH: readonly string[] = ["/tmp", "/opt/airflow/logs"];
/** Most that each of them holds, with what a task puts down while it works. */
export const AIRFLOW_SCRATCH_SIZE = "10Gi";
/** Name of the bundle of DAGs that are in the image. */
export const PLATFORM_BUNDLE = "platform";
/** Name of the bundle of DAGs that people put into a bucket. */
export const TEAM_BUNDLE = "team";
/** Time after which a change of a DAG is noticed, in seconds. */
const BUNDLE_REFRESH_SECONDS = 30;
/** Tasks at a time: a task pod asks for half a GiB, a task in the scheduler shares its limit. */
export const PARALLELISM: Readonly<Record<AirflowExecutor, number>> = { kubernetes: 4, local: 2 };

/**
 * Time after which a silent task counts as dead, in seconds. A killed pod is seen at once, so pods may be silent for as long
 * as an API server takes to start; tasks inside a killed scheduler are known by their silence alone.
 */
const SILENCE_SECONDS: Readonly<Record<AirflowExecutor, number>> = { kubernetes: 120, local: 60 };

const EXECUTORS: Readonly<Record<AirflowExecutor, string>> = {
  // KubernetesExecutor that writes down why a pod ended.
  kubernetes: "pod_ends.ExplainingExecutor",
  local: "LocalExecutor",
};

/** Where DAGs come from, in Airflow's words. @param dagBucket Bucket of the people's DAGs; none if undefined. */
export function dagBundles(dagBucket: string | undefined, connection: string): string {
  const platform = {
    name: PLATFORM_BUNDLE,
    classpath: "airflow.dag_processing.bundles.local.LocalDagBundle",
    kwargs: { path: "/opt/airflow/dags", refresh_interval: BUNDLE_REFRESH_SECONDS },
  };
  const team = {
    name: TEAM_BUNDLE,
    classpath: "airflow.providers.amazon.aws.bundles.s3.S3DagBundle",
    kwargs: {
      bucket_name: dagBucket,
      aws_conn_id: connection,
      refresh_interval: BUNDLE_REFRESH_SECONDS,
      // Without it pages would link to a bucket of that name at Amazon.
      view_url_template: `s3://${dagBucket ?? ""}`,
    },
  };
  return JSON.stringify(dagBucket === undefined ? [platform] : [platform, team]);
}

/** Settings of every process of Airflow, task pods included, by section and key; nothing in them is secret. */
export function airflowSettings(args: {
  readonly executor: AirflowExecutor;
  /** `http://host:port` of the API server. */
  readonly apiUrl: pulumi.Input<string>;
  /** Where people find the page. @default - each request tells */
  readonly publicUrl?: string | undefined;
  /** Namespace of the tasks' pods. */
  readonly tasksNamespace: pulumi.Input<string>;
  /** Folder of task logs: `s3://bucket/prefix`. */
  readonly logs: string;
  /** Id of the connection for logs and for the people's DAGs. */
  readonly connection: string;
  readonly dagBucket: string | undefined;
  readonly timezone: string;
}): Record<string, Record<string, pulumi.Input<string>>> {
  return {
    core: {
      executor: EXECUTORS[args.executor],
      auth_manager: "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
      execution_api_server_url: pulumi.interpolate`${args.apiUrl}/execution/`,
      // A pod's name has no address; its IP has.
      hostname_callable: "airflow.utils.net.get_host_ip_address",
      default_timezone: args.timezone,
      parallelism: String(PARALLELISM[args.executor]),
      dags_are_paused_at_creation: "False",
      load_examples: "False",
      default_task_retry_delay: "10",
      plugins_folder: PLUGINS_PATH,
      // A large value fails its task, instead of filling the API server.
      xcom_backend: "small_values.SmallXCom",
    },
    api: {
      workers: "1",
      port: String(API_PORT),
      log_fetch_timeout_sec: "5",
      // Else it sends people to http after the login, and takes its own https address for a stranger's.
      ...(args.publicUrl === undefined ? {} : { base_url: args.publicUrl }),
    },
    fab: {
      config_file: `${CONFIG_PATH}/webserver_config.py`,
      // The set-up Job has made all roles and rights.
      update_fab_perms: "False",
    },
    database: { sql_alchemy_pool_size: "3", sql_alchemy_max_overflow: "5" },
    dag_processor: {
      dag_bundle_config_list: dagBundles(args.dagBucket, args.connection),
      dag_bundle_storage_path: "/tmp/airflow-bundles",
      parsing_processes: "1",
      // A changed file is read at once all the same; each reading costs a second of a core.
      min_file_process_interval: "300",
      refresh_interval: String(BUNDLE_REFRESH_SECONDS),
      print_stats_interval: "0",
    },
    scheduler: {
      // In steps of a second, as long as there is no work: `quiet.py`.
      scheduler_idle_sleep_time: "10",
      scheduler_health_check_threshold: "30",
      // A killed scheduler's tasks are taken over within a minute.
      orphaned_tasks_check_interval: "20",
      task_instance_heartbeat_timeout: String(SILENCE_SECONDS[args.executor]),
      task_queued_timeout: "300",
      task_queued_timeout_check_interval: "30",
    },
    triggerer: { capacity: "50" },
    // Tasks wait for an API server that starts anew.
    workers: { execution_api_retries: "20", execution_api_retry_wait_max: "5" },
    logging: {
      remote_logging: "True",
      remote_base_log_folder: args.logs,
      remote_log_conn_id: args.connection,
      // What DAG files print while they are read is in the processor's own log.
      dag_processor_log_target: "stdout",
      colored_console_log: "False",
    },
    usage_data_collection: { enabled: "False" },
    ...(args.executor === "kubernetes"
      ? {
          kubernetes_executor: {
            namespace: args.tasksNamespace,
            pod_template_file: `${CONFIG_PATH}/task-pod.yaml`,
            worker_pods_creation_batch_size: "4",
            // What a failed pod said is in its log, in S3.
            delete_worker_pods_on_failure: "True",
          },
        }
      : {}),
  };
}

/** Settings as Airflow reads them from its environment. */
export function settingsEnv(
  settings: Readonly<Record<string, Readonly<Record<string, pulumi.Input<string>>>>>,
): EnvVar[] {
  return Object.entries(settings).flatMap(([section, values]) =>
    Object.entries(values).map(([key, value]) => ({
      name: `AIRFLOW__${section.toUpperCase()}__${key.toUpperCase()}`,
      value,
    })),
  );
}

/** What only the servers get: the database and the key of what is encrypted in it. Task pods have neither. */
export function databaseEnv(database: PostgresEndpoint, keysSecret: pulumi.Input<string>): EnvVar[] {
  const { host, port, user, password } = database;
  const address = pulumi.interpolate`${user}:$(DATABASE_PASSWORD)@${host}:${port}/${database.database}`;
  return [
    secretEnv("DATABASE_PASSWORD", password.secretName, password.key),
    {
      name: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
      value: pulumi.interpolate`postgresql+psycopg2://${address}?${libpqParameters}`,
    },
    {
      // Airflow would make it of the one above, whose parameters this driver does not know.
      name: "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC",
      value: pulumi.interpolate`postgresql+asyncpg://${address}`,
    },
    secretEnv("AIRFLOW__CORE__FERNET_KEY", keysSecret, "fernet"),
  ];
}

/** What signs the tokens of tasks and of people: only for who gives or checks them. */
export function signingEnv(keysSecret: pulumi.Input<string>): EnvVar[] {
  return [
    secretEnv("AIRFLOW__API_AUTH__JWT_SECRET", keysSecret, "jwt"),
    secretEnv("AIRFLOW__API__SECRET_KEY", keysSecret, "api"),
  ];
}

/** Environment that every pod of Airflow has beside its settings. */
export function processEnv(): EnvVar[] {
  return [
    fieldEnv("MILLRACE_NAMESPACE", "metadata.namespace"),
    // Tasks find the program of `xcom_backend` there.
    { name: "PYTHONPATH", value: CONFIG_PATH },
    // Each thread would otherwise keep freed memory to itself.
    { name: "MALLOC_ARENA_MAX", value: "2" },
  ];
}

/** Probes of a part that shows its heartbeat on a page of its own. */
export function heartbeatProbes(): Record<"startup" | "readiness" | "liveness", Probe> {
  return {
    startup: httpProbe(HEALTH_PORT, "/health", { periodSeconds: 2 }),
    readiness: httpProbe(HEALTH_PORT, "/health", { periodSeconds: 10 }),
    // A new start mends no database.
    liveness: httpProbe(HEALTH_PORT, "/alive", { periodSeconds: 20, failureThreshold: 6 }),
  };
}
