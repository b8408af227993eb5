import type { Recipe } from "../../../platform/images/recipe.ts";
import { s3aRoots } from "../../spark/image/s3a.ts";
import { sparkVersions } from "../../spark/image/versions.ts";
import { flinkVersions as versions } from "./versions.ts";

const alone = [
  `org.apache.flink:flink-s3-fs-hadoop:${versions.flink}`,
  `org.apache.flink:flink-sql-gateway:${versions.flink}`,
  `org.apache.flink:flink-sql-gateway-api:${versions.flink}`,
  `org.apache.flink:flink-sql-connector-kafka:${versions.kafkaConnector}`,
  `org.apache.iceberg:iceberg-flink-runtime-2.1:${versions.iceberg}`,
  `org.apache.hadoop:hadoop-client-api:${sparkVersions.hadoop}`,
  `org.apache.hadoop:hadoop-client-runtime:${sparkVersions.hadoop}`,
  ...["metastore", "common", "serde", "shims"].map((part) => `org.apache.hive:hive-${part}:${versions.hive}`),
  ...["common", "0.23"].map((part) => `org.apache.hive.shims:hive-shims-${part}:${versions.hive}`),
  `org.apache.thrift:libthrift:${versions.thrift}`,
  `org.apache.thrift:libfb303:${versions.fb303}`,
  "commons-lang:commons-lang:2.6",
  "com.google.guava:guava:33.4.8-jre",
  "com.google.guava:failureaccess:1.0.3",
];

const recipe: Recipe = {
  pypiSource: `apache-flink-libraries==${versions.flink}`,
  maven: {
    roots: [
      ...alone.map((coordinates) => ({ coordinates, transitive: false })),
      ...s3aRoots,
      { coordinates: `org.apache.cassandra:java-driver-core:${versions.cassandraDriver}` },
    ],
    // Flink has the first; the driver does without the others as long as nobody asks for graphs, shapes, its own reports
    // or a clock of microseconds.
    without: [
      "org.slf4j:*",
      "com.esri.geometry:*",
      "org.apache.tinkerpop:*",
      "com.github.jnr:*",
      "com.github.spotbugs:*",
      "com.github.stephenc.jcip:*",
    ],
  },
};
export default recipe;
