/** One Spark application: a driver pod, which makes its executors as pods and takes them along when it goes. */
import * as pulumi from "@pulumi/pulumi";
import type { Exposure } from "../clusters/profile.ts";
import type { PublishedAddress } from "./endpoints.ts";
import { publish } from "./exposure.ts";
import { sparkDriverResources } from "./footprints.ts";
import { labels, selector, serviceHost, sparkDriverName, sparkExecutorPrefix } from "./names.ts";
import { mebibytes } from "./quantity.ts";
import { awsKeyEnv } from "./s3-settings.ts";
import {
  BLOCK_MANAGER_PORT,
  DRIVER_PORT,
  heapProblems,
  SETTINGS_PATH,
  type Spark,
  SPARK_SCRATCH,
  SPARK_UID,
  UI_PORT,
} from "./spark.ts";
import {
  after,
  configMap,
  deployment,
  fieldEnv,
  job,
  type PodArgs,
  type Probe,
  service,
  tcpProbe,
} from "./workload.ts";

const JOBS_PATH = "/opt/millrace/jobs";
export interface SparkApplicationArgs {
  readonly spark: Spark;
  /** The program: its file name, which ends in `.py`, and its text. */
  readonly main: { readonly file: string; readonly content: string };
  /** `stream` runs for ever and is restarted, `batch` runs once to its end. */
  readonly mode: "stream" | "batch";
  readonly exposure: Exposure;
  /** @default - none */
  readonly arguments?: readonly pulumi.Input<string>[];
  /** Environment of the driver. @default - none */
  readonly env?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Heap of the driver, for example `640Mi`; its container gets Spark's overhead on top. */
  readonly driverMemory: string;
  /** Number of executor pods. @default 1 */
  readonly executors?: number;
  /** `ready` of what the program's first requests go to. @default - starts at once */
  readonly waitFor?: readonly pulumi.Output<string>[];
  /** File that the program writes when it works, for the readiness probe. @default - ready when its page answers */
  readonly readyFile?: string;
  /** Time after which a batch has failed, in seconds. @default 3600 */
  readonly deadlineSeconds?: number;
  /** Further settings by Spark's own names. @default - none */
  readonly settings?: Readonly<Record<string, string>>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function sparkApplicationProblems(
  name: string,
  args: Pick<SparkApplicationArgs, "main" | "executors" | "driverMemory">,
): string[] {
  const { executors = 1 } = args;
  const problems = heapProblems(`spark application "${name}": driverMemory`, args.driverMemory);
  if (!/^[A-Za-z0-9_-]+\.py$/.test(args.main.file)) {
    problems.push(
      `spark application "${name}": main file "${args.main.file}" is not a Python file; name it like job.py`,
    );
  }
  if (!Number.isInteger(executors) || executors < 1) {
    problems.push(`spark application "${name}": executors is ${executors}; give a whole number from 1`);
  }
  return problems;
}

/** A streaming application (Deployment) or a batch (Job). */
export class SparkApplication extends pulumi.ComponentResource {
  /** Where people find the driver's page. */
  readonly address: PublishedAddress;
  /** Settles when the driver is ready, or when the batch has ended well. */
  readonly ready: pulumi.Output<string>;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: SparkApplicationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("analytics:index:SparkApplication", name, { mode: args.mode, main: args.main.file }, opts);
    const problems = sparkApplicationProblems(name, args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const { spark, mode } = args;
    const child = { parent: this };
    const driver = sparkDriverName(name);
    const meta = { namespace: spark.namespace, labels: labels(driver, "driver"), selector: selector(driver, "driver") };
    const ports = { driver: DRIVER_PORT, blocks: BLOCK_MANAGER_PORT, ui: UI_PORT };

    configMap(driver, { ...meta, data: { [args.main.file]: args.main.content } }, child);
    service(driver, { ...meta, ports, headless: true }, child);
    const workload = { name: driver, namespace: spark.namespace, pod: driverPod() };
    const waiting = { ...child, dependsOn: after(...(args.waitFor ?? [])) };
    const runner =
      mode === "stream"
        ? deployment({ ...workload, replicas: 1, strategy: "Recreate" }, waiting)
        : job({ ...workload, deadlineSeconds: args.deadlineSeconds ?? 3600, retries: 1 }, waiting);
    this.ready = runner.id;
    this.address = publish(
      mode === "stream" ? args.exposure : { kind: "none" },
      { ...meta, service: driver, nodePort: "sparkUi", port: UI_PORT, title: `Spark (${name})`, scheme: "http" },
      child,
    );
    this.registerOutputs({ address: this.address.url });

    function driverPod(): PodArgs {
      return {
        service: driver,
        component: "driver",
        image: spark.image,
        uid: SPARK_UID,
        args: ["driver", ...submitArguments()],
        env: [
          fieldEnv("SPARK_DRIVER_BIND_ADDRESS", "status.podIP"),
          fieldEnv("POD_NAME", "metadata.name"),
          // Python would hold lines back and a crash would lose them.
          { name: "PYTHONUNBUFFERED", value: "1" },
          ...awsKeyEnv(spark.objectStore),
          ...Object.entries(args.env ?? {}).map(([key, value]) => ({ name: key, value })),
        ],
        ports,
        resources: sparkDriverResources({ driverMemory: args.driverMemory }),
        ...(mode === "stream" ? { probes: probes() } : {}),
        config: pulumi.interpolate`${spark.settingsText}${args.main.content}`,
        serviceAccountName: spark.serviceAccountName,
        volumes: [
          { name: "settings", configMap: { name: spark.settingsName } },
          { name: "jobs", configMap: { name: driver } },
        ],
        mounts: [
          { name: "settings", mountPath: SETTINGS_PATH, readOnly: true },
          { name: "jobs", mountPath: JOBS_PATH, readOnly: true },
        ],
        scratch: SPARK_SCRATCH,
      };
    }

    function submitArguments(): pulumi.Input<string>[] {
      const settings: Record<string, pulumi.Input<string>> = {
        "spark.app.name": name,
        "spark.driver.host": spark.namespace.apply((namespace) => serviceHost(driver, namespace)),
        // Makes the driver the owner of its executors, so that Kubernetes removes them with it.
        "spark.kubernetes.driver.pod.name": "$(POD_NAME)",
        "spark.kubernetes.executor.podNamePrefix": sparkExecutorPrefix(name),
        "spark.driver.memory": `${mebibytes(args.driverMemory)}m`,
        "spark.executor.instances": String(args.executors ?? 1),
        ...args.settings,
      };
      return [
        "--properties-file",
        `${SETTINGS_PATH}/spark-defaults.conf`,
        ...Object.entries(settings).flatMap(([key, value]) => ["--conf", pulumi.interpolate`${key}=${value}`]),
        `${JOBS_PATH}/${args.main.file}`,
        ...(args.arguments ?? []),
      ];
    }

    function probes(): { startup: Probe; readiness: Probe; liveness: Probe } {
      const works: Probe =
        args.readyFile === undefined
          ? tcpProbe(UI_PORT, { periodSeconds: 5 })
          : { exec: { command: ["test", "-f", args.readyFile] }, periodSeconds: 5 };
      return {
        startup: tcpProbe(UI_PORT, { periodSeconds: 3, failureThreshold: 80 }),
        readiness: works,
        liveness: tcpProbe(UI_PORT, { periodSeconds: 20, failureThreshold: 6 }),
      };
    }
  }
}
