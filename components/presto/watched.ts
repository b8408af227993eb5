/** What is watched of Presto. */
import type { Watched } from "../../platform/watching.ts";

export const prestoWatched: Watched = {
  panels: [
    {
      title: "Queries",
      lines: {
        running: "presto_running_queries",
        queued: "presto_queued_queries",
        blocked: "presto_blocked_queries",
      },
    },
    { title: "Rows read", unit: "/s", lines: { rows: "rate(presto_total_input_rows[5m])" } },
    { title: "Bytes read", unit: "bytes/s", lines: { bytes: "rate(presto_total_input_bytes[5m])" } },
    { title: "CPU of queries", unit: "cores", lines: { cores: "rate(presto_total_cpu_time_secs[5m])" } },
    { title: "Memory of queries", unit: "bytes", lines: { reserved: "presto_reserved_memory" } },
    { title: "Workers", lines: { workers: "presto_active_workers" } },
  ],
  alerts: [
    {
      name: "PrestoQueriesWait",
      expr: "presto_queued_queries > 0",
      forMinutes: 10,
      severity: "warning",
      summary: "{{ $value }} queries have waited for Presto for 10 minutes.",
      runbook:
        "Long queries hold the memory: Presto's page shows them and ends one. More memory: services.presto.memory.",
    },
  ],
};
