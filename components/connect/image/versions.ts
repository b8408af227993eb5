export const connectVersions = {
  iceberg: "1.12.0",
  /** No 1.12 of the part that speaks to a metastore is on Maven Central. */
  icebergHive: "1.11.0",
  /** The client that Iceberg's part is compiled against; Spark's is the same. */
  hive: "2.3.10",
  hiveStorage: "2.8.1",
  /** What Hive 2.3.10 is compiled against. */
  thrift: "0.16.0",
  /** That of S3A in the other images, so that its jars are downloaded once. */
  awsSdk: "2.29.52",
} as const;
