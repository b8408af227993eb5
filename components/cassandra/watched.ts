/** What is watched of Cassandra. */
import type { Watched } from "../../platform/watching.ts";

const table = "{{keyspace}}.{{table}}";

export const cassandraWatched: Watched = {
  panels: [
    {
      title: "Requests",
      unit: "/s",
      lines: {
        [`${table} read`]: "sum(rate(cassandra_table_reads_total[5m])) by (keyspace, table)",
        [`${table} written`]: "sum(rate(cassandra_table_writes_total[5m])) by (keyspace, table)",
      },
    },
    {
      title: "Slowest of a hundred requests",
      unit: "seconds",
      lines: {
        [`${table} read`]: "max(cassandra_table_read_seconds_p99) by (keyspace, table)",
        [`${table} written`]: "max(cassandra_table_write_seconds_p99) by (keyspace, table)",
      },
    },
    {
      title: "Disk",
      unit: "bytes",
      lines: { [table]: "sum(cassandra_table_disk_bytes) by (keyspace, table)" },
    },
    {
      title: "Tombstones in a read",
      lines: { [table]: "max(cassandra_table_tombstones_per_read_p99) by (keyspace, table)" },
    },
    { title: "Tasks that wait", lines: { "{{pool}} {{node}}": "cassandra_pool_pending_tasks > 0" } },
    { title: "Connections", lines: { "{{user}}": "sum(cassandra_connections) by (user)" } },
  ],
  alerts: [
    {
      name: "CassandraTasksWait",
      expr: 'cassandra_pool_pending_tasks{pool=~"CompactionExecutor|MutationStage|ReadStage|MemtableFlushWriter"} > 100',
      forMinutes: 10,
      severity: "warning",
      summary: "{{ $value }} tasks of {{ $labels.pool }} wait on Cassandra's node {{ $labels.node }}.",
      runbook: "Its disk or its CPU is too slow for what comes: write less, or raise services.cassandra.resources.",
    },
    {
      name: "CassandraTombstones",
      expr: "max(cassandra_table_tombstones_per_read_p99) by (keyspace, table) > 1000",
      forMinutes: 10,
      severity: "warning",
      summary: "Reads of {{ $labels.keyspace }}.{{ $labels.table }} pass over {{ $value }} deleted cells and get slow.",
      runbook:
        "Read less of a partition at a time, or delete whole partitions; rows with a time to live want time windows.",
    },
  ],
};
