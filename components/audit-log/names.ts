/** Names that several parts of the audit log's room use. */

/** Service of what asks what people did, and its port. */
export const AUDIT_LOG = "audit-log";
export const AUDIT_PORT = 8080;
/** In whose name its statements run, and its role in databases. */
export const AUDITOR = "audit_log";
