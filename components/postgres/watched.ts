/** What is watched of PostgreSQL. */
import type { Watched } from "../../platform/watching.ts";

export const postgresWatched: Watched = {
  panels: [
    {
      title: "Connections",
      lines: { "{{datname}}": "pg_stat_database_numbackends", "at most": "pg_settings_max_connections" },
    },
    {
      title: "Transactions",
      unit: "/s",
      lines: {
        "{{datname}}": "rate(pg_stat_database_xact_commit[5m])",
        "{{datname}} rolled back": "rate(pg_stat_database_xact_rollback[5m]) > 0",
      },
    },
    { title: "Size", unit: "bytes", lines: { "{{datname}}": "pg_database_size_bytes" } },
    {
      title: "Blocks found in memory",
      unit: "%",
      lines: {
        "{{datname}}":
          "100 * rate(pg_stat_database_blks_hit[5m]) / (rate(pg_stat_database_blks_hit[5m]) + rate(pg_stat_database_blks_read[5m]))",
      },
    },
    {
      title: "Transactions that are open for over a minute",
      unit: "seconds",
      lines: { "{{usename}} {{application}}": "pg_longest_transaction_seconds" },
    },
    { title: "Locks that are waited for", lines: { waiting: "pg_locks_waiting" } },
  ],
  alerts: [
    {
      name: "PostgresConnectionsFull",
      expr: "sum(pg_stat_database_numbackends) > 0.9 * max(pg_settings_max_connections)",
      forMinutes: 2,
      severity: "critical",
      summary: "{{ $value }} connections to PostgreSQL are open, which is nearly all that it takes.",
      runbook:
        "Who has them is in the dashboard of PostgreSQL, by database; a service that opens too many is restarted.",
    },
    {
      name: "PostgresTransactionOld",
      expr: "pg_longest_transaction_seconds > 3600",
      forMinutes: 5,
      severity: "warning",
      summary:
        "A transaction of {{ $labels.usename }} in PostgreSQL has been open for over an hour, and no row that changed since is cleaned up.",
      runbook: "The service of that name hangs: restarting its pod ends the transaction.",
    },
  ],
};
