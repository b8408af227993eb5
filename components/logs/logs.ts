/** The logs of all pods: VictoriaLogs keeps them, and a collector reads them by way of the API server. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { API_SERVER_CA, readerAccount } from "../../platform/account.ts";
import { goMemoryLimit } from "../../platform/go-memory.ts";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { podsAt, statusEdge } from "../../platform/network.ts";
import { mebibytes } from "../../platform/quantity.ts";
import type { Quarter } from "../../platform/quarters.ts";
import type { PodWords } from "../../platform/service.ts";
import { type DataSettings, dataProblems, type Storage } from "../../platform/storage.ts";
import { deployment, httpProbes, type Resources, service, statefulSet } from "../../platform/workload.ts";
import type { LogsEndpoint } from "./endpoint.ts";
import { COLLECTOR, COLLECTOR_PORT, STORE_PORT } from "./names.ts";

const ROLE = "store";
const READER = "collector";
const DATA_PATH = "/data";
const DATA_VOLUME = "data";
/** User and group of the store. */
const UID = 1000;
/** Share of the claim that lines may fill: parts are merged into new ones before the old ones go. */
const FULL = 0.8;
/** The same of data that go with their pod, in MiB. */
const EPHEMERAL_MEBIBYTES = 1024;

export interface LogsArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `victoriametrics/victoria-logs`. */
  readonly image: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly exposure: Exposure;
  readonly storage: Storage;
  /** How lines are kept. */
  readonly data: DataSettings;
  /** Time after which lines are removed, in days. @default 7 */
  readonly keepDays?: number;
  readonly resources: Resources;
  /** Requests and limits of what reads the pods' logs. */
  readonly collectorResources: Resources;
  /** Namespaces beside the platform's own whose pods' logs are read. @default - none */
  readonly quarters?: readonly Quarter[];
  /** What labels of pods tell of them. @default - nothing */
  readonly words?: PodWords;
}

/** What is wrong with the arguments; empty when nothing is. */
export function logsProblems({ data, keepDays = 7 }: Pick<LogsArgs, "data" | "keepDays">): string[] {
  return [
    ...dataProblems("logs", data),
    ...(Number.isInteger(keepDays) && keepDays >= 1
      ? []
      : [`logs: keepDays is ${keepDays}; give a whole number from 1`]),
  ];
}

/**
 * A store on a claim, and a collector that follows the containers of the platform's namespaces. The collector asks the store where it has
 * stopped, so neither's restart leaves a hole or has a line twice. It reads by way of the API server: no pod sees its node's files.
 */
