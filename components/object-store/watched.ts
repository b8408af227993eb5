/** What is watched of the object store. */
import type { Watched } from "../../platform/watching.ts";

const CLAIM = 'persistentvolumeclaim=~".*object-store.*"';
const POD = 'pod=~"object-store-.*"';

export const objectStoreWatched: Watched = {
  panels: [
    {
      title: "Disk",
      unit: "bytes",
      lines: {
        used: `sum(kubelet_volume_stats_used_bytes{${CLAIM}})`,
        "at most": `sum(kubelet_volume_stats_capacity_bytes{${CLAIM}})`,
      },
    },
    {
      title: "Bytes",
      unit: "bytes/s",
      lines: {
        in: `sum(rate(container_network_receive_bytes_total{${POD}}))`,
        out: `sum(rate(container_network_transmit_bytes_total{${POD}}))`,
      },
    },
    {
      title: "Time until it answers",
      unit: "seconds",
      lines: { answer: 'millrace_watch_seconds{service="objectStore"}' },
    },
    {
      title: "CPU",
      unit: "cores",
      lines: { cores: `sum(rate(container_cpu_usage_seconds_total{${POD},container!=""}))` },
    },
  ],
  // Those of every pod, claim and service are enough.
  alerts: [],
};
