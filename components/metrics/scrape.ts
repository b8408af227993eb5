/** What the store reads, and how: a configuration of Prometheus as VictoriaMetrics takes it. JSON is YAML. */
import { METRICS_PATH_ANNOTATION, METRICS_PORT_ANNOTATION, PART_OF_LABEL } from "../../platform/names.ts";

export interface ScrapeArgs {
  /** Namespaces of the platform, with its own first. */
  readonly namespaces: readonly string[];
  /** `host:port` of what asks the services, and of what looks for what is wrong. */
  readonly exporter: string;
  readonly alerts: string;
  /** Whether the kubelets are asked. */
  readonly nodes: boolean;
}

/** Series of one target: what comes beyond them is dropped, and counted in `scrape_series_limit_samples_dropped`. */
const MOST_SERIES = 20_000;
const TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** Of the kubelet's thousands: what the dashboards and alerts need. */
const OF_CONTAINERS = [
  "container_cpu_usage_seconds_total",
  "container_cpu_cfs_throttled_periods_total",
  "container_memory_working_set_bytes",
  "container_spec_memory_limit_bytes",
  "container_network_receive_bytes_total",
  "container_network_transmit_bytes_total",
  "container_oom_events_total",
];

const annotation = (name: string): string =>
  `__meta_kubernetes_pod_annotation_${name.replaceAll(/[^A-Za-z0-9]/g, "_")}`;
const label = (name: string): string => `__meta_kubernetes_pod_label_${name.replaceAll(/[^A-Za-z0-9]/g, "_")}`;

/** Names of what is read beside pods that have a page of figures. */
export function scrapeJobs(nodes: boolean): string[] {
  return ["services", "alerts", "metrics", ...(nodes ? ["containers", "claims"] : [])];
}

export function scrapeConfig({ namespaces, exporter, alerts, nodes }: ScrapeArgs): object {
  const own = `^(${namespaces.join("|")})$`;
  return {
    global: { scrape_interval: "15s", scrape_timeout: "10s" },
    scrape_configs: [
      {
        job_name: "pods",
        series_limit: MOST_SERIES,
        kubernetes_sd_configs: [
          {
            role: "pod",
            namespaces: { names: namespaces },
            selectors: [{ role: "pod", label: `${PART_OF_LABEL}=millrace` }],
          },
        ],
        relabel_configs: [
          { source_labels: [annotation(METRICS_PORT_ANNOTATION)], regex: ".+", action: "keep" },
          {
            source_labels: [annotation(METRICS_PORT_ANNOTATION), "__meta_kubernetes_pod_container_port_number"],
            action: "keep_if_equal",
          },
          { source_labels: ["__meta_kubernetes_pod_phase"], regex: "Running", action: "keep" },
          { source_labels: [annotation(METRICS_PATH_ANNOTATION)], target_label: "__metrics_path__" },
          { source_labels: ["__meta_kubernetes_namespace"], target_label: "namespace" },
          { source_labels: ["__meta_kubernetes_pod_name"], target_label: "pod" },
          { source_labels: [label("app.kubernetes.io/name")], target_label: "service" },
          { source_labels: [label("app.kubernetes.io/component")], target_label: "component" },
          { source_labels: [label("app.kubernetes.io/name")], target_label: "job" },
        ],
      },
      {
        job_name: "services",
        honor_labels: true,
        series_limit: MOST_SERIES,
        static_configs: [{ targets: [exporter] }],
      },
      { job_name: "alerts", static_configs: [{ targets: [alerts] }] },
      { job_name: "metrics", static_configs: [{ targets: ["127.0.0.1:8428"] }] },
      ...(nodes
        ? [
            kubelet("containers", "/metrics/cadvisor", [
              { source_labels: ["__name__"], regex: OF_CONTAINERS.join("|"), action: "keep" },
              { source_labels: ["namespace"], regex: own, action: "keep" },
              { regex: "id|name|image|uid", action: "labeldrop" },
            ]),
            kubelet("claims", "/metrics", [
              { source_labels: ["__name__"], regex: "kubelet_volume_stats_.*_bytes", action: "keep" },
              { source_labels: ["namespace"], regex: own, action: "keep" },
            ]),
          ]
        : []),
    ],
  };
}

function kubelet(name: string, path: string, metricRelabels: readonly object[]): object {
  return {
    job_name: name,
    scheme: "https",
    metrics_path: path,
    scrape_interval: "30s",
    bearer_token_file: TOKEN,
    // A kubelet's certificate is its own, unless somebody has signed it.
    tls_config: { insecure_skip_verify: true },
    kubernetes_sd_configs: [{ role: "node" }],
    relabel_configs: [{ source_labels: ["__meta_kubernetes_node_name"], target_label: "node" }],
    metric_relabel_configs: metricRelabels,
  };
}
