/** Presto: one coordinator, which works itself when it has no workers, and the catalogs that it queries. */
import { readFileSync } from "node:fs";
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { PrestoEndpoint } from "./endpoint.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, podsAt } from "../../platform/network.ts";
import { javaProperties, type PrestoCatalog } from "./presto-catalogs.ts";
import { cpuMillis, heapMebibytes } from "../../platform/quantity.ts";
import { probeAnswerMs } from "../../platform/hops/limits.ts";
import {
  execProbe,
  configMap,
  deployment,
  type EnvVar,
  httpProbe,
  type PodArgs,
  type Probe,
  type Resources,
  service,
} from "../../platform/workload.ts";
import { type Proven, proven } from "../../platform/proven.ts";
import type { prestoHops } from "./hops.ts";

const COORDINATOR = "coordinator";
const WORKER = "worker";
const PORT = 8080;
/** User and group of the server in the official image. */
const UID = 1000;
const ETC = "/opt/presto-server/etc";
/** Most that each folder of its own holds: what it writes to the store lies there first. */
const SCRATCH_SIZE = "20Gi";
/** Share of the container's memory that is heap. */
const HEAP_SHARE = 0.6;
/** Parts of the heap for one query, and for what no query accounts for. */
const QUERY_SHARE = 0.25;
const TOTAL_SHARE = 0.32;
const HEADROOM_SHARE = 0.25;

/**
 * What people and clients ask of it. Nodes ask each other for the rest, and who may do that runs statements in anybody's name.
 */
export const guardRules = {
  userHeader: "X-Presto-User",
  paths: [
    "/",
    "/favicon.ico",
    "/ui/*",
    "/v1/statement",
    "/v1/statement/*",
    "/v1/query",
    "/v1/query/*",
    "/v1/queryState",
    "/v1/queryState/*",
    "/v1/taskInfo/*",
    "/v1/cluster",
    "/v1/info",
    "/v1/node",
    "/v1/node/failed",
    "/v1/resourceGroupState",
    "/v1/resourceGroupState/*",
    "/v1/status",
    "/v1/worker/*",
  ],
};

export interface PrestoArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `prestodb/presto`. */
  readonly image: pulumi.Input<string>;
  readonly exposure: Exposure;
  /** Of the coordinator and of each worker. */
  readonly resources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  /** What it can query, by the catalog's name in SQL. */
  readonly catalogs: Readonly<Record<string, PrestoCatalog>>;
  /** Number of workers; with none the coordinator does the work. @default 0 */
  readonly workers?: number;
  /** How long the coordinator tells of a query that has ended, in seconds. @default 30 */
  readonly rememberSeconds?: number;
}

/** What is wrong with the arguments; empty when nothing is. */
export function prestoProblems(args: {
  readonly workers?: number;
  readonly catalogs: Readonly<Record<string, unknown>>;
}): string[] {
  const problems: string[] = [];
  const { workers = 0 } = args;
  if (!Number.isInteger(workers) || workers < 0) {
    problems.push(`presto: workers is ${workers}; give a whole number from 0`);
  }
  if (Object.keys(args.catalogs).length === 0) {
    problems.push("presto: no catalog is given, so there is nothing to query; give at least one");
  }
  for (const name of Object.keys(args.catalogs)) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      problems.push(`presto: catalog "${name}" is not a name in SQL; use lower-case letters, digits and _`);
    }
  }
  return problems;
}

