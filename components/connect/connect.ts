/** Kafka Connect: workers that carry records between topics, the lake and S3, and what watches over their connectors. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { KafkaEndpoint } from "../kafka/endpoint.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { awsKeyEnv, s3Trust, s3Url } from "../object-store/s3-settings.ts";
import type { Ready } from "../../platform/endpoints.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { podsAt, statusEdge } from "../../platform/network.ts";
import { heapMebibytes } from "../../platform/quantity.ts";
import {
  configMap,
  deployment,
  fieldEnv,
  httpProbe,
  httpProbes,
  job,
  type PodArgs,
  type Resources,
  service,
  tcpProbe,
} from "../../platform/workload.ts";
import { type ConnectorConfig, connectorConfigs } from "./programs/connector-configs.ts";
import type { Connectors } from "./connector-settings.ts";
import type { ConnectEndpoint } from "./endpoint.ts";
import { CONNECT_PORT, SUPERVISOR_PORT } from "./names.ts";
import { internalTopics } from "./programs/topics.ts";

const WORKER = "worker";
const SUPERVISOR_ROLE = "supervisor";
const SETUP = "setup";
/** Share of the container's memory that is heap: Hadoop's and the SDK's classes, and the clients' buffers, are outside of it. */
const HEAP_SHARE = 0.5;
const FILE = "connectors.json";
const FOLDER = "/etc/millrace-connect";
/** Time between two acknowledgements of what a sink has written, in ms. */
const ACKNOWLEDGE_MS = 5000;

export interface ConnectArgs {
  readonly namespace: pulumi.Input<string>;
  /** The image of the workers. */
  readonly image: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly kafka: KafkaEndpoint;
  /** Copies of each record of the topics that connectors make. */
  readonly copies: number;
  readonly catalog: CatalogEndpoint;
  /** Where tables and objects lie, with Connect's own key. */
  readonly objectStore: S3Endpoint;
  /** Bucket of connectors that name none. */
  readonly bucket: string;
  /** The platform's connectors, by name. */
  readonly connectors: Connectors;
  /** Number of workers. @default 1 */
  readonly replicas?: number;
  /** Requests and limits of each worker; its heap is a half of the memory limit. */
  readonly resources: Resources;
  /** Requests and limits of what watches over the connectors. */
  readonly supervisorResources: Resources;
  /** Requests and limits of the Job that sets the connectors up. */
  readonly setupResources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  /** What must be there first beside Kafka: the declared topics. @default - nothing */
  readonly waitFor?: Ready;
}

/** What is wrong with the arguments; empty when nothing is. */
export function connectProblems({ replicas = 1, copies }: Pick<ConnectArgs, "replicas" | "copies">): string[] {
  return [
    ...(Number.isInteger(replicas) && replicas >= 1
      ? []
      : [`connect: replicas is ${replicas}; give a whole number from 1`]),
    ...(Number.isInteger(copies) && copies >= 1 ? [] : [`connect: copies is ${copies}; give a whole number from 1`]),
  ];
}

/** Settings of the workers by Kafka's own names, without how Kafka is reached. */
export function workerSettings(copies: number): Record<string, string> {
  const bytes = "org.apache.kafka.connect.converters.ByteArrayConverter";
  const shared = Object.entries(internalTopics).flatMap(([kind, { name, partitions }]): [string, string][] => [
    [`${kind}.storage.topic`, name],
    [`${kind}.storage.replication.factor`, String(copies)],
    ...(kind === "config" ? [] : [[`${kind}.storage.partitions`, String(partitions)] as [string, string]]),
  ]);
  return {
    "group.id": "connect",
    ...Object.fromEntries(shared),
    "key.converter": bytes,
    "value.converter": bytes,
    listeners: `http://:${CONNECT_PORT}`,
    "plugin.discovery": "service_load",
    "offset.flush.interval.ms": String(ACKNOWLEDGE_MS),
    // A record of a source and its place are written in one transaction, and sinks see what is committed.
    "exactly.once.source.support": "enabled",
    "consumer.isolation.level": "read_committed",
  };
}

/** `offset.flush.interval.ms` → `CONNECT_OFFSET_FLUSH_INTERVAL_MS`. */
const variableOf = (name: string): string => `CONNECT_${name.replaceAll(".", "_").toUpperCase()}`;

/**
 * Workers of Kafka Connect, with their REST API inside the cluster only. A Job has them run the connectors and fails with Connect's
 * words where one is refused or fails at its start; a supervisor keeps the connectors so, and starts what fails anew.
 */
