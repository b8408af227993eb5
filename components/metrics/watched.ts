/** What is watched of every pod, whatever it runs: the overview's panels, and the alerts of all services. */
import { CERTIFICATE_END } from "../../platform/certificate-watch.ts";
import type { Watched } from "../../platform/watching.ts";

export const everyPod: Watched = {
  panels: [
    {
      title: "CPU by service",
      unit: "cores",
      lines: { "{{pod}}": 'sum(rate(container_cpu_usage_seconds_total{container!=""})) by (pod)' },
    },
    {
      title: "Memory by pod",
      unit: "bytes",
      lines: { "{{pod}}": 'sum(container_memory_working_set_bytes{container!=""}) by (pod)' },
    },
    {
      title: "Network in",
      unit: "bytes/s",
      lines: { "{{pod}}": "sum(rate(container_network_receive_bytes_total)) by (pod)" },
    },
    {
      title: "Disk that is free, of each claim",
      unit: "bytes",
      lines: { "{{persistentvolumeclaim}}": "min(kubelet_volume_stats_available_bytes) by (persistentvolumeclaim)" },
    },
    {
      title: "Containers started anew in 15 minutes",
      lines: { "{{pod}} {{container}}": "increase(millrace_container_restarts_total[15m]) > 0" },
    },
    { title: "Pods that are not ready", lines: { "{{pod}}": "millrace_pod_ready == 0" } },
  ],
  alerts: [
    {
      name: "DiskFullIn24Hours",
      expr:
        "predict_linear(kubelet_volume_stats_available_bytes[1h], 24 * 3600) < 0 and " +
        "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes < 0.5",
      forMinutes: 15,
      severity: "warning",
      summary:
        "The disk of claim {{ $labels.persistentvolumeclaim }} is full within 24 hours if it goes on as in the last one.",
      runbook:
        "Make the claim larger (services.<name>.storage.size, then npm run up), or keep less: retention, old tables, old images.",
    },
    {
      name: "DiskFull",
      expr: "kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes < 0.05",
      forMinutes: 5,
      severity: "critical",
      summary: "The disk of claim {{ $labels.persistentvolumeclaim }} has less than 5 % left.",
      runbook: "Make room now: a full disk stops writes. npm run clean removes old images; then make the claim larger.",
    },
    {
      name: "CrashLoop",
      // Of a container that is seen for the first time nobody knows when it was started anew.
      // One that is gone is no fault any more.
      expr: "increase_prometheus(millrace_container_restarts_total[15m]) >= 3 and millrace_container_restarts_total",
      forMinutes: 0,
      severity: "critical",
      summary:
        "{{ $labels.container }} of pod {{ $labels.pod }} was started anew {{ $value }} times within 15 minutes.",
      runbook:
        "npm run logs -- --service {{ $labels.service }} --since 15m shows its last words; npm run status names the cause.",
    },
    {
      name: "PodNotReady",
      expr: "millrace_pod_ready == 0",
      forMinutes: 10,
      severity: "critical",
      summary: "Pod {{ $labels.pod }} has not been ready for 10 minutes.",
      runbook: "npm run status says why; npm run check names the first hop that lacks it.",
    },
    {
      name: "ScheduledJobFailed",
      expr: "millrace_cronjob_last_failed == 1",
      forMinutes: 0,
      severity: "warning",
      summary: "The last run of {{ $labels.cronjob }} failed.",
      runbook:
        "npm run logs -- --service {{ $labels.cronjob }} shows why. A failed backup is none: npm run backup makes one now.",
    },
    {
      name: "ScheduledJobLate",
      expr: "time() - millrace_cronjob_last_success_seconds > 26 * 3600 and millrace_cronjob_is_daily == 1",
      forMinutes: 30,
      severity: "warning",
      summary: "{{ $labels.cronjob }} has not ended well for more than a day.",
      runbook: "npm run logs -- --service {{ $labels.cronjob }} shows the last run; npm run backup makes a backup now.",
    },
    {
      name: "FiguresMissing",
      expr: "up == 0",
      forMinutes: 5,
      severity: "warning",
      summary: "The figures of {{ $labels.job }} at {{ $labels.instance }} can't be read.",
      runbook: "Alerts that need them are blind: look whether the pod runs (npm run status).",
    },
    {
      name: "CertificateEnds",
      expr: `${CERTIFICATE_END} - time() < 14 * 86400`,
      forMinutes: 0,
      severity: "warning",
      summary: "The certificate of {{ $labels.address }} ends within 14 days, or has ended.",
      runbook:
        "Whoever runs that server renews it. NiFi's own comes anew with npm run up once its Secret nifi-certificate is deleted.",
    },
    {
      name: "TooManySeries",
      expr:
        "increase(vm_hourly_series_limit_rows_dropped_total[10m]) > 0 or " +
        "increase(vm_daily_series_limit_rows_dropped_total[10m]) > 0",
      forMinutes: 0,
      severity: "critical",
      summary: "The store of metrics drops new series: it has as many as it may have in an hour or a day.",
      runbook:
        "Series that it has go on. Find the labels that have too many values in the metrics' page, Explore, Cardinality; it takes new ones again within the hour.",
    },
    {
      name: "PageHasTooManySeries",
      expr: "scrape_series_limit_samples_dropped > 0",
      forMinutes: 0,
      severity: "warning",
      summary:
        "Figures of {{ $labels.job }} at {{ $labels.instance }} are dropped: its page has more than 20000 series.",
      runbook: "Find the labels that have too many values in the metrics' page, Explore, Cardinality.",
    },
    {
      name: "ServiceDoesNotAnswer",
      expr: "millrace_watch_up == 0",
      forMinutes: 10,
      severity: "critical",
      summary: "{{ $labels.service }} does not say how it is.",
      runbook:
        "npm run status says whether its pods run; npm run logs -- --service metrics-exporter says what it answered.",
    },
  ],
};
