/** Names that several parts of NiFi's use. */

/** What was rejected, with the reason: a JSON object each. */
export const REJECTED_TOPIC = "nifi-rejected";
/** What publishers have delivered last. */
export const DELIVERIES_TOPIC = "nifi-deliveries";
/** Files below it are taken. */
export const DROP_PREFIX = "drop/";
/** The records of each file (`files/`) and post (`posts/`), as they went to Kafka. */
export const KEPT_PREFIX = "kept/";
/** Service of what watches over the flows, and its port. */
export const SUPERVISOR = "nifi-supervisor";
export const SUPERVISOR_PORT = 8080;
