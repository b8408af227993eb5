export const sparkVersions = {
  /** Newest Spark with both a Kafka source and an Iceberg runtime on Maven Central. */
  spark: "4.1.3",
  /** Newest token provider for Spark 4.1; no final 4.1 release of it is on Maven Central. */
  tokenProvider: "4.1.0-preview1",
  /** Newest for Spark 4.1 on Maven Central. */
  hadoopCloud: "4.1.2",
  /** The client that Spark's Kafka source 4.1.3 is compiled against; it speaks to newer brokers. */
  kafkaClients: "3.9.1",
  /** The pool that Spark's Kafka source 4.1.3 is compiled against. */
  commonsPool2: "2.12.1",
  /** First runtime made for Spark 4.1. */
  iceberg: "1.12.0",
  /** Newest; made for Spark 3.5. Reading and appending work in 4.1, its extensions and its catalog's DDL do not. */
  cassandraConnector: "3.5.1",
  /** The Hadoop client that Spark 4.1.3 ships, so that S3A is the same code in Spark and in the metastore. */
  hadoop: "3.4.2",
} as const;