export class Logs extends Component {
  readonly endpoint: LogsEndpoint;
  /** Where people search. */
  readonly address: PublishedAddress;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: LogsArgs, opts?: ComponentOptions) {
    const { namespace, data, keepDays = 7, quarters = [], words = {} } = args;
    super("Logs", name, { data, keepDays }, opts);
    const problems = logsProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const headless = `${name}-stores`;
    const role = { service: name, component: ROLE };
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const at = podsAt(role, [STORE_PORT], "logs");
    const collectorAt = podsAt({ service: COLLECTOR, component: READER }, [COLLECTOR_PORT], "how far logs are read");
    const urlOf = (host: string, port: number) =>
      pulumi.output(namespace).apply((known) => `http://${serviceHost(host, known)}:${port}`);
    const url = urlOf(name, STORE_PORT);

    service(name, { ...meta, ports: { http: STORE_PORT } }, childOptions);
    service(headless, { ...meta, ports: { http: STORE_PORT }, headless: true }, childOptions);
    const store = createStore();
    // It sees pods and reads what they log, in the platform's namespaces only.
    const account = readerAccount(
      COLLECTOR,
      {
        namespace,
        component: READER,
        quarters,
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
          { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
        ],
      },
      childOptions,
    );
    const collector = createCollector();
    // `npm run status` asks how far it has come, and `npm run logs` asks the store.
    this.edges.push(statusEdge(collectorAt), statusEdge(at));
    this.address = publish(
      args.exposure,
      {
        ...meta,
        service: name,
        nodePort: "logs",
        port: STORE_PORT,
        title: "Logs",
        scheme: "http",
      },
      childOptions,
    );
    this.endpoint = {
      kind: "logs",
      at,
      url,
      collectorAt,
      collectorUrl: urlOf(COLLECTOR, COLLECTOR_PORT),
      ready: [store, collector],
    };
    this.registerOutputs({ url, address: this.address.url });

    function createStore(): k8s.apps.v1.StatefulSet {
      const most = data.kind === "persistent" ? Math.floor(mebibytes(data.size) * FULL) : EPHEMERAL_MEBIBYTES;
      return statefulSet(
        {
          name,
          namespace,
          replicas: 1,
          headlessService: headless,
          data: args.storage.volume(DATA_VOLUME, data),
          pod: {
            ...role,
            image: args.image,
            uid: UID,
            args: [
              `-storageDataPath=${DATA_PATH}`,
              `-httpListenAddr=:${STORE_PORT}`,
              `-retentionPeriod=${keepDays}d`,
              `-retention.maxDiskSpaceUsageBytes=${most}MiB`,
              // It refuses lines then, and takes them again when there is room; what reads the pods' logs waits.
              "-storage.minFreeDiskSpaceBytes=64MiB",
              "-inmemoryDataFlushInterval=1s",
              // Longer ones it leaves out, and says that it has taken them: the collector's entries are all shorter.
              "-insert.maxLineSizeBytes=2MiB",
              "-memory.allowedPercent=40",
              "-search.maxConcurrentRequests=4",
              "-search.maxQueryDuration=30s",
              "-loggerLevel=WARN",
              "-http.disableCORS",
              "-http.header.frameOptions=SAMEORIGIN",
            ],
            env: [goMemoryLimit(args.resources)],
            ports: { http: STORE_PORT },
            metrics: { port: STORE_PORT },
            resources: args.resources,
            probes: httpProbes(STORE_PORT, "/health"),
            mounts: [{ name: DATA_VOLUME, mountPath: DATA_PATH }],
            scratch: ["/tmp"],
          },
        },
        childOptions,
      );
    }

    function createCollector(): k8s.apps.v1.Deployment {
      const own = { namespace, labels: labels(COLLECTOR, READER), selector: selector(COLLECTOR, READER) };
      const { memory } = args.collectorResources.limits;
      service(COLLECTOR, { ...own, ports: { http: COLLECTOR_PORT } }, childOptions);
      return deployment(
        {
          name: COLLECTOR,
          namespace,
          replicas: 1,
          // Two would have each line twice.
          strategy: "Recreate",
          pod: {
            service: COLLECTOR,
            component: READER,
            reaches: [at],
            image: args.toolsImage,
            command: [
              "node",
              `--max-old-space-size=${Math.floor(mebibytes(memory) / 2)}`,
              "/opt/millrace/components/logs/programs/collector.ts",
            ],
            env: [
              { name: "STORE_URL", value: url },
              {
                name: "NAMESPACES",
                value: pulumi
                  .all([namespace, ...quarters.map((quarter) => quarter.namespace)])
                  .apply((all) => all.join(",")),
              },
              { name: "POD_WORDS", value: JSON.stringify(words) },
              { name: "KEEP_DAYS", value: String(keepDays) },
              { name: "PORT", value: String(COLLECTOR_PORT) },
              API_SERVER_CA,
            ],
            ports: { http: COLLECTOR_PORT },
            serviceAccountName: account,
            resources: args.collectorResources,
            probes: httpProbes(COLLECTOR_PORT, "/healthz"),
            scratch: ["/tmp"],
          },
        },
        { ...childOptions, dependsOn: [store] },
      );
    }
  }
}
