/** Names that several parts of the logs' room use. */

/** Service of the store, and its port. */
export const STORE = "logs";
export const STORE_PORT = 9428;
/** Service of what collects, and its port. */
export const COLLECTOR = "logs-collector";
export const COLLECTOR_PORT = 8080;