export class Connect extends Component {
  readonly endpoint: ConnectEndpoint;
  /** Made when the connectors run. */
  readonly connectorsReady: Ready;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: ConnectArgs, opts?: ComponentOptions) {
    const { replicas = 1, namespace, kafka, objectStore, catalog } = args;
    super("Connect", name, { replicas, connectors: Object.keys(args.connectors) }, opts);
    const problems = connectProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const supervisorName = `${name}-supervisor`;
    const setupName = `${name}-connectors`;
    const meta = { namespace, labels: labels(name, WORKER), selector: selector(name, WORKER) };
    const at = podsAt({ service: name, component: WORKER }, [CONNECT_PORT], "connectors");
    const url = pulumi.output(namespace).apply((ns) => `http://${serviceHost(name, ns)}:${CONNECT_PORT}`);
    const configs = wiredConfigs().apply((connectors) => JSON.stringify({ connectors }, undefined, 2));

    configMap(setupName, { ...meta, data: { [FILE]: configs } }, childOptions);
    service(name, { ...meta, ports: { http: CONNECT_PORT } }, childOptions);
    const workers = createWorkers();
    const supervisor = createSupervisor();
    // `npm run status` asks it how the connectors are.
    const supervised = podsAt({ service: supervisorName, component: SUPERVISOR_ROLE }, [SUPERVISOR_PORT], "connectors");
    this.edges.push(statusEdge(supervised));
    const setup = createSetup();
    const watcherUrl = pulumi
      .output(namespace)
      .apply((known) => `http://${serviceHost(supervisorName, known)}:${SUPERVISOR_PORT}`);
    this.endpoint = {
      kind: "kafka-connect",
      url,
      at,
      ready: [workers],
      watcher: { at: supervised, url: watcherUrl },
    };
    this.connectorsReady = [setup, supervisor];
    this.registerOutputs({ url });

    function wiredConfigs(): pulumi.Output<Record<string, ConnectorConfig>> {
      return pulumi
        .all([s3Url(objectStore), objectStore.region, catalog.uri, catalog.warehouse])
        .apply(([url, region, catalogUri, warehouse]) =>
          connectorConfigs(args.connectors, {
            s3Url: url,
            s3Region: region,
            s3PathStyle: objectStore.pathStyle,
            bucket: args.bucket,
            catalogUri,
            warehouse,
            copies: args.copies,
          }),
        );
    }

    function createWorkers() {
      const { cpu, memory } = args.resources.limits;
      const heap = heapMebibytes(memory, HEAP_SHARE);
      const java = [`-Xms64m -Xmx${heap}m`, ...jvmOptions({ heap, cpu, collector: args.collector })];
      const settings = Object.entries(workerSettings(args.copies)).map(([key, value]) => ({
        name: variableOf(key),
        value,
      }));
      return deployment(
        {
          name,
          namespace,
          replicas,
          strategy: "RollingUpdate",
          pod: {
            service: name,
            component: WORKER,
            // The workers forward to one another what one of them has to do.
            reaches: [kafka.at, objectStore.at, catalog.at, at],
            image: args.image,
            env: [
              ...kafkaEnv(kafka),
              ...settings,
              fieldEnv(variableOf("rest.advertised.host.name"), "status.podIP"),
              { name: "JAVA_OPTIONS", value: java.join(" ") },
              ...awsKeyEnv(objectStore),
            ],
            ...s3Trust(objectStore, "java"),
            ports: { http: CONNECT_PORT },
            resources: args.resources,
            probes: {
              startup: httpProbe(CONNECT_PORT, "/health", { periodSeconds: 3 }),
              readiness: httpProbe(CONNECT_PORT, "/health", { periodSeconds: 10 }),
              liveness: tcpProbe(CONNECT_PORT, { periodSeconds: 20, failureThreshold: 6 }),
            },
            scratch: ["/tmp"],
            spread: replicas > 1,
            terminationGracePeriodSeconds: 60,
          },
        },
        { ...childOptions, dependsOn: [...kafka.ready, ...(args.waitFor ?? [])] },
      );
    }

    /** A pod of the platform's own programs that knows the connectors. */
    function programPod(component: string, program: string, resources: Resources): PodArgs {
      return {
        service: supervisorName,
        component,
        reaches: [at],
        image: args.toolsImage,
        command: ["node", `/opt/millrace/components/connect/programs/${program}`],
        env: [
          { name: "CONNECT_URL", value: url },
          { name: "CONNECTORS_FILE", value: `${FOLDER}/${FILE}` },
        ],
        resources,
        config: configs,
        volumes: [{ name: "connectors", configMap: { name: setupName } }],
        mounts: [{ name: "connectors", mountPath: FOLDER, readOnly: true }],
        scratch: ["/tmp"],
      };
    }

    function createSupervisor() {
      const pod = programPod(SUPERVISOR_ROLE, "supervisor.ts", args.supervisorResources);
      const own = { namespace, labels: labels(supervisorName, SUPERVISOR_ROLE) };
      service(
        supervisorName,
        { ...own, selector: selector(supervisorName, SUPERVISOR_ROLE), ports: { http: SUPERVISOR_PORT } },
        childOptions,
      );
      return deployment(
        {
          name: supervisorName,
          namespace,
          replicas: 1,
          // Two with different lists would change each other's connectors.
          strategy: "Recreate",
          pod: {
            ...pod,
            reaches: [at, kafka.at],
            env: [...(pod.env ?? []), ...kafkaEnv(kafka), { name: "PORT", value: String(SUPERVISOR_PORT) }],
            ports: { http: SUPERVISOR_PORT },
            probes: httpProbes(SUPERVISOR_PORT, "/healthz"),
          },
        },
        childOptions,
      );
    }

    function createSetup() {
      return job(
        {
          name: setupName,
          namespace,
          // What Connect refuses it refuses again.
          retries: 0,
          pod: programPod(SETUP, "connectors.ts", args.setupResources),
        },
        // The supervisor of before has another list.
        { ...childOptions, dependsOn: [workers, supervisor, ...objectStore.ready, ...catalog.ready] },
      );
    }
  }
}
