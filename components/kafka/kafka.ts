/** Kafka: brokers that are also the controllers of their cluster (KRaft), each with its log on a claim. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { KafkaEndpoint, KafkaLogin, SecurityProtocol } from "./endpoint.ts";
import type { PublishedAddress, SecretKeyRef } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { quorumSettings, startScript } from "./kafka-quorum.ts";
import { labels, podHost, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, outsideAt, podsAt } from "../../platform/network.ts";
import { kafkaClusterId } from "./names.ts";
import { type ByteBounds, otherBounds } from "./kafka-retention.ts";
import { cpuMillis, heapMebibytes, quantityOf } from "../../platform/quantity.ts";
import { type DataSettings, type Storage, dataProblems } from "../../platform/storage.ts";
import {
  type EnvVar,
  fieldEnv,
  type Resources,
  secretEnv,
  service,
  statefulSet,
  tcpProbe,
} from "../../platform/workload.ts";

const ROLE = "broker";
const INTERNAL_PORT = 9092;
const CONTROLLER_PORT = 9093;
const EXTERNAL_PORT = 9094;
const PORTS = { internal: INTERNAL_PORT, controller: CONTROLLER_PORT };
/** User and group of the server in the official image. */
const UID = 1000;
const DATA_VOLUME = "data";
const DEFAULT_DATA: DataSettings = { kind: "persistent", size: "5Gi" };
/** Share of the container's memory that is heap; the rest is for the page cache, metaspace and threads. */
const HEAP_SHARE = 0.34;

export interface KafkaArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `apache/kafka`. */
  readonly image: pulumi.Input<string>;
  readonly storage: Storage;
  readonly exposure: Exposure;
  readonly resources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  /** Number of brokers, 1 or an odd number: all of them vote. @default 1 */
  readonly replicas?: number;
  /** How data is kept. @default - on a claim of 5Gi */
  readonly data?: DataSettings;
  /** Whether writing to an unknown topic creates it. @default false */
  readonly autoCreateTopics?: boolean;
}

/** What is wrong with the arguments; empty when nothing is. */
export function kafkaProblems(args: Pick<KafkaArgs, "replicas" | "data">): string[] {
  const replicas = args.replicas ?? 1;
  const problems = dataProblems("kafka", args.data ?? DEFAULT_DATA);
  if (!Number.isInteger(replicas) || replicas < 1 || replicas % 2 === 0) {
    problems.push(
      `kafka: replicas is ${replicas}; every broker votes, and an even number of voters survives no more failures ` +
        "than one less, so give 1, 3 or 5",
    );
  }
  return problems;
}

/** The Service that gives each broker its name. */
const headlessName = (name: string): string => `${name}-brokers`;

/** Names of all brokers, by their ids. */
function brokerHosts(args: { readonly name: string; readonly namespace: string; readonly replicas: number }): string[] {
  return Array.from({ length: args.replicas }, (_, id) =>
    podHost(args.name, id, headlessName(args.name), args.namespace),
  );
}

/** Bounds of topics that set none of their own; `undefined` where records are not on a claim. */
function boundsOfOthers(data: DataSettings): ByteBounds | undefined {
  return data.kind === "ephemeral" ? undefined : otherBounds(quantityOf(data.size) ?? 0);
}

/**
 * Segments that are small enough for a bound by bytes to hold. The bound itself is no setting here: as one, it would take
 * records of topics that were there before it, without a question.
 */
function segments(data: DataSettings): Record<string, string> {
  const bounds = boundsOfOthers(data);
  if (bounds === undefined) return {};
  return {
    KAFKA_LOG_SEGMENT_BYTES: String(bounds.segment),
    // Between two looks a topic grows beyond its bounds.
    KAFKA_LOG_RETENTION_CHECK_INTERVAL_MS: "60000",
  };
}

