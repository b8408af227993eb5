/** Metrics: VictoriaMetrics reads and keeps figures, an exporter asks those that have no page of them, vmalert looks for what is wrong. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { API_SERVER_CA, readerAccount } from "../../platform/account.ts";
import { goMemoryLimit } from "../../platform/go-memory.ts";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { PublishedAddress } from "../../platform/endpoints.ts";
import { type Exposure, publish } from "../../platform/exposure.ts";
import { rolePassword, secretFolders } from "../../platform/generated-secret.ts";
import { labels, roleSecretName, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, kubelets, outsideAt, podsAt, statusEdge } from "../../platform/network.ts";
import type { Quarter } from "../../platform/quarters.ts";
import { type DataSettings, dataProblems, type Storage } from "../../platform/storage.ts";
import { toldEnv, type Watchable } from "../../platform/watchable.ts";
import { configMap, deployment, httpProbes, type Resources, service, statefulSet } from "../../platform/workload.ts";
import type { MetricsEndpoint } from "./endpoint.ts";
import {
  ALERTS,
  ALERTS_PORT,
  EXPORTER,
  EXPORTER_PORT,
  NOTIFIER,
  NOTIFIER_PORT,
  PROXY,
  PROXY_PORT,
  STORE_PORT,
} from "./names.ts";
import { proxyConfig } from "./proxy.ts";
import { alertRules, grafanaDashboard, vmuiDashboard, type WatchedService } from "./rules.ts";
import { scrapeConfig, scrapeJobs } from "./scrape.ts";

const ROLE = "store";
const ASKER = "exporter";
const WATCHER = "alerts";
const TELLER = "notifier";
const DOOR = "proxy";
const DATA_PATH = "/data";
const DATA_VOLUME = "data";
const SETTINGS_PATH = "/etc/metrics";
const DASHBOARDS_PATH = "/etc/metrics-dashboards";
const KEY_PATH = "/run/keys";
/** User and group of the programs. */
const UID = 1000;
/** Series of an hour, and of a day: what comes beyond them is dropped, and counted. */
const HOURLY_SERIES = 200_000;
const DAILY_SERIES = 500_000;
/** Of mail servers and webhooks. */
const NOTIFY_PORTS = [25, 80, 443, 465, 587];

export interface MetricsArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with VictoriaMetrics, vmalert, vmauth and Alertmanager. */
  readonly image: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly exposure: Exposure;
  readonly storage: Storage;
  readonly data: DataSettings;
  /** Time after which figures are removed, in days. @default 15 */
  readonly keepDays?: number;
  readonly resources: Resources;
  /** Requests and limits of each helper. */
  readonly helperResources: Resources;
  /** Whether the kubelets are asked what containers use, which needs a right on the cluster's nodes. @default true */
  readonly nodes?: boolean;
  /** Secret with Alertmanager's configuration. @default - nobody is told */
  readonly notifySecret?: string | undefined;
  /** Ports to which people are told: of mail servers and webhooks. @default 25, 80, 443, 465, 587 */
  readonly notifyPorts?: readonly number[];
  /** Namespaces beside the platform's own whose pods are watched. @default - none */
  readonly quarters?: readonly Quarter[];
  /** Pods that have figures to read. */
  readonly measured: readonly Destination[];
  /** What asks those that have none. */
  readonly watches: readonly Watchable[];
  /** Dashboards and alerts. */
  readonly watched: readonly WatchedService[];
}

/** What is wrong with the arguments; empty when nothing is. */
export function metricsProblems({ data, keepDays = 15 }: Pick<MetricsArgs, "data" | "keepDays">): string[] {
  return [
    ...dataProblems("metrics", data),
    ...(Number.isInteger(keepDays) && keepDays >= 1
      ? []
      : [`metrics: keepDays is ${keepDays}; give a whole number from 1`]),
  ];
}

