/**
 * Spark applications that somebody else starts: a pod template for each, for a workflow tool such as Airflow's
 * `KubernetesPodOperator`. The pod is the driver; it makes its executors as pods and takes them along when it goes.
 */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { labels } from "../../platform/names.ts";
import { edgesOf } from "../../platform/network.ts";
import { sparkDriverName } from "./names.ts";
import {
  driverFile,
  executorEdges,
  executorProblems,
  OWN_ADDRESS,
  type SparkDriverArgs,
  sparkDriverPod,
  type SparkMain,
  sparkMainProblems,
} from "./spark-driver.ts";
import { eventLogProblems, eventLogSettings } from "./spark-event-log.ts";
import { ownQuarters, type Quarters } from "../../platform/quarters.ts";
import { heapProblems, podTemplateFile } from "./spark.ts";
import type { Scheduling } from "../../platform/scheduling.ts";
import { configMap, type Resources } from "../../platform/workload.ts";
import type { SparkEndpoint } from "./endpoint.ts";

/** The one container that `KubernetesPodOperator` runs, waits for and merges with. */
const CONTAINER = "base";
const ENTRY_POINT = "/opt/entrypoint.sh";
/** Spark adds a dash and 16 digits and letters to it, and then the executor's number. */
const LONGEST_NAME = 32;

/** One application of a `SparkBatch`. */
export interface SparkBatchApplication {
  readonly main: SparkMain;
  /** The store with the application's own key, which its driver and executors use. */
  readonly objectStore: S3Endpoint;
  /** Heap of the driver, for example `640Mi`; its container gets Spark's overhead on top. */
  readonly driverMemory: string;
  /** Requests and limits of the driver. @default - 80 thousandths of a core, two at most, and the memory that its heap needs */
  readonly driverResources?: Resources;
  /** Number of executor pods of a run. */
  readonly executors: number;
  /** Environment of the driver. @default - none */
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Further settings by Spark's own names. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface SparkBatchArgs {
  readonly spark: SparkEndpoint;
  /** By name, which is that of the template's file and of the pods. */
  readonly applications: Readonly<Record<string, SparkBatchApplication>>;
  /** Folder for the logs that the history server shows, like `s3a://spark-events/`. @default - no log */
  readonly eventLog?: string;
  /** Namespace of the drivers. @default - Spark's own */
  readonly place?: Quarters;
  /** Namespace of the pods that read the templates. @default - that of the drivers */
  readonly readers?: Quarters;
  /** Where drivers run; executors run where all of Spark's do. @default - anywhere */
  readonly scheduling?: Scheduling | undefined;
}

/** The templates, as whoever starts the applications takes them. */
export interface SparkBatchTemplate {
  /** ConfigMap with a file `<application>.yaml` for each application. */
  readonly configMapName: pulumi.Output<string>;
  /** Secrets that the templates' pods take values from. */
  readonly secrets: readonly pulumi.Output<string>[];
  /** Accounts that they run as. */
  readonly accounts: readonly string[];
  /** The templates as text; what has read them must read them again when it changes. */
  readonly text: pulumi.Output<string>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function sparkBatchProblems(args: {
  readonly eventLog?: string;
  readonly applications: Readonly<Record<string, Pick<SparkBatchApplication, "main" | "driverMemory" | "executors">>>;
}): string[] {
  const problems = Object.entries(args.applications).flatMap(([name, application]) => {
    const what = `spark batch "${name}"`;
    return [
      ...(/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name) && name.length <= LONGEST_NAME
        ? []
        : [`${what}: the name is not one of a pod; use up to ${LONGEST_NAME} lower-case letters, digits and dashes`]),
      ...heapProblems(`${what}: driverMemory`, application.driverMemory),
      ...sparkMainProblems(what, application.main),
      ...executorProblems(`${what}: executors`, application.executors),
    ];
  });
  return [...problems, ...eventLogProblems("spark batch: eventLog", args.eventLog)];
}

/**
 * Pod templates of Spark applications. The fixed part of the command line is the container's command, so that whoever
 * starts the pod gives only the program's own arguments as the container's `args`. Runs at the same time do not meet:
 * Spark gives the executors of each a prefix of their own.
 */
export class SparkBatch extends Component {
  readonly template: SparkBatchTemplate;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: SparkBatchArgs, opts?: ComponentOptions) {
    super("SparkBatch", name, { applications: Object.keys(args.applications) }, opts);
    const problems = sparkBatchProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const { edges } = this;
    const { spark, place = ownQuarters(spark.namespace), readers = place } = args;
    const meta = { namespace: place.namespace, labels: labels(name, "template") };

    const templates = Object.fromEntries(
      Object.entries(args.applications).map(([key, application]) => [`${key}.yaml`, createTemplate(key, application)]),
    );
    const templateMap = configMap(name, { ...meta, namespace: readers.namespace, data: templates }, childOptions);
    this.template = {
      configMapName: templateMap.metadata.name,
      secrets: Object.values(args.applications).flatMap(({ objectStore: { credentials, ca } }) => [
        credentials.secretName,
        ...(ca ? [ca.secretName] : []),
      ]),
      accounts: [spark.service],
      text: pulumi.output(templates).apply((texts) => JSON.stringify(texts)),
    };
    this.registerOutputs({ configMapName: this.template.configMapName });

    function createTemplate(key: string, application: SparkBatchApplication): pulumi.Output<string> {
      const driver = sparkDriverName(key);
      const { main } = application;
      const program = configMap(driver, { ...meta, data: { [main.file]: main.content } }, childOptions);
      const driverArgs: SparkDriverArgs = {
        service: driver,
        component: "driver",
        spark,
        application: key,
        executors: application.executors,
        place,
        driverMemory: application.driverMemory,
        driverResources: application.driverResources,
        host: OWN_ADDRESS,
        objectStore: application.objectStore,
        settings: {
          "spark.executor.instances": String(application.executors),
          ...eventLogSettings(args.eventLog),
          ...application.settings,
        },
        program: [driverFile(main.file)],
        filesConfigMap: program.metadata.name,
        ...(application.env === undefined ? {} : { env: application.env }),
        config: main.content,
      };
      const { args: submit = [], ...pod } = sparkDriverPod(driverArgs);
      edges.push(...edgesOf({ ...pod, ...(place.in && { in: place.in }) }), ...executorEdges(driverArgs));
      place.give(spark, application.objectStore.credentials, application.objectStore.ca);
      place.holds(pod.resources, 1);
      return podTemplateFile(
        { ...pod, command: [ENTRY_POINT, ...submit], restartPolicy: "Never", scheduling: args.scheduling },
        { name: driver, namespace: place.namespace, container: CONTAINER },
      );
    }
  }
}