/** The brokers' settings in the environment form of `apache/kafka`, without the cluster id. */
export function kafkaSettings(args: {
  /** Name of the cluster, which its Services and pods have. */
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly autoCreateTopics: boolean;
  /** Where a broker tells clients outside the cluster to find it. @default - no such listener */
  readonly external?: string;
  readonly limits: Resources["limits"];
  /** @default "auto" */
  readonly collector?: CollectorChoice | undefined;
  readonly data: DataSettings;
}): Record<string, string> {
  const copies = Math.min(3, args.replicas);
  const inSync = copies === 3 ? 2 : 1;
  const external = args.external !== undefined;
  const heap = heapMebibytes(args.limits.memory, HEAP_SHARE);
  const cores = Math.max(1, Math.floor(cpuMillis(args.limits.cpu) / 1000));
  const domain = serviceHost(headlessName(args.name), args.namespace);
  return {
    KAFKA_PROCESS_ROLES: "broker,controller",
    ...quorumSettings(brokerHosts(args), PORTS),
    KAFKA_CONTROLLER_LISTENER_NAMES: "CONTROLLER",
    KAFKA_INTER_BROKER_LISTENER_NAME: "INTERNAL",
    KAFKA_LISTENERS:
      `INTERNAL://:${INTERNAL_PORT},CONTROLLER://:${CONTROLLER_PORT}` +
      (external ? `,EXTERNAL://:${EXTERNAL_PORT}` : ""),
    KAFKA_ADVERTISED_LISTENERS:
      `INTERNAL://$(POD_NAME).${domain}:${INTERNAL_PORT},CONTROLLER://$(POD_NAME).${domain}:${CONTROLLER_PORT}` +
      (external ? `,EXTERNAL://${args.external}` : ""),
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
      "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT" + (external ? ",EXTERNAL:PLAINTEXT" : ""),
    // A folder below the mount: the root of a file system may hold lost+found, which Kafka takes for a topic.
    KAFKA_LOG_DIRS: "/var/lib/kafka/data/log",
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: String(args.autoCreateTopics),
    KAFKA_DEFAULT_REPLICATION_FACTOR: String(copies),
    KAFKA_MIN_INSYNC_REPLICAS: String(inSync),
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: String(copies),
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: "4",
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: String(copies),
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: String(inSync),
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: String(copies),
    KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: String(inSync),
    ...segments(args.data),
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: "0",
    // What says that there is no news is written and synced to the disk like news: by default twice a second.
    KAFKA_METADATA_MAX_IDLE_INTERVAL_MS: "5000",
    // The default is made for large machines: 128 MiB for the cleaner alone.
    KAFKA_LOG_CLEANER_DEDUPE_BUFFER_SIZE: "8388608",
    KAFKA_NUM_NETWORK_THREADS: String(Math.ceil(cores / 2)),
    KAFKA_NUM_IO_THREADS: String(Math.max(2, cores)),
    KAFKA_HEAP_OPTS: `-Xms${heap}m -Xmx${heap}m`,
    KAFKA_JVM_PERFORMANCE_OPTS: [
      "-server",
      ...jvmOptions({ heap, cpu: args.limits.cpu, collector: args.collector }),
      "-XX:MaxMetaspaceSize=128m",
    ].join(" "),
  };
}

/** Where clients outside the cluster find a broker: an Ingress leads none to it, and whoever forwards the port has it on their machine. */
function externalAddress(exposure: Exposure): string | undefined {
  if (exposure.kind === "ingress") return `127.0.0.1:${EXTERNAL_PORT}`;
  return exposure.kind === "nodePort" ? `${exposure.host}:${exposure.ports["kafka"]}` : undefined;
}

/**
 * A Kafka cluster. From outside, brokers are reached through one node port, which leads to any of them; with several
 * brokers a client outside can therefore not choose the one that leads a partition, and only the first contact is
 * published: produce and consume from pods then.
 */
