/** Names that several parts of the metrics' room use. */

/** Service of the store, and its port. */
export const STORE = "metrics";
export const STORE_PORT = 8428;
/** Service of what lets people read, and its port. */
export const PROXY = "metrics-proxy";
export const PROXY_PORT = 8427;
/** Service of what asks services that have no figures to read, and its port. */
export const EXPORTER = "metrics-exporter";
export const EXPORTER_PORT = 8080;
/** Service of what looks for what is wrong, and its port. */
export const ALERTS = "metrics-alerts";
export const ALERTS_PORT = 8880;
/** Service of what tells people, and its port. */
export const NOTIFIER = "metrics-notifier";
export const NOTIFIER_PORT = 9093;