export class Metrics extends Component {
  readonly endpoint: MetricsEndpoint;
  /** Where people see them. */
  readonly address: PublishedAddress;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: MetricsArgs, opts?: ComponentOptions) {
    const { namespace, data, keepDays = 15, quarters = [], nodes = true, notifySecret, watched } = args;
    super("Metrics", name, { data, keepDays }, opts);
    const problems = metricsProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const headless = `${name}-stores`;
    const settingsName = `${name}-settings`;
    const dashboardsName = `${name}-dashboards`;
    const role = { service: name, component: ROLE };
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const at = podsAt(role, [STORE_PORT], "metrics");
    const exporterAt = podsAt({ service: EXPORTER, component: ASKER }, [EXPORTER_PORT], "figures of services");
    const alertsAt = podsAt({ service: ALERTS, component: WATCHER }, [ALERTS_PORT], "alerts");
    const notifierAt = podsAt({ service: NOTIFIER, component: TELLER }, [NOTIFIER_PORT], "who is told");
    const hostOf = (host: string, port: number) =>
      pulumi.output(namespace).apply((known) => `${serviceHost(host, known)}:${port}`);
    const url = pulumi.interpolate`http://${hostOf(name, STORE_PORT)}`;
    const namespaces = pulumi.all([namespace, ...quarters.map((quarter) => quarter.namespace)]);

    service(name, { ...meta, ports: { http: STORE_PORT } }, childOptions);
    service(headless, { ...meta, ports: { http: STORE_PORT }, headless: true }, childOptions);
    const scrape = pulumi
      .all([namespaces, hostOf(EXPORTER, EXPORTER_PORT), hostOf(ALERTS, ALERTS_PORT)])
      .apply(([own, exporter, alerts]) =>
        JSON.stringify(scrapeConfig({ namespaces: own, exporter, alerts, nodes }), null, 2),
      );
    const rules = JSON.stringify(alertRules(watched), null, 2);
    const settings = configMap(settingsName, { ...meta, data: { "scrape.yaml": scrape } }, childOptions);
    const dashboards = Object.fromEntries(
      watched
        .filter(({ panels }) => panels.length > 0)
        .map((one) => [`${one.service}.json`, JSON.stringify(vmuiDashboard(one))]),
    );
    configMap(dashboardsName, { ...meta, data: dashboards }, childOptions);
    // Grafana's usual sidecar takes what has this label.
    configMap(
      `${dashboardsName}-grafana`,
      {
        namespace,
        labels: { ...meta.labels, grafana_dashboard: "1" },
        data: Object.fromEntries(
          watched
            .filter(({ panels }) => panels.length > 0)
            .map((one) => [`millrace-${one.service}.json`, JSON.stringify(grafanaDashboard(one))]),
        ),
      },
      childOptions,
    );
    const storeAccount = readerAccount(
      name,
      {
        namespace,
        component: ROLE,
        quarters,
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch"] }],
        ...(nodes && {
          clusterRules: [
            { apiGroups: [""], resources: ["nodes"], verbs: ["get", "list", "watch"] },
            { apiGroups: [""], resources: ["nodes/metrics"], verbs: ["get"] },
          ],
        }),
      },
      childOptions,
    );
    const store = createStore();
    const exporter = createExporter();
    const notifier = notifySecret === undefined ? undefined : createNotifier(notifySecret);
    const alerts = createAlerts();
    // `npm run status` asks what is wrong, and whether the store has room.
    this.edges.push(statusEdge(alertsAt), statusEdge(at));
    this.address = createProxy();
    this.endpoint = {
      kind: "metrics",
      at,
      url,
      exporterAt,
      exporterUrl: pulumi.interpolate`http://${hostOf(EXPORTER, EXPORTER_PORT)}`,
      pages: [
        ...new Set(args.measured.flatMap(({ end }) => (end.kind === "pods" ? [end.service] : []))),
        ...scrapeJobs(nodes),
      ],
      ready: [store, exporter, alerts, ...(notifier ? [notifier] : [])],
    };
    this.registerOutputs({ url, address: this.address.url });

    function createStore(): k8s.apps.v1.StatefulSet {
      // Nobody has it: figures are removed by their age alone, whatever a page in somebody's browser asks for.
      const key = rolePassword(name, "keeper", namespace, childOptions);
      const keyFile = `file://${KEY_PATH}/keeper/password`;
      const { volumes, mounts } = secretFolders("key", KEY_PATH, [["keeper", roleSecretName(name, "keeper")]]);
      return statefulSet(
        {
          name,
          namespace,
          replicas: 1,
          headlessService: headless,
          data: args.storage.volume(DATA_VOLUME, data),
          pod: {
            ...role,
            reaches: [...args.measured, exporterAt, alertsAt, ...(nodes ? [kubelets] : [])],
            image: args.image,
            uid: UID,
            args: [
              `-storageDataPath=${DATA_PATH}`,
              `-httpListenAddr=:${STORE_PORT}`,
              `-retentionPeriod=${keepDays}d`,
              `-promscrape.config=${SETTINGS_PATH}/scrape.yaml`,
              `-storage.maxHourlySeries=${HOURLY_SERIES}`,
              `-storage.maxDailySeries=${DAILY_SERIES}`,
              "-storage.minFreeDiskSpaceBytes=64MiB",
              "-memory.allowedPercent=40",
              "-search.maxConcurrentRequests=4",
              "-search.maxQueryDuration=30s",
              // By default it is half a minute until a figure is shown.
              "-search.latencyOffset=5s",
              `-vmui.customDashboardsPath=${DASHBOARDS_PATH}`,
              pulumi.interpolate`-vmalert.proxyURL=http://${hostOf(ALERTS, ALERTS_PORT)}`,
              "-selfScrapeInterval=0",
              "-loggerLevel=WARN",
              "-http.header.frameOptions=SAMEORIGIN",
              "-http.disableCORS",
              ...["delete", "snapshot", "forceMerge", "reload"].map((what) => `-${what}AuthKey=${keyFile}`),
            ],
            env: [goMemoryLimit(args.resources)],
            ports: { http: STORE_PORT },
            serviceAccountName: storeAccount,
            resources: args.resources,
            probes: httpProbes(STORE_PORT, "/health"),
            config: pulumi.all([scrape, JSON.stringify(dashboards), key.fingerprint]).apply((all) => all.join("\n")),
            volumes: [
              { name: "settings", configMap: { name: settings.metadata.name } },
              { name: "dashboards", configMap: { name: dashboardsName } },
              ...volumes,
            ],
            mounts: [
              { name: DATA_VOLUME, mountPath: DATA_PATH },
              { name: "settings", mountPath: SETTINGS_PATH, readOnly: true },
              { name: "dashboards", mountPath: DASHBOARDS_PATH, readOnly: true },
              ...mounts,
            ],
            scratch: ["/tmp"],
          },
        },
        childOptions,
      );
    }

    function createExporter(): k8s.apps.v1.Deployment {
      const own = { namespace, labels: labels(EXPORTER, ASKER), selector: selector(EXPORTER, ASKER) };
      service(EXPORTER, { ...own, ports: { http: EXPORTER_PORT } }, childOptions);
      const list = (apiGroups: string[], resources: string[]) => ({ apiGroups, resources, verbs: ["list"] });
      const rules = [list([""], ["pods"]), list(["batch"], ["jobs", "cronjobs"])];
      const account = readerAccount(EXPORTER, { namespace, component: ASKER, quarters, rules }, childOptions);
      return deployment(
        {
          name: EXPORTER,
          namespace,
          replicas: 1,
          strategy: "RollingUpdate",
          pod: {
            service: EXPORTER,
            component: ASKER,
            reaches: args.watches.flatMap(({ reaches }) => reaches),
            image: args.toolsImage,
            command: ["node", "--max-old-space-size=64", "/opt/millrace/components/metrics/programs/exporter.ts"],
            env: [
              ...toldEnv("WATCH_CONFIG", args.watches),
              { name: "NAMESPACES", value: namespaces.apply((all) => all.join(",")) },
              { name: "PORT", value: String(EXPORTER_PORT) },
              API_SERVER_CA,
            ],
            ports: { http: EXPORTER_PORT },
            serviceAccountName: account,
            resources: args.helperResources,
            probes: httpProbes(EXPORTER_PORT, "/healthz"),
            scratch: ["/tmp"],
          },
        },
        childOptions,
      );
    }

    function createAlerts(): k8s.apps.v1.Deployment {
      const own = { namespace, labels: labels(ALERTS, WATCHER), selector: selector(ALERTS, WATCHER) };
      configMap(ALERTS, { ...own, data: { "alerts.yaml": rules } }, childOptions);
      service(ALERTS, { ...own, ports: { http: ALERTS_PORT } }, childOptions);
      return deployment(
        {
          name: ALERTS,
          namespace,
          replicas: 1,
          strategy: "Recreate",
          pod: {
            service: ALERTS,
            component: WATCHER,
            reaches: [at, ...(notifySecret === undefined ? [] : [notifierAt])],
            image: args.image,
            uid: UID,
            command: ["/vmalert-prod"],
            args: [
              `-rule=${SETTINGS_PATH}/alerts.yaml`,
              `-httpListenAddr=:${ALERTS_PORT}`,
              pulumi.interpolate`-datasource.url=${url}`,
              // What is wrong is kept, too, so that a restart forgets nothing of how long it has been so.
              pulumi.interpolate`-remoteWrite.url=${url}`,
              pulumi.interpolate`-remoteRead.url=${url}`,
              notifySecret === undefined
                ? "-notifier.blackhole"
                : pulumi.interpolate`-notifier.url=http://${hostOf(NOTIFIER, NOTIFIER_PORT)}`,
              "-loggerLevel=WARN",
            ],
            env: [goMemoryLimit(args.helperResources)],
            ports: { http: ALERTS_PORT },
            resources: args.helperResources,
            probes: httpProbes(ALERTS_PORT, "/health"),
            config: rules,
            volumes: [{ name: "settings", configMap: { name: ALERTS } }],
            mounts: [{ name: "settings", mountPath: SETTINGS_PATH, readOnly: true }],
            scratch: ["/tmp"],
          },
        },
        { ...childOptions, dependsOn: [store, ...(notifier ? [notifier] : [])] },
      );
    }

    function createProxy(): PublishedAddress {
      const own = { namespace, labels: labels(PROXY, DOOR), selector: selector(PROXY, DOOR) };
      const config = pulumi.output(url).apply((known) => JSON.stringify(proxyConfig(known), null, 2));
      configMap(PROXY, { ...own, data: { "auth.yaml": config } }, childOptions);
      service(PROXY, { ...own, ports: { http: PROXY_PORT } }, childOptions);
      deployment(
        {
          name: PROXY,
          namespace,
          replicas: 1,
          strategy: "RollingUpdate",
          pod: {
            service: PROXY,
            component: DOOR,
            reaches: [at],
            image: args.image,
            command: ["/vmauth-prod"],
            args: [
              `-auth.config=${SETTINGS_PATH}/auth.yaml`,
              `-httpListenAddr=:${PROXY_PORT}`,
              // Its own pages, at a port that is not published.
              `-httpInternalListenAddr=:${PROXY_PORT + 1}`,
              "-loggerLevel=WARN",
            ],
            env: [goMemoryLimit(args.helperResources)],
            ports: { http: PROXY_PORT, internal: PROXY_PORT + 1 },
            resources: args.helperResources,
            probes: httpProbes(PROXY_PORT + 1, "/health"),
            config,
            volumes: [{ name: "settings", configMap: { name: PROXY } }],
            mounts: [{ name: "settings", mountPath: SETTINGS_PATH, readOnly: true }],
            scratch: ["/tmp"],
          },
        },
        { ...childOptions, dependsOn: [store] },
      );
      return publish(
        args.exposure,
        {
          ...own,
          service: PROXY,
          publishedAs: name,
          nodePort: "metrics",
          port: PROXY_PORT,
          title: "Metrics",
          scheme: "http",
        },
        childOptions,
      );
    }

    function createNotifier(secretName: string): k8s.apps.v1.Deployment {
      const own = { namespace, labels: labels(NOTIFIER, TELLER), selector: selector(NOTIFIER, TELLER) };
      service(NOTIFIER, { ...own, ports: { http: NOTIFIER_PORT } }, childOptions);
      return deployment(
        {
          name: NOTIFIER,
          namespace,
          replicas: 1,
          strategy: "Recreate",
          pod: {
            service: NOTIFIER,
            component: TELLER,
            // Where mail and webhooks go, only the Secret says: any address, at these ports.
            reaches: [outsideAt(["alert-receivers"], args.notifyPorts ?? NOTIFY_PORTS, "who is told of alerts")],
            image: args.image,
            uid: UID,
            command: ["/alertmanager"],
            args: [
              `--config.file=${SETTINGS_PATH}/alertmanager.yaml`,
              `--web.listen-address=:${NOTIFIER_PORT}`,
              "--storage.path=/tmp/alertmanager",
              // One alone needs no others.
              "--cluster.listen-address=",
            ],
            env: [goMemoryLimit(args.helperResources)],
            ports: { http: NOTIFIER_PORT },
            resources: args.helperResources,
            probes: httpProbes(NOTIFIER_PORT, "/-/healthy"),
            volumes: [{ name: "settings", secret: { secretName } }],
            mounts: [{ name: "settings", mountPath: SETTINGS_PATH, readOnly: true }],
            scratch: ["/tmp"],
          },
        },
        childOptions,
      );
    }
  }
}
