/** What is watched of the audit log. */
import type { Watched } from "../../platform/watching.ts";

export const auditLogWatched: Watched = {
  panels: [
    {
      title: "What people did, in 5 minutes",
      lines: { "{{source}}: {{action}}": "sum(increase(audit_deeds_total[5m])) by (source, action)" },
    },
    { title: "Entries that the table lacks", lines: { waiting: "audit_waiting" } },
  ],
  alerts: [
    {
      name: "AuditNotWritten",
      expr: "audit_late_seconds > 3600",
      forMinutes: 5,
      severity: "warning",
      summary: "Table audit.events should have been written over an hour ago.",
      runbook:
        "npm run logs -- --service audit-log says why it can't be written; what it lacks is kept and written later.",
    },
    {
      name: "AuditSourceSilent",
      expr: "audit_source_up == 0",
      forMinutes: 10,
      severity: "warning",
      summary: "What people do in {{ $labels.source }} is not known at present.",
      runbook: "npm run logs -- --service audit-log says what it answers; it is asked again for the same time.",
    },
  ],
};