export class Kafka extends Component {
  readonly endpoint: KafkaEndpoint;
  /** What each copy of a partition may keep of topics that set no bound, in bytes; none where records are on no claim. */
  readonly otherTopicsBytes: number | undefined;
  /** Where clients outside the cluster find the first broker. */
  readonly address: PublishedAddress;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: KafkaArgs, opts?: ComponentOptions) {
    const { replicas = 1, data = DEFAULT_DATA, autoCreateTopics = false } = args;
    super("Kafka", name, { replicas, data, autoCreateTopics }, opts);
    const problems = kafkaProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const headless = headlessName(name);
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const role = { service: name, component: ROLE };
    // Advertising needs an address that is known before the broker starts, and that leads to this very broker.
    const external = replicas === 1 ? externalAddress(args.exposure) : undefined;

    const identity = createIdentity();
    service(name, { ...meta, ports: { kafka: INTERNAL_PORT } }, childOptions);
    service(
      headless,
      { ...meta, ports: { kafka: INTERNAL_PORT, controller: CONTROLLER_PORT }, headless: true },
      childOptions,
    );
    const brokers = createBrokers();
    this.address = publish(
      external === undefined ? { kind: "none" } : args.exposure,
      { ...meta, service: name, nodePort: "kafka", port: EXTERNAL_PORT, title: "Kafka" },
      childOptions,
    );
    this.otherTopicsBytes = boundsOfOthers(data)?.retention;
    this.endpoint = {
      kind: "kafka",
      bootstrapServers: pulumi.output(args.namespace).apply((ns) => `${serviceHost(name, ns)}:${INTERNAL_PORT}`),
      securityProtocol: "PLAINTEXT",
      at: podsAt(role, [INTERNAL_PORT], "Kafka"),
      ready: [brokers],
    };
    this.registerOutputs({ bootstrapServers: this.endpoint.bootstrapServers, address: this.address.url });

    function createIdentity(): k8s.core.v1.Secret {
      const id = new random.RandomId(`${name}-cluster-id`, { byteLength: 16 }, childOptions);
      const secretName = `${name}-cluster-id`;
      return new k8s.core.v1.Secret(
        secretName,
        {
          metadata: { name: secretName, namespace: args.namespace, labels: meta.labels },
          stringData: { clusterId: id.b64Url.apply(kafkaClusterId) },
        },
        childOptions,
      );
    }

    function createBrokers(): k8s.apps.v1.StatefulSet {
      const settings = pulumi.output(args.namespace).apply((namespace) =>
        kafkaSettings({
          name,
          namespace,
          replicas,
          autoCreateTopics,
          limits: args.resources.limits,
          collector: args.collector,
          data,
          ...(external === undefined ? {} : { external }),
        }),
      );
      const keys = Object.keys(
        kafkaSettings({
          name,
          namespace: "",
          replicas,
          autoCreateTopics,
          limits: args.resources.limits,
          collector: args.collector,
          data,
        }),
      );
      const env: EnvVar[] = [
        fieldEnv("POD_NAME", "metadata.name"),
        fieldEnv("KAFKA_NODE_ID", "metadata.labels['apps.kubernetes.io/pod-index']"),
        secretEnv("CLUSTER_ID", identity.metadata.name, "clusterId"),
        { name: "BROKERS", value: String(replicas) },
        {
          name: "BROKER_HOSTS",
          value: pulumi
            .output(args.namespace)
            .apply((namespace) => brokerHosts({ name, namespace, replicas }).join(" ")),
        },
        ...keys.map((key) => ({ name: key, value: settings.apply((all) => all[key] ?? "") })),
      ];
      return statefulSet(
        {
          name,
          namespace: args.namespace,
          replicas,
          headlessService: headless,
          data: args.storage.volume(DATA_VOLUME, data),
          pod: {
            ...role,
            reaches: [podsAt(role, [INTERNAL_PORT, CONTROLLER_PORT], "brokers among themselves")],
            image: args.image,
            command: ["bash", "-c", startScript(PORTS)],
            env,
            ports: { kafka: INTERNAL_PORT, controller: CONTROLLER_PORT, external: EXTERNAL_PORT },
            resources: args.resources,
            probes: {
              startup: tcpProbe(INTERNAL_PORT, { periodSeconds: 2 }),
              readiness: tcpProbe(INTERNAL_PORT, { periodSeconds: 5 }),
              liveness: tcpProbe(INTERNAL_PORT, { periodSeconds: 20, failureThreshold: 6 }),
            },
            mounts: [{ name: DATA_VOLUME, mountPath: "/var/lib/kafka/data" }],
            uid: UID,
            // The image writes its server.properties and its own log below its home.
            scratch: ["/opt/kafka/config", "/opt/kafka/logs", "/tmp"],
            spread: replicas > 1,
            terminationGracePeriodSeconds: 60,
          },
        },
        childOptions,
      );
    }
  }
}

/** A Kafka cluster that exists already, as the endpoint that the components take. */
export function existingKafka(args: {
  /** `host:port,host:port`, reachable from pods. */
  readonly bootstrapServers: string;
  /** @default "PLAINTEXT" */
  readonly securityProtocol?: SecurityProtocol;
  /** Whom clients log in as; with the protocols `SASL_…`. @default - the brokers ask nobody who he is */
  readonly login?: KafkaLogin;
  /** Authority that has signed the brokers' certificates, in PEM. @default - a public one */
  readonly ca?: SecretKeyRef;
}): KafkaEndpoint {
  return {
    kind: "kafka",
    bootstrapServers: pulumi.output(args.bootstrapServers),
    securityProtocol: args.securityProtocol ?? "PLAINTEXT",
    ...(args.login && { login: args.login }),
    ...(args.ca && { ca: args.ca }),
    at: brokersAt(args.bootstrapServers),
    ready: [],
  };
}

/** @param bootstrapServers `host:port,host:port` */
function brokersAt(bootstrapServers: string): Destination {
  const brokers = bootstrapServers.split(",").map((server) => server.split(":"));
  return outsideAt(
    brokers.map(([host = ""]) => host),
    brokers.map(([, port]) => Number(port)),
    "Kafka",
  );
}
