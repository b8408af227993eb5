/** The web display: a server with pages that show what streams and batches make, and what comes from Kafka right now. */
import * as pulumi from "@pulumi/pulumi";
import { type NetworkAnswer, type PagePart, pageParts } from "../../display/protocol.ts";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import { cassandraEnv } from "../cassandra/cassandra-settings.ts";
import type { CassandraEndpoint } from "../cassandra/endpoint.ts";
import type { DisplayEndpoint } from "./endpoint.ts";
import type { TopicEndpoint } from "../kafka/endpoint.ts";
import { kafkaEnv } from "../kafka/kafka-env.ts";
import type { TrackName } from "../race-car/programs/track.ts";
import type { PrestoEndpoint } from "../presto/endpoint.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { type Edge, edgeRows, podsAt } from "../../platform/network.ts";
import { networkPicture } from "../../platform/network-picture.ts";
import { heapMebibytes } from "../../platform/quantity.ts";
import {
  configMap,
  deployment,
  type EnvVar,
  fieldEnv,
  httpProbe,
  type Resources,
  service,
} from "../../platform/workload.ts";

const ROLE = "server";
const PORT = 8080;
/** Share of the container's memory that is JavaScript's heap; buffers of connections lie beside it. */
const HEAP_SHARE = 0.6;
const DEFAULT_CATALOG = "lake";
/** Where the server finds what it shows of the network. */
const NETWORK_DIR = "/etc/millrace/network";

export interface DisplayArgs {
  readonly namespace: pulumi.Input<string>;
  /** The platform's display image. */
  readonly image: pulumi.Input<string>;
  readonly exposure: Exposure;
  /** Each one reads the topics by itself. @default 1 */
  readonly replicas?: number;
  /** What is shown as it comes; what is not there has an empty page. */
  readonly topics: {
    readonly monitoring: TopicEndpoint;
    readonly randomNumbers?: TopicEndpoint;
    readonly race?: TopicEndpoint;
  };
  /** Of what there are figures: pages of others are left out of the menu. @default - all */
  readonly parts?: readonly PagePart[];
  /** Track that simulated cars drive on. @default "mill" */
  readonly track?: TrackName;
  readonly presto: PrestoEndpoint;
  /** Presto's catalog of the lake's tables. @default "lake" */
  readonly prestoCatalog?: string;
  /** With a role that may read the keyspaces of the streams and of the census. */
  readonly cassandra: CassandraEndpoint;
  /** Length of the windows to show, in seconds: the one that the stream makes. */
  readonly windowSeconds: number;
  readonly resources: Resources;
}

/** What is wrong with the arguments; empty when nothing is. */
export function displayProblems(args: {
  readonly replicas?: number;
  readonly windowSeconds: number;
  readonly prestoCatalog?: string;
  readonly presto: Pick<PrestoEndpoint, "catalogs">;
}): string[] {
  const problems: string[] = [];
  const { replicas = 1, windowSeconds, prestoCatalog = DEFAULT_CATALOG } = args;
  if (!Number.isInteger(replicas) || replicas < 1) {
    problems.push(`display: replicas is ${replicas}; give a whole number from 1`);
  }
  if (!Number.isInteger(windowSeconds) || windowSeconds < 1 || windowSeconds > 3600) {
    problems.push(`display: windowSeconds is ${windowSeconds}; give a whole number from 1 to 3600`);
  }
  if (!args.presto.catalogs.includes(prestoCatalog)) {
    problems.push(
      `display: Presto has no catalog "${prestoCatalog}" (it has ${args.presto.catalogs.join(", ")}); ` +
        "give it one of the lake's tables, or name it in prestoCatalog",
    );
  }
  return problems;
}

