/** The Spark history server: the pages of applications that have ended, from their event logs in the object store. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { SparkHistoryEndpoint } from "./endpoint.ts";
import type { PublishedAddress, Ready } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, podsAt } from "../../platform/network.ts";
import { heapMebibytes, quantityOf } from "../../platform/quantity.ts";
import { awsKeyEnv, s3Trust } from "../object-store/s3-settings.ts";
import { eventLogProblems } from "../spark/spark-event-log.ts";
import {
  DEFAULTS_FILE,
  SETTINGS_PATH,
  SPARK_SCRATCH,
  SPARK_SCRATCH_SIZE,
  SPARK_UID,
  sparkProperties,
  sparkS3Settings,
} from "../spark/spark.ts";
import { configMap, deployment, httpProbe, type Resources, service } from "../../platform/workload.ts";

const ROLE = "server";
const PORT = 18080;
const MAIN_CLASS = "org.apache.spark.deploy.history.HistoryServer";
/** Share of the container's memory that is heap. */
const HEAP_SHARE = 0.5;
const LEAST_MEMORY_MEBIBYTES = 448;

export interface SparkHistoryArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `apache/spark` and the connector to S3. */
  readonly image: pulumi.Input<string>;
  /** Where the logs lie, with a key that may read and write there: it also removes old logs. */
  readonly objectStore: S3Endpoint;
  /** Folder of the logs, like `s3a://spark-events/`. */
  readonly eventLog: string;
  /** Half of the memory limit is heap. */
  readonly resources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  readonly exposure: Exposure;
  /** Time after which logs are removed, in days. @default 30 */
  readonly keepDays?: number;
}

/** What is wrong with the arguments; empty when nothing is. */
export function sparkHistoryProblems(args: Pick<SparkHistoryArgs, "eventLog" | "resources" | "keepDays">): string[] {
  const { keepDays = 30 } = args;
  const { memory } = args.resources.limits;
  const problems = eventLogProblems("spark history: eventLog", args.eventLog);
  if ((quantityOf(memory) ?? 0) < LEAST_MEMORY_MEBIBYTES * 2 ** 20) {
    problems.push(
      `spark history: memory is "${memory}"; give at least ${LEAST_MEMORY_MEBIBYTES}Mi, for example "512Mi"`,
    );
  }
  if (!Number.isInteger(keepDays) || keepDays < 1) {
    problems.push(`spark history: keepDays is ${keepDays}; give a whole number from 1`);
  }
  return problems;
}

/** A history server. It starts without any log, and without its bucket, and shows logs when they come. */
export class SparkHistory extends Component implements SparkHistoryEndpoint {
  /** Where people find its page. */
  readonly address: PublishedAddress;
  readonly at: Destination;
  /** Inside the cluster: `http://host:port`. */
  readonly url: pulumi.Output<string>;
  /** Time after which logs are removed, in days. */
  readonly keepDays: number;
  /** Made when the page answers. */
  readonly ready: Ready;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: SparkHistoryArgs, opts?: ComponentOptions) {
    const { namespace, eventLog, resources, keepDays = 30 } = args;
    const { cpu, memory } = resources.limits;
    super("SparkHistory", name, { eventLog, memory, keepDays }, opts);
    const problems = sparkHistoryProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const heap = heapMebibytes(memory, HEAP_SHARE);
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };

    const settings = pulumi.output(historySettings()).apply((values) => sparkProperties(values));
    configMap(name, { ...meta, data: { "spark-defaults.conf": settings } }, childOptions);
    service(name, { ...meta, ports: { http: PORT } }, childOptions);
    const server = deployment(
      {
        name,
        namespace,
        replicas: 1,
        strategy: "Recreate",
        pod: {
          service: name,
          component: ROLE,
          reaches: [args.objectStore.at],
          image: args.image,
          uid: SPARK_UID,
          args: ["/opt/spark/bin/spark-class", MAIN_CLASS, "--properties-file", DEFAULTS_FILE],
          env: [
            { name: "SPARK_DAEMON_MEMORY", value: `${heap}m` },
            { name: "SPARK_DAEMON_JAVA_OPTS", value: jvmOptions({ heap, cpu, collector: args.collector }).join(" ") },
            ...awsKeyEnv(args.objectStore),
          ],
          ...s3Trust(args.objectStore, "java"),
          ports: { http: PORT },
          resources,
          probes: {
            startup: httpProbe(PORT, "/api/v1/version", { periodSeconds: 3 }),
            readiness: httpProbe(PORT, "/api/v1/version", { periodSeconds: 10 }),
            liveness: httpProbe(PORT, "/api/v1/version", {
              periodSeconds: 20,
              failureThreshold: 6,
            }),
          },
          config: settings,
          volumes: [{ name: "settings", configMap: { name } }],
          mounts: [{ name: "settings", mountPath: SETTINGS_PATH, readOnly: true }],
          scratch: SPARK_SCRATCH,
          scratchSize: SPARK_SCRATCH_SIZE,
        },
      },
      childOptions,
    );
    this.address = publish(
      args.exposure,
      { ...meta, service: name, nodePort: "sparkHistory", port: PORT, title: "Spark history", scheme: "http" },
      childOptions,
    );
    this.url = pulumi.output(namespace).apply((known) => `http://${serviceHost(name, known)}:${PORT}`);
    this.at = podsAt({ service: name, component: ROLE }, [PORT], "logs of applications");
    this.keepDays = keepDays;
    this.ready = [server];
    this.registerOutputs({ address: this.address.url });

    function historySettings(): Record<string, pulumi.Input<string>> {
      return {
        "spark.history.fs.logDirectory": eventLog,
        // Each look lists the bucket and reads the logs of what still runs, also while nobody asks.
        "spark.history.fs.update.interval": "30s",
        "spark.history.ui.port": String(PORT),
        // What pages are made from lies on disk, not in the heap, so that a long log cannot end the server.
        "spark.history.store.path": "/tmp/history",
        "spark.history.store.maxDiskUsage": "1g",
        "spark.history.retainedApplications": "3",
        "spark.history.fs.numReplayThreads": "1",
        "spark.history.fs.cleaner.enabled": "true",
        "spark.history.fs.cleaner.interval": "6h",
        "spark.history.fs.cleaner.maxAge": `${keepDays}d`,
        // Of a server that runs for ever only the last files stay; older ones are reduced to what is still running.
        "spark.history.fs.eventLog.rolling.maxFilesToRetain": "10",
        ...sparkS3Settings(args.objectStore),
      };
    }
  }
}
