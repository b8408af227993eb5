/** Spark Connect: one Spark driver that people's notebooks and programs share, each in a session of its own. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { SparkConnectEndpoint } from "./endpoint.ts";
import { generatedSecret } from "../../platform/generated-secret.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { podsAt } from "../../platform/network.ts";
import { mebibytes } from "../../platform/quantity.ts";
import {
  driverFile,
  executorEdges,
  executorProblems,
  OWN_ADDRESS,
  type SparkDriverArgs,
  sparkDriverPod,
} from "../spark/spark-driver.ts";
import { eventLogProblems, eventLogSettings } from "../spark/spark-event-log.ts";
import { heapProblems, UI_PORT } from "../spark/spark.ts";
import {
  configMap,
  deployment,
  type PodArgs,
  type Resources,
  secretEnv,
  service,
  tcpProbe,
} from "../../platform/workload.ts";
import type { Ready } from "../../platform/endpoints.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

const ROLE = "server";
const PORT = 15002;
const MAIN_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer";
const TOKEN_KEY = "token";
const TOKEN_LENGTH = 40;
const POOLS_FILE = "pools.xml";
/** Part of the heap that one result may take on its way to a client. */
const RESULT_SHARE = 0.25;
/** Time after which executors that still hold data go as well, in seconds; Spark makes the data again when asked. */
const SHUFFLE_IDLE_SECONDS = 600;
const SESSION_IDLE_SECONDS = 1800;
/** Executors that may die within ten minutes before the server gives up. */
const EXECUTOR_FAILURES = 100;

/** Sessions share the executors evenly: without it whoever came first would have them all until his job ends. */
const POOLS = `<?xml version="1.0"?>
<allocations>
  <pool name="default"><schedulingMode>FAIR</schedulingMode><minShare>0</minShare><weight>1</weight></pool>
</allocations>
`;

export interface SparkConnectArgs {
  readonly spark: SparkEndpoint;
  /** The store with the sessions' own key. */
  readonly objectStore: S3Endpoint;
  /** Heap of the server, for example `640Mi`; its container gets Spark's overhead on top. */
  readonly driverMemory: string;
  /** Requests and limits of the server. @default - 80 thousandths of a core, two at most, and the memory that its heap needs */
  readonly driverResources?: Resources;
  /** Most executor pods at a time. They come when there is work and go when there is none. */
  readonly maxExecutors: number;
  /** Time after which an executor without work goes, in seconds. @default 120 */
  readonly executorIdleSeconds?: number;
  /** Folder for the log that the history server shows, like `s3a://spark-events/`. @default - no log */
  readonly eventLog?: string;
  /** What must be there first beside the object store and the catalog. @default - nothing */
  readonly waitFor?: Ready;
}

/** What is wrong with the arguments; empty when nothing is. */
export function sparkConnectProblems(args: Omit<SparkConnectArgs, "spark" | "objectStore" | "waitFor">): string[] {
  const { executorIdleSeconds: idle = 120 } = args;
  return [
    ...heapProblems("spark connect: driverMemory", args.driverMemory),
    ...executorProblems("spark connect: maxExecutors", args.maxExecutors),
    ...(Number.isInteger(idle) && idle >= 10 && idle <= SHUFFLE_IDLE_SECONDS
      ? []
      : [
          `spark connect: executorIdleSeconds is ${idle}; give a whole number from 10 to ${SHUFFLE_IDLE_SECONDS}, ` +
            "for an executor takes about ten seconds to come",
        ]),
    ...eventLogProblems("spark connect: eventLog", args.eventLog),
  ];
}

