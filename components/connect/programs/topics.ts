/** Topics that Connect's workers and connectors work with. */

/** What the workers share: connectors with their settings, how far sources are, and how tasks are. */
export const internalTopics = {
  config: { name: "connect-configs", partitions: 1 },
  offset: { name: "connect-offsets", partitions: 5 },
  status: { name: "connect-status", partitions: 3 },
} as const;

/** By which the tasks of Iceberg's sinks agree on commits. */
export const CONTROL_TOPIC = "connect-control";

/** Where records go that a connector can't take, each with its reason. */
export const DEAD_LETTER_TOPIC = "connect-dead-letter";
