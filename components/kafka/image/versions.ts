export const kafkaVersions = {
  /** 4.4.0 lacks its command-line tools on Maven Central. */
  kafka: "4.3.1",
  /** The log binding that Kafka's jars leave out; same line as the `log4j-core` that Kafka brings. */
  log4j: "2.25.4",
  /** Newest client of the npm registry that speaks to Kafka 4 without native code. */
  kafkajs: "2.2.4",
} as const;