/** A Spark Connect server. Clients need its token; a session ends when it is unused for half an hour. */
export class SparkConnect extends Component {
  readonly endpoint: SparkConnectEndpoint;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: SparkConnectArgs, opts?: ComponentOptions) {
    const { spark, driverMemory, maxExecutors, executorIdleSeconds = 120 } = args;
    super("SparkConnect", name, { driverMemory, maxExecutors, executorIdleSeconds }, opts);
    const problems = sparkConnectProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const { edges } = this;
    const { namespace } = spark;
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };

    const { ref: token } = generatedSecret(
      {
        namespace,
        name: `${name}-token`,
        secretName: name,
        key: TOKEN_KEY,
        labels: meta.labels,
        length: TOKEN_LENGTH,
      },
      childOptions,
    );
    configMap(name, { ...meta, data: { [POOLS_FILE]: POOLS } }, childOptions);
    service(name, { ...meta, ports: { grpc: PORT, ui: UI_PORT } }, childOptions);
    // The bucket of its log must be there when it starts; the catalog is asked by sessions only.
    const ready = [...args.objectStore.ready, ...(args.waitFor ?? [])];
    const server = deployment(
      { name, namespace, replicas: 1, strategy: "Recreate", pod: serverPod() },
      { ...childOptions, dependsOn: ready },
    );
    const at = podsAt({ service: name, component: ROLE }, [PORT], "sessions of Spark");
    const url = namespace.apply((ns) => `sc://${serviceHost(name, ns)}:${PORT}`);
    this.endpoint = { kind: "spark-connect", url, token, at, ready: [server] };
    this.registerOutputs({ url });

    function serverPod(): PodArgs {
      const driverArgs: SparkDriverArgs = {
        service: name,
        component: ROLE,
        spark,
        objectStore: args.objectStore,
        application: name,
        driverMemory,
        driverResources: args.driverResources,
        executors: maxExecutors,
        host: OWN_ADDRESS,
        settings: settings(),
        program: ["--class", MAIN_CLASS],
        ports: { grpc: PORT },
        probes: {
          startup: tcpProbe(PORT, { periodSeconds: 3 }),
          readiness: tcpProbe(PORT, { periodSeconds: 5 }),
          liveness: tcpProbe(PORT, { periodSeconds: 20, failureThreshold: 6 }),
        },
        filesConfigMap: name,
        config: POOLS,
      };
      const pod = sparkDriverPod(driverArgs);
      edges.push(...executorEdges(driverArgs));
      const env = secretEnv("SPARK_CONNECT_AUTHENTICATE_TOKEN", token.secretName, token.key);
      return { ...pod, env: [...(pod.env ?? []), env] };
    }

    function settings(): Record<string, string> {
      const heap = mebibytes(driverMemory);
      return {
        "spark.driver.maxResultSize": `${Math.floor(heap * RESULT_SHARE)}m`,
        "spark.connect.grpc.binding.port": String(PORT),
        "spark.connect.session.manager.defaultSessionTimeout": `${SESSION_IDLE_SECONDS}s`,
        // A table without a catalog in its name would go to a folder that is lost with the pod.
        "spark.sql.defaultCatalog": spark.catalogName,
        // What people call TIMESTAMP is a time without zone, which Presto reads too: docs/time.md.
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        // Some functions give times with zone all the same.
        ...(spark.lakeCatalog !== undefined && { [`spark.sql.catalog.${spark.catalogName}`]: spark.lakeCatalog }),
        "spark.scheduler.mode": "FAIR",
        "spark.scheduler.allocation.file": `file://${driverFile(POOLS_FILE)}`,
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.minExecutors": "0",
        "spark.dynamicAllocation.maxExecutors": String(maxExecutors),
        "spark.dynamicAllocation.executorIdleTimeout": `${executorIdleSeconds}s`,
        "spark.dynamicAllocation.shuffleTracking.timeout": `${SHUFFLE_IDLE_SECONDS}s`,
        "spark.dynamicAllocation.cachedExecutorIdleTimeout": `${SESSION_IDLE_SECONDS}s`,
        // Else an executor that has sorted once keeps what nobody reads again, and does not go.
        "spark.sql.connect.shuffleDependency.fileCleanup.enabled": "true",
        // One query that kills its executors fails after four of them; by default that would end the server for all.
        "spark.executor.maxNumFailures": String(EXECUTOR_FAILURES),
        "spark.executor.failuresValidityInterval": "10m",
        // The server lives for weeks, and its heap holds what its page shows.
        "spark.ui.retainedJobs": "200",
        "spark.ui.retainedStages": "200",
        "spark.ui.retainedTasks": "10000",
        "spark.sql.ui.retainedExecutions": "100",
        ...eventLogSettings(args.eventLog),
      };
    }
  }
}
