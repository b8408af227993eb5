import type { MavenRoot, Recipe } from "../../../platform/images/recipe.ts";
import { kafkaVersions } from "../../kafka/image/versions.ts";
import { sparkVersions } from "../../spark/image/versions.ts";
import { connectVersions as versions } from "./versions.ts";

/** Hive's client for a metastore, without the server and the shell that its parts ask for. */
const hive: readonly string[] = [
  ...["hive-metastore", "hive-common", "hive-serde"].map((part) => `org.apache.hive:${part}:${versions.hive}`),
  ...["hive-shims-common", "hive-shims-0.23"].map((part) => `org.apache.hive.shims:${part}:${versions.hive}`),
  `org.apache.hive:hive-storage-api:${versions.hiveStorage}`,
  `org.apache.thrift:libthrift:${versions.thrift}`,
  "org.apache.thrift:libfb303:0.9.3",
  `org.apache.hadoop:hadoop-client-api:${sparkVersions.hadoop}`,
  `org.apache.hadoop:hadoop-client-runtime:${sparkVersions.hadoop}`,
  "commons-logging:commons-logging:1.2",
  "com.google.guava:guava:32.0.1-jre",
  "com.google.guava:failureaccess:1.0.1",
];

const roots: readonly MavenRoot[] = [
  { coordinates: `org.apache.kafka:connect-runtime:${kafkaVersions.kafka}` },
  { coordinates: `org.apache.logging.log4j:log4j-slf4j-impl:${kafkaVersions.log4j}` },
  { coordinates: `org.apache.iceberg:iceberg-kafka-connect:${versions.iceberg}` },
  { coordinates: `org.apache.iceberg:iceberg-parquet:${versions.iceberg}` },
  { coordinates: `org.apache.iceberg:iceberg-aws:${versions.iceberg}` },
  { coordinates: `org.apache.iceberg:iceberg-hive-metastore:${versions.icebergHive}` },
  ...hive.map((coordinates) => ({ coordinates, transitive: false })),
  { coordinates: `software.amazon.awssdk:s3:${versions.awsSdk}` },
  { coordinates: `software.amazon.awssdk:apache-client:${versions.awsSdk}` },
];

const recipe: Recipe = {
  maven: {
    roots,
    // Other formats and catalogs than the lake's, and a second HTTP client of the SDK.
    without: [
      "org.apache.orc:*",
      "org.threeten:*",
      "org.apache.httpcomponents.client5:*",
      "org.apache.httpcomponents.core5:*",
      "software.amazon.awssdk:netty-nio-client",
      "io.netty:*",
      "org.checkerframework:*",
      "com.google.errorprone:*",
    ],
  },
};
export default recipe;
