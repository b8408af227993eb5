/** The pod of a Spark driver, whatever starts it: spark-submit in client mode, the account, the key and the settings. */
import * as pulumi from "@pulumi/pulumi";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { sparkDriverResources } from "./service.ts";
import { type Destination, type Edge, edgesOf, podsAt, type Role } from "../../platform/network.ts";
import { jvmOptions } from "../../platform/jvm.ts";
import { mebibytes } from "../../platform/quantity.ts";
import { awsKeyEnv, s3Trust } from "../object-store/s3-settings.ts";
import {
  BLOCK_MANAGER_PORT,
  CLEARING,
  DEFAULTS_FILE,
  DRIVER_PORT,
  EXECUTOR,
  executorKeySettings,
  SETTINGS_PATH,
  SPARK_SCRATCH,
  SPARK_SCRATCH_SIZE,
  SPARK_UID,
  METRICS_PATH,
  UI_PORT,
} from "./spark.ts";
import { COMPONENT_LABEL } from "../../platform/names.ts";
import { ownQuarters, type Quarters } from "../../platform/quarters.ts";
import {
  type EnvVar,
  fieldEnv,
  type InitContainerArgs,
  type PodArgs,
  type Probes,
  type Resources,
} from "../../platform/workload.ts";
import type { SparkEndpoint } from "./endpoint.ts";

/** Where executors find a driver that has no Service: Kubernetes puts the pod's own address in. */
export const OWN_ADDRESS = "$(SPARK_DRIVER_BIND_ADDRESS)";
/** Where a driver finds the files of its ConfigMap. */
const FILES_PATH = "/opt/millrace/jobs";

/** A program in Python: its file name, which ends in `.py`, and its text. */
export interface SparkMain {
  readonly file: string;
  readonly content: string;
}

export interface SparkDriverArgs {
  /** Service and role that the pod belongs to. */
  readonly service: string;
  readonly component: string;
  readonly spark: SparkEndpoint;
  /** Name of the application in Spark's pages. */
  readonly application: string;
  /** Heap, for example `640Mi`; the container gets Spark's overhead on top. */
  readonly driverMemory: string;
  /** Requests and limits. @default - those of a small driver with this heap */
  readonly driverResources?: Resources | undefined;
  /** Where executors find the driver. */
  readonly host: pulumi.Input<string>;
  /** Settings by Spark's own names, on top of the shared ones. */
  readonly settings: Readonly<Record<string, pulumi.Input<string>>>;
  /** What comes after the settings: options of spark-submit, or a program with its arguments. */
  readonly program: readonly pulumi.Input<string>[];
  /** ConfigMap with the program or what else the driver reads. @default - none */
  readonly filesConfigMap?: pulumi.Input<string>;
  /** The store with the key that driver and executors use. @default - with Spark's own key */
  readonly objectStore?: S3Endpoint;
  /** @default - none */
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Environment that comes from Secrets, on top of `env`. @default - none */
  readonly secretEnv?: readonly EnvVar[];
  /** Most executors that it has; with 0 it does all work itself. */
  readonly executors: number;
  /** Namespace in which it is. @default - Spark's own */
  readonly place?: Quarters | undefined;
  /** What the program connects to beside object store and catalog. @default - nothing */
  readonly reaches?: readonly Destination[];
  /** Ports beside those that executors and people use. @default - none */
  readonly ports?: Readonly<Record<string, number>>;
  /** @default - none */
  readonly probes?: Probes;
  /** Further text whose change must restart the pod. @default - none */
  readonly config?: pulumi.Input<string>;
}

/** The ports of every driver by name. */
export const driverPorts = { driver: DRIVER_PORT, blocks: BLOCK_MANAGER_PORT, ui: UI_PORT } as const;

/** What is wrong with a program; empty when nothing is. */
export function sparkMainProblems(what: string, main: SparkMain): string[] {
  if (/^[A-Za-z0-9_-]+\.py$/.test(main.file)) return [];
  return [`${what}: main file "${main.file}" is not a Python file; name it like job.py`];
}

/** What is wrong with the files beside a program; empty when nothing is. */
export function sparkModuleProblems(what: string, main: SparkMain, modules: readonly SparkMain[]): string[] {
  const files = [main, ...modules].map(({ file }) => file);
  return modules.flatMap(({ file }) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*\.py$/.test(file)) {
      return [`${what}: module "${file}" cannot be imported in Python; name it like stream_records.py`];
    }
    if (files.indexOf(file) === files.lastIndexOf(file)) return [];
    return [`${what}: module "${file}" has the name of another file; give each its own`];
  });
}

/** What is wrong with a number of executors; empty when nothing is. */
export function executorProblems(what: string, executors: number, least = 1): string[] {
  if (Number.isInteger(executors) && executors >= least) return [];
  return [`${what} is ${executors}; give a whole number from ${least}`];
}

/** Label that tells the executors of one application from all others. */
const APPLICATION_LABEL = "app.kubernetes.io/instance";

/** Executors of an application. */
function executorRole({ service, executors }: SparkEndpoint, application: string): Role {
  const { in: quarter } = executors();
  return { service, component: EXECUTOR, also: { [APPLICATION_LABEL]: application }, ...(quarter && { in: quarter }) };
}

/** What driver and executors connect to: both run the program. */
function programReaches({ spark, objectStore = spark.objectStore, reaches = [] }: SparkDriverArgs): Destination[] {
  return [objectStore.at, spark.catalog.at, ...reaches];
}

