/** What is watched of ZooKeeper. */
import type { Watched } from "../../platform/watching.ts";

export const zookeeperWatched: Watched = {
  panels: [
    { title: "Nodes", lines: { nodes: "zookeeper_znode_count" } },
    { title: "Data", unit: "bytes", lines: { data: "zookeeper_approximate_data_size" } },
    { title: "Connections", lines: { connections: "zookeeper_num_alive_connections" } },
    { title: "Requests that wait", lines: { waiting: "zookeeper_outstanding_requests" } },
    { title: "Answers, in ms", lines: { mean: "zookeeper_avg_latency", longest: "zookeeper_max_latency" } },
  ],
  alerts: [
    {
      name: "ZooKeeperSlow",
      expr: "zookeeper_outstanding_requests > 100",
      forMinutes: 5,
      severity: "warning",
      summary: "{{ $value }} requests wait for ZooKeeper.",
      runbook: "Its disk is slow, or its members are busy: npm run status shows both.",
    },
  ],
};
