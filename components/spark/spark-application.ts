/** One Spark application: a driver pod, which makes its executors as pods and takes them along when it goes. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { PublishedAddress, Ready } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import type { Destination } from "../../platform/network.ts";
import { sparkDriverName, sparkExecutorPrefix } from "./names.ts";
import {
  driverFile,
  driverPorts,
  executorEdges,
  executorProblems,
  type SparkDriverArgs,
  sparkDriverPod,
  type SparkMain,
  sparkMainProblems,
  sparkModuleProblems,
} from "./spark-driver.ts";
import { eventLogProblems, eventLogSettings } from "./spark-event-log.ts";
import { heapProblems, UI_PORT } from "./spark.ts";
import {
  execProbe,
  configMap,
  deployment,
  type EnvVar,
  DATA_JOB_SECONDS,
  job,
  type Probe,
  type Resources,
  service,
  tcpProbe,
} from "../../platform/workload.ts";
import type { SparkEndpoint } from "./endpoint.ts";

export interface SparkApplicationArgs {
  readonly spark: SparkEndpoint;
  /** The program: its file name, which ends in `.py`, and its text. */
  readonly main: SparkMain;
  /** Files beside the program, which imports them by their names. @default - none */
  readonly modules?: readonly SparkMain[];
  /** `stream` runs for ever and is restarted, `batch` runs once to its end. */
  readonly mode: "stream" | "batch";
  readonly exposure: Exposure;
  /** Whether the page of a stream is published; only one can be, for all share a port. @default true */
  readonly publish?: boolean;
  /** @default - none */
  readonly arguments?: readonly pulumi.Input<string>[];
  /** Environment of the driver. @default - none */
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Environment of the driver that comes from Secrets, on top of `env`. @default - none */
  readonly secretEnv?: readonly EnvVar[];
  /** What the program connects to beside object store and catalog. @default - nothing */
  readonly reaches?: readonly Destination[];
  /** The store with the key that driver and executors use. @default - with Spark's own key */
  readonly objectStore?: S3Endpoint;
  /** Heap of the driver, for example `640Mi`; its container gets Spark's overhead on top. */
  readonly driverMemory: string;
  /** Requests and limits of the driver. @default - 80 thousandths of a core, two at most, and the memory that its heap needs */
  readonly driverResources?: Resources;
  /** Number of executor pods. With 0 the driver does their work, two tasks at a time. @default 1 */
  readonly executors?: number;
  /** What the program's first requests go to: components, or `ready` of their endpoints. @default - starts at once */
  readonly waitFor?: Ready;
  /** File that the program writes when it works, for the readiness probe. @default - ready when its page answers */
  readonly readyFile?: string;
  /** Time after which a batch has failed, in seconds. @default 14400 */
  readonly deadlineSeconds?: number;
  /**
   * Folder for the log that the history server shows, like `s3a://spark-events/`. For batches: the log of an endless
   * stream of small jobs would grow for ever and tell less than the stream's own page.
   * @default - no log
   */
  readonly eventLog?: string;
  /** Further settings by Spark's own names. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function sparkApplicationProblems(
  name: string,
  args: Pick<SparkApplicationArgs, "main" | "modules" | "executors" | "driverMemory" | "eventLog">,
): string[] {
  const what = `spark application "${name}"`;
  return [
    ...heapProblems(`${what}: driverMemory`, args.driverMemory),
    ...sparkMainProblems(what, args.main),
    ...sparkModuleProblems(what, args.main, args.modules ?? []),
    ...executorProblems(`${what}: executors`, args.executors ?? 1, 0),
    ...eventLogProblems(`${what}: eventLog`, args.eventLog),
  ];
}

function executorSettings(name: string, executors: number): Record<string, string> {
  if (executors === 0) return { "spark.master": "local[2]" };
  return {
    "spark.kubernetes.executor.podNamePrefix": sparkExecutorPrefix(name),
    "spark.executor.instances": String(executors),
  };
}

/** A streaming application (Deployment) or a batch (Job). */
export class SparkApplication extends Component {
  /** Where people find the driver's page. */
  readonly address: PublishedAddress;
  /** Made when the driver is ready, or when the batch has ended well. */
  readonly ready: Ready;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: SparkApplicationArgs, opts?: ComponentOptions) {
    super("SparkApplication", name, { mode: args.mode, main: args.main.file }, opts);
    const problems = sparkApplicationProblems(name, args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const { spark, mode } = args;
    const files = [args.main, ...(args.modules ?? [])];
    const childOptions = { parent: this };
    const driver = sparkDriverName(name);
    const meta = { namespace: spark.namespace, labels: labels(driver, "driver"), selector: selector(driver, "driver") };

    const data = Object.fromEntries(files.map(({ file, content }) => [file, content]));
    configMap(driver, { ...meta, data }, childOptions);
    service(driver, { ...meta, ports: driverPorts, headless: true }, childOptions);
    const driverArgs = argsOfDriver();
    const workload = { name: driver, namespace: spark.namespace, pod: sparkDriverPod(driverArgs) };
    this.edges.push(...executorEdges(driverArgs));
    const waiting = { ...childOptions, dependsOn: [...(args.waitFor ?? [])] };
    const runner =
      mode === "stream"
        ? deployment({ ...workload, replicas: 1, strategy: "Recreate" }, waiting)
        : job({ ...workload, deadlineSeconds: args.deadlineSeconds ?? DATA_JOB_SECONDS, retries: 1 }, waiting);
    this.ready = [runner];
    this.address = publish(
      mode === "stream" && (args.publish ?? true) ? args.exposure : { kind: "none" },
      { ...meta, service: driver, nodePort: "sparkUi", port: UI_PORT, title: `Spark (${name})`, scheme: "http" },
      childOptions,
    );
    this.registerOutputs({ address: this.address.url });

    function argsOfDriver(): SparkDriverArgs {
      return {
        service: driver,
        component: "driver",
        spark,
        application: name,
        executors: args.executors ?? 1,
        driverMemory: args.driverMemory,
        driverResources: args.driverResources,
        host: spark.namespace.apply((namespace) => serviceHost(driver, namespace)),
        settings: {
          ...executorSettings(name, args.executors ?? 1),
          ...eventLogSettings(args.eventLog),
          ...args.settings,
        },
        program: [driverFile(args.main.file), ...(args.arguments ?? [])],
        filesConfigMap: driver,
        ...(args.objectStore === undefined ? {} : { objectStore: args.objectStore }),
        ...(args.env === undefined ? {} : { env: args.env }),
        ...(args.secretEnv === undefined ? {} : { secretEnv: args.secretEnv }),
        ...(args.reaches === undefined ? {} : { reaches: args.reaches }),
        ...(mode === "stream" ? { probes: probes() } : {}),
        config: files.map(({ content }) => content).join(""),
      };
    }

    function probes(): { startup: Probe; readiness: Probe; liveness: Probe } {
      const works = (timing: { readonly periodSeconds: number }): Probe =>
        args.readyFile === undefined ? tcpProbe(UI_PORT, timing) : execProbe(["test", "-f", args.readyFile], timing);
      return {
        // Readiness is asked rarely, but at once when the start is over: so it is over when the program works.
        startup: works({ periodSeconds: 2 }),
        readiness: works({ periodSeconds: 10 }),
        liveness: tcpProbe(UI_PORT, { periodSeconds: 20, failureThreshold: 6 }),
      };
    }
  }
}
