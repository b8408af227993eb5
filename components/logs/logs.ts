/** The logs of all pods: VictoriaLogs keeps them, and a collector reads them by way of the API server. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { podsAt, statusEdge } from "../../platform/network.ts";
import { mebibytes } from "../../platform/quantity.ts";
import { nameIn, type Quarter } from "../../platform/quarters.ts";
import type { PodWords } from "../../platform/service.ts";
import { type DataSettings, dataProblems, type Storage } from "../../platform/storage.ts";
import { deployment, httpProbe, type Resources, service, statefulSet } from "../../platform/workload.ts";
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
/** Share of the container's memory that Go's own collector of garbage sees as its limit. */
const GO_SHARE = 0.85;
/** Where Kubernetes mounts an account's token. */
const ACCOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";

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
    const account = createAccount();
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
      const { memory } = args.resources.limits;
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
            env: [{ name: "GOMEMLIMIT", value: `${Math.floor(mebibytes(memory) * GO_SHARE)}MiB` }],
            ports: { http: STORE_PORT },
            metrics: { port: STORE_PORT },
            resources: args.resources,
            probes: {
              startup: httpProbe(STORE_PORT, "/health", { periodSeconds: 2 }),
              readiness: httpProbe(STORE_PORT, "/health", { periodSeconds: 10 }),
              liveness: httpProbe(STORE_PORT, "/health", { periodSeconds: 20, failureThreshold: 6 }),
            },
            mounts: [{ name: DATA_VOLUME, mountPath: DATA_PATH }],
            scratch: ["/tmp"],
          },
        },
        childOptions,
      );
    }

    /** An account that sees pods and reads what they log, in the platform's namespaces only. Its name settles when it has its rights. */
    function createAccount(): pulumi.Output<string> {
      const metadata = { name: COLLECTOR, namespace, labels: labels(COLLECTOR, READER) };
      const made = new k8s.core.v1.ServiceAccount(
        COLLECTOR,
        { metadata, automountServiceAccountToken: false },
        childOptions,
      );
      const bindings = [{ namespace: pulumi.output(namespace) }, ...quarters].map((place) => {
        const there = { ...metadata, namespace: place.namespace };
        const role = new k8s.rbac.v1.Role(
          nameIn("in" in place ? place : {}, COLLECTOR),
          {
            metadata: there,
            rules: [
              { apiGroups: [""], resources: ["pods"], verbs: ["list", "watch"] },
              { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
            ],
          },
          childOptions,
        );
        return new k8s.rbac.v1.RoleBinding(
          nameIn("in" in place ? place : {}, COLLECTOR),
          {
            metadata: there,
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
            subjects: [{ kind: "ServiceAccount", name: made.metadata.name, namespace }],
          },
          childOptions,
        );
      });
      return pulumi.all(bindings.map(({ id }) => id)).apply(() => COLLECTOR);
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
              { name: "NODE_EXTRA_CA_CERTS", value: `${ACCOUNT_PATH}/ca.crt` },
            ],
            ports: { http: COLLECTOR_PORT },
            serviceAccountName: account,
            resources: args.collectorResources,
            probes: {
              startup: httpProbe(COLLECTOR_PORT, "/healthz", { periodSeconds: 2 }),
              readiness: httpProbe(COLLECTOR_PORT, "/healthz", { periodSeconds: 10 }),
              liveness: httpProbe(COLLECTOR_PORT, "/healthz", { periodSeconds: 20, failureThreshold: 6 }),
            },
            scratch: ["/tmp"],
          },
        },
        { ...childOptions, dependsOn: [store] },
      );
    }
  }
}