/** Edges of an application's executors; those of the driver are its pod's. */
export function executorEdges(args: SparkDriverArgs): Edge[] {
  if (args.executors === 0) return [];
  const executors = executorRole(args.spark, args.application);
  const driver = { service: args.service, component: args.component, ...(args.place?.in && { in: args.place.in }) };
  return edgesOf({
    ...executors,
    reaches: [
      ...programReaches(args),
      podsAt(driver, [DRIVER_PORT, BLOCK_MANAGER_PORT], "tasks and their results"),
      podsAt(executors, [BLOCK_MANAGER_PORT], "blocks of data"),
    ],
  });
}

/** Path in the driver of a file of its ConfigMap. */
export function driverFile(file: string): string {
  return `${FILES_PATH}/${file}`;
}

/** The driver's pod; its `args` are those of the image's entry point. */
export function sparkDriverPod(args: SparkDriverArgs): PodArgs {
  const { spark, objectStore = spark.objectStore, driverResources = sparkDriverResources(args) } = args;
  const place = args.place ?? ownQuarters(spark.namespace);
  const hasExecutors = args.executors > 0;
  if (hasExecutors) {
    const executors = spark.executors();
    executors.give(objectStore.credentials, objectStore.ca);
    executors.holds(spark.executorResources, args.executors);
    const secrets = [objectStore.credentials.secretName, ...(objectStore.ca ? [objectStore.ca.secretName] : [])];
    executors.lets({ account: spark.service, of: place.in, namespace: place.namespace, secrets });
  }
  const isApart = hasExecutors && spark.executors().in !== place.in;
  const files = [
    { name: "settings", configMap: spark.settingsName, path: SETTINGS_PATH },
    ...(args.filesConfigMap === undefined ? [] : [{ name: "files", configMap: args.filesConfigMap, path: FILES_PATH }]),
  ];
  return {
    service: args.service,
    component: args.component,
    reaches: [
      ...programReaches(args),
      ...(hasExecutors ? [podsAt(executorRole(spark, args.application), [BLOCK_MANAGER_PORT], "blocks of data")] : []),
    ],
    image: spark.image,
    uid: SPARK_UID,
    ...(isApart && { initContainers: [clearing(args, driverResources)] }),
    args: ["driver", ...submitArguments(args, driverResources.limits.cpu, isApart)],
    env: [
      fieldEnv("SPARK_DRIVER_BIND_ADDRESS", "status.podIP"),
      fieldEnv("POD_NAME", "metadata.name"),
      // Python would hold lines back and a crash would lose them.
      { name: "PYTHONUNBUFFERED", value: "1" },
      ...awsKeyEnv(objectStore),
      ...Object.entries(args.env ?? {}).map(([name, value]) => ({ name, value })),
      ...(args.secretEnv ?? []),
    ],
    ports: { ...driverPorts, ...args.ports },
    metrics: { port: UI_PORT, path: METRICS_PATH },
    ...s3Trust(objectStore, "java"),
    resources: driverResources,
    ...(args.probes === undefined ? {} : { probes: args.probes }),
    config: pulumi.interpolate`${spark.settingsText}${args.config ?? ""}`,
    // Whoever works alone asks Kubernetes nothing.
    ...(hasExecutors && { serviceAccountName: spark.accountIn(place) }),
    volumes: files.map(({ name, configMap }) => ({ name, configMap: { name: configMap } })),
    mounts: files.map(({ name, path }) => ({ name, mountPath: path, readOnly: true })),
    scratch: SPARK_SCRATCH,
    scratchSize: SPARK_SCRATCH_SIZE,
  };
}

/** Kubernetes takes nothing along from another namespace when a driver goes: the next one removes its executors. */
function clearing({ spark, application }: SparkDriverArgs, resources: Resources): InitContainerArgs {
  return {
    name: "clear",
    image: spark.image,
    command: ["python3", `${SETTINGS_PATH}/${CLEARING}`],
    env: [
      { name: "EXECUTORS_NAMESPACE", value: spark.executors().namespace },
      { name: "EXECUTORS", value: `${APPLICATION_LABEL}=${application},${COMPONENT_LABEL}=${EXECUTOR}` },
    ],
    resources,
    mounts: [{ name: "settings", mountPath: SETTINGS_PATH, readOnly: true }],
  };
}

/** @param isApart Whether its executors are in another namespace. */
function submitArguments(args: SparkDriverArgs, cpu: string, isApart: boolean): pulumi.Input<string>[] {
  const heap = mebibytes(args.driverMemory);
  const settings: Record<string, pulumi.Input<string>> = {
    "spark.app.name": args.application,
    ...(args.executors === 0
      ? {}
      : {
          "spark.kubernetes.namespace": args.spark.executors().namespace,
          [`spark.kubernetes.executor.label.${APPLICATION_LABEL}`]: args.application,
          // Makes the driver the owner of its executors, so that Kubernetes removes them with it.
          ...(!isApart && { "spark.kubernetes.driver.pod.name": "$(POD_NAME)" }),
        }),
    "spark.driver.host": args.host,
    "spark.driver.memory": `${heap}m`,
    "spark.driver.extraJavaOptions": jvmOptions({ heap, cpu, collector: args.spark.collector }).join(" "),
    ...(args.objectStore === undefined ? {} : executorKeySettings(args.objectStore)),
    ...args.settings,
  };
  return [
    "--properties-file",
    DEFAULTS_FILE,
    ...Object.entries(settings).flatMap(([key, value]) => ["--conf", pulumi.interpolate`${key}=${value}`]),
    ...args.program,
  ];
}
