/** The rooms that are asked what people did there, and the lines of logs that tell it. */
import type { AnyRoomAudit, AuditedLines } from "../platform/auditing.ts";
import { airflowAudit } from "./airflow/audit.ts";
import { authProxyLines } from "./auth-proxy/audit.ts";
import { jupyterhubLines } from "./jupyterhub/audit.ts";
import { prestoAudit } from "./presto/audit.ts";

export const roomAudits: readonly AnyRoomAudit[] = [prestoAudit, airflowAudit];

export const auditedLines: readonly AuditedLines[] = [...jupyterhubLines, ...authProxyLines];
