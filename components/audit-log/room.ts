/** How the audit log is built. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import type { Watchable } from "../../platform/watchable.ts";
import type { Logs } from "../logs/logs.ts";
import type { Presto } from "../presto/presto.ts";
import { AuditLog } from "./audit-log.ts";
import type { auditLogHops } from "./hops.ts";
import { AUDIT_LOG } from "./names.ts";
import { auditLog, auditLogResources } from "./service.ts";

interface Wires {
  readonly logs: Logs;
  readonly presto: Presto | undefined;
  /** Those that there are: to be placed when nobody makes any more. */
  readonly audits: readonly Watchable[];
}

export const auditLogRoom = defineRoom({
  service: auditLog,
  without: ["presto"],
  build: ({ own, namespace, image, opts }, { logs, presto, audits }: Wires) =>
    new AuditLog(
      AUDIT_LOG,
      {
        namespace,
        toolsImage: image("tools"),
        resources: auditLogResources(own),
        logs: logs.endpoint,
        presto: presto?.endpoint,
        keepDays: own.keepDays,
        writeMinutes: own.writeMinutes,
        audits,
      },
      opts,
    ),
  offers: ({ url, at, ready }, _, { presto }) =>
    presto === undefined
      ? { waitFor: ready }
      : { proves: [proven<typeof auditLogHops>("auditLog", { settings: { url }, ready, reaches: [at] })] },
});