/** Text of `config.properties`. */
export function prestoConfig(args: {
  readonly role: "coordinator" | "worker";
  readonly workers: number;
  /** Where nodes announce themselves. */
  readonly discoveryUri: string;
  readonly memoryLimit: string;
  /** CPU limit of the container: `2000m`. */
  readonly cpuLimit: string;
  /** How long it is known of a query that it was run, in seconds. @default 30 */
  readonly rememberSeconds?: number;
}): string {
  const heap = heapMebibytes(args.memoryLimit, HEAP_SHARE);
  const share = (part: number): string => `${String(Math.floor(heap * part))}MB`;
  const nodes = Math.max(1, args.workers);
  return javaProperties({
    coordinator: String(args.role === "coordinator"),
    ...(args.role === "coordinator"
      ? {
          "node-scheduler.include-coordinator": String(args.workers === 0),
          "discovery-server.enabled": "true",
        }
      : {}),
    "http-server.http.port": String(PORT),
    "discovery.uri": args.discoveryUri,
    "query.max-memory": `${String(Math.floor(heap * QUERY_SHARE) * nodes)}MB`,
    "query.max-memory-per-node": share(QUERY_SHARE),
    "query.max-total-memory-per-node": share(TOTAL_SHARE),
    "memory.heap-headroom-per-node": share(HEADROOM_SHARE),
    // A timestamp is what its text says, whatever the client's zone: docs/time.md.
    "deprecated.legacy-timestamp": "false",
    // Finished queries stay in the heap for the page; a small heap keeps few of them.
    "query.min-expire-age": `${args.rememberSeconds ?? 30}s`,
    "query.max-history": "20",
    // By default each step of a query is cut into 16 parts, whatever the number of cores.
    "task.concurrency": String(powerOfTwo(cpuMillis(args.cpuLimit) / 1000)),
    // What is known of a task that has ended is looked through five times a second.
    "task.info.max-age": "1m",
  });
}

/** The greatest that is not above it, and at least 1. */
function powerOfTwo(most: number): number {
  return 2 ** Math.max(0, Math.floor(Math.log2(most)));
}

/** Text of `jvm.config`: only what every Java understands, because images differ in theirs. */
export function prestoJvmConfig(limits: Resources["limits"], collector?: CollectorChoice): string {
  const heap = heapMebibytes(limits.memory, HEAP_SHARE);
  const java = jvmOptions({ heap, cpu: limits.cpu, collector });
  return ["-server", `-Xmx${heap}M`, ...java, "-Djava.io.tmpdir=/tmp", "-Duser.timezone=UTC", ""].join("\n");
}