/** One server or several: they share nothing, so any of them may answer. */
export class Display extends Component {
  readonly endpoint: DisplayEndpoint;
  /** Where people find the pages. */
  readonly address: PublishedAddress;
  readonly #network: {
    readonly name: string;
    readonly namespace: pulumi.Input<string>;
    readonly labels: Record<string, string>;
  };

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: DisplayArgs, opts?: ComponentOptions) {
    const { replicas = 1, windowSeconds, topics, cassandra, prestoCatalog = DEFAULT_CATALOG } = args;
    super("Display", name, { replicas, windowSeconds }, opts);
    const problems = displayProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    this.#network = { name: `${name}-network`, namespace: args.namespace, labels: labels(name, ROLE) };
    const childOptions = { parent: this };
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const role = { service: name, component: ROLE };
    const heap = heapMebibytes(args.resources.limits.memory, HEAP_SHARE);
    const env: EnvVar[] = [
      { name: "PORT", value: String(PORT) },
      ...kafkaEnv(topics.monitoring.kafka),
      { name: "MONITORING_TOPIC", value: topics.monitoring.topic },
      ...(topics.randomNumbers ? [{ name: "RANDOM_NUMBERS_TOPIC", value: topics.randomNumbers.topic }] : []),
      ...(topics.race ? [{ name: "RACE_TOPIC", value: topics.race.topic }] : []),
      ...(args.track === undefined ? [] : [{ name: "RACE_TRACK", value: args.track }]),
      { name: "PAGE_PARTS", value: (args.parts ?? pageParts).join(",") },
      fieldEnv("POD_NAME", "metadata.name"),
      { name: "PRESTO_URL", value: args.presto.url },
      { name: "PRESTO_CATALOG", value: prestoCatalog },
      ...cassandraEnv(cassandra),
      { name: "WINDOW_SECONDS", value: String(windowSeconds) },
      { name: "NETWORK_DIR", value: NETWORK_DIR },
    ];

    service(name, { ...meta, ports: { http: PORT } }, childOptions);
    const server = deployment(
      {
        name,
        namespace: args.namespace,
        replicas,
        strategy: "RollingUpdate",
        pod: {
          ...role,
          reaches: [topics.monitoring.kafka.at, args.presto.at, cassandra.at],
          image: args.image,
          command: ["node", `--max-old-space-size=${heap}`, "/opt/millrace/display/server/main.ts"],
          env,
          ports: { http: PORT },
          resources: args.resources,
          probes: {
            startup: httpProbe(PORT, "/healthz", { periodSeconds: 2 }),
            // Not what it reads from: a page must come also while Kafka is down, and say so.
            readiness: httpProbe(PORT, "/readyz", { periodSeconds: 10 }),
            liveness: httpProbe(PORT, "/healthz", { periodSeconds: 20, failureThreshold: 6 }),
          },
          scratch: ["/tmp"],
          // It comes when all is wired, and is read anew for each page: the pod neither waits for it nor restarts.
          volumes: [{ name: "network", configMap: { name: this.#network.name, optional: true } }],
          mounts: [{ name: "network", mountPath: NETWORK_DIR, readOnly: true }],
          spread: true,
        },
      },
      childOptions,
    );
    this.address = publish(
      args.exposure,
      { ...meta, service: name, nodePort: "display", port: PORT, title: "Display", scheme: "http" },
      childOptions,
    );
    const url = pulumi.output(args.namespace).apply((namespace) => `http://${serviceHost(name, namespace)}:${PORT}`);
    this.endpoint = { kind: "display", url, at: podsAt(role, [PORT], "pages"), ready: [server] };
    this.registerOutputs({ url, address: this.address.url });
  }
  /**
   * Gives its pages who connects to whom. Without it they say that nothing is known.
   * @param edges Of the whole program: call it when all is placed.
   */
  showNetwork(
    edges: readonly Edge[],
    { policies, apiServerPorts }: { readonly policies: boolean; readonly apiServerPorts: readonly number[] },
  ): void {
    const { name, ...meta } = this.#network;
    const answer: NetworkAnswer = { policies, edges: edgeRows(edges, apiServerPorts) };
    const data = {
      "network.svg": networkPicture(edges, "The network of the platform"),
      "network.json": JSON.stringify(answer),
    };
    configMap(name, { ...meta, data }, { parent: this });
  }
}
