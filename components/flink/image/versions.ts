export const flinkVersions = {
  /** Newest for which Kafka's connector and Iceberg's runtime are on Maven Central. */
  flink: "2.3.0",
  /** Made for Flink 2.2; newest. */
  kafkaConnector: "5.0.0-2.2",
  /** Newest runtime for Flink 2, made for 2.1. */
  iceberg: "1.11.0",
  /** The metastore's client that Iceberg is made for: Spark speaks to the same metastore by it. */
  hive: "2.3.10",
  /** The Thrift that this client is compiled against. */
  thrift: "0.16.0",
  fb303: "0.9.3",
  /** Newest driver of Cassandra. */
  cassandraDriver: "4.19.4",
} as const;