/** A Presto cluster. */
export class Presto extends Component {
  readonly endpoint: PrestoEndpoint;
  /** Where people find its page and clients its API. */
  readonly address: PublishedAddress;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: PrestoArgs, opts?: ComponentOptions) {
    const { workers = 0 } = args;
    const catalogNames = Object.keys(args.catalogs);
    super("Presto", name, { workers, catalogs: catalogNames }, opts);
    const problems = prestoProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const meta = {
      namespace: args.namespace,
      labels: labels(name, COORDINATOR),
      selector: selector(name, COORDINATOR),
    };
    const queries = podsAt({ service: name, component: COORDINATOR }, [PORT], "queries");
    const url = pulumi.output(args.namespace).apply((ns) => `http://${serviceHost(name, ns)}:${PORT}`);

    const shared = createSharedSettings();
    service(name, { ...meta, ports: { http: PORT } }, childOptions);
    // The coordinator finds itself without its Service, which has no address before the coordinator is ready.
    const coordinator = createNodes(COORDINATOR, 1, pulumi.output(`http://127.0.0.1:${PORT}`));
    if (workers > 0) createNodes(WORKER, workers, url);
    this.address = publish(
      args.exposure,
      { ...meta, service: name, nodePort: "presto", port: PORT, title: "Presto", scheme: "http", guard: guardRules },
      childOptions,
    );
    this.endpoint = { kind: "presto", url, catalogs: catalogNames, at: queries, ready: [coordinator] };
    this.registerOutputs({ url, address: this.address.url });

    function createSharedSettings(): { name: string; text: pulumi.Output<string> } {
      const data: Record<string, pulumi.Input<string>> = {
        "jvm.config": prestoJvmConfig(args.resources.limits, args.collector),
        "node.properties": javaProperties({
          "node.environment": "millrace",
          "node.data-dir": "/var/lib/presto/data",
        }),
        "log.properties": javaProperties({ "com.facebook.presto": "INFO" }),
        ...Object.fromEntries(catalogNames.map((key) => [catalogFile(key), args.catalogs[key]?.properties ?? ""])),
      };
      const configName = `${name}-settings`;
      configMap(configName, { ...meta, data }, childOptions);
      return { name: configName, text: pulumi.output(data).apply((texts) => JSON.stringify(texts)) };
    }

    function createNodes(
      role: "coordinator" | "worker",
      replicas: number,
      discoveryUri: pulumi.Output<string>,
    ): k8s.apps.v1.Deployment {
      const workloadName = role === "coordinator" ? name : `${name}-worker`;
      const configName = `${name}-${role}`;
      const config = discoveryUri.apply((uri) =>
        prestoConfig({
          role,
          workers,
          discoveryUri: uri,
          memoryLimit: args.resources.limits.memory,
          cpuLimit: args.resources.limits.cpu,
          ...(args.rememberSeconds !== undefined && { rememberSeconds: args.rememberSeconds }),
        }),
      );
      configMap(
        configName,
        { namespace: args.namespace, labels: labels(name, role), data: { "config.properties": config } },
        childOptions,
      );
      return deployment(
        {
          name: workloadName,
          namespace: args.namespace,
          replicas,
          strategy: role === "coordinator" ? "Recreate" : "RollingUpdate",
          pod: nodePod(role, configName, config),
        },
        childOptions,
      );
    }

    function nodePod(role: string, configName: string, config: pulumi.Output<string>): PodArgs {
      const files = ["jvm.config", "node.properties", "log.properties"].map((file) => ({ key: file, path: file }));
      const catalogs = catalogNames.map((key) => ({ key: catalogFile(key), path: `catalog/${key}.properties` }));
      return {
        service: name,
        component: role,
        reaches: [...nodesOf(role), ...catalogNames.flatMap((key) => args.catalogs[key]?.reaches ?? [])],
        image: args.image,
        env: uniqueEnv(),
        trust: catalogNames.map((key) => args.catalogs[key]?.trust).find((trust) => trust !== undefined),
        ports: { http: PORT },
        resources: args.resources,
        probes: {
          // A worker is not asked by anyone but the coordinator.
          startup: startedProbe(role === COORDINATOR ? catalogNames : [], { periodSeconds: 3 }),
          // Once started it stays so, and to start Python every ten seconds costs more than Presto itself at rest.
          readiness: httpProbe(PORT, "/v1/info", { periodSeconds: 10, failureThreshold: 3 }),
          liveness: httpProbe(PORT, "/v1/info", { periodSeconds: 20, failureThreshold: 6 }),
        },
        config: pulumi.interpolate`${shared.text}${config}`,
        volumes: [
          {
            name: "etc",
            projected: {
              sources: [
                { configMap: { name: shared.name, items: [...files, ...catalogs] } },
                { configMap: { name: configName } },
              ],
            },
          },
        ],
        mounts: [{ name: "etc", mountPath: ETC, readOnly: true }],
        uid: UID,
        scratch: ["/tmp", "/var/lib/presto/data"],
        scratchSize: SCRATCH_SIZE,
        spread: true,
      };
    }

    /** The coordinator gives work to workers, they announce themselves to it, and take data from each other. */
    function nodesOf(role: string): Destination[] {
      if (workers === 0) return [];
      const work = podsAt({ service: name, component: WORKER }, [PORT], "parts of queries");
      return role === COORDINATOR ? [work] : [work, queries];
    }

    function uniqueEnv(): EnvVar[] {
      const all = catalogNames.flatMap((key) => args.catalogs[key]?.env ?? []);
      return all.filter((variable, index) => all.findIndex((other) => other.name === variable.name) === index);
    }
  }
}

/**
 * `/v1/info` answers 200 long before Presto takes queries, so the probe reads what it says; then it asks what warms it up.
 * @param catalogs - asked once it has started
 */
function startedProbe(catalogs: readonly string[], timing: Probe): Probe {
  const script = readFileSync(new URL("./started.py", import.meta.url), "utf8");
  // The rest of an answer's time is for Python's own start.
  const seconds = String((0.6 * probeAnswerMs) / 1000);
  return execProbe(["python3", "-c", script, String(PORT), seconds, ...catalogs], timing);
}

/** A key of a ConfigMap cannot hold a slash, so the volume puts the file into its folder. */
function catalogFile(catalog: string): string {
  return `catalog.${catalog}.properties`;
}

/**
 * What the proof is to know of Presto.
 * @param catalog Name of the Iceberg catalog. @default "lake"
 * @throws RunError when Presto has no such catalog.
 */
export function provenPresto({ url, catalogs, at, ready }: PrestoEndpoint, catalog = "lake"): Proven {
  if (!catalogs.includes(catalog)) {
    throw new pulumi.RunError(
      `proof: Presto has no catalog "${catalog}"; it has ${catalogs.join(", ")}. Give it that catalog or name another`,
    );
  }
  const settings = { url, catalog, catalogs: [...catalogs] };
  return proven<typeof prestoHops>("presto", { settings, ready, reaches: [at] });
}
