import type { Recipe } from "../../../platform/images/recipe.ts";
import { s3aRoots } from "./s3a.ts";
import { sparkVersions as versions } from "./versions.ts";

/** What functions of people find on Spark's executors, of the versions that their notebooks have. */
export const executorLibraries = ["numpy"] as const;

/** What readers of records are held to; the image is only built when its own does as they say. */
export const readerCases = [
  "components/race-car/schemas/race.v1.json",
  "tests/platform/records/record-cases.json",
  "tests/components/race-windows/window-cases.json",
];

const recipe: Recipe = {
  pypiSource: `pyspark==${versions.spark}`,
  maven: {
    roots: [
      ...s3aRoots,
      { coordinates: `org.apache.spark:spark-sql-kafka-0-10_2.13:${versions.spark}`, transitive: false },
      {
        coordinates: `org.apache.spark:spark-token-provider-kafka-0-10_2.13:${versions.tokenProvider}`,
        transitive: false,
      },
      { coordinates: `org.apache.kafka:kafka-clients:${versions.kafkaClients}`, transitive: false },
      { coordinates: `org.apache.commons:commons-pool2:${versions.commonsPool2}`, transitive: false },
      { coordinates: `org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:${versions.iceberg}`, transitive: false },
      // Only for the checkpoints' files; what else it offers would bring every cloud's client along.
      { coordinates: `org.apache.spark:spark-hadoop-cloud_2.13:${versions.hadoopCloud}`, transitive: false },
      { coordinates: `com.datastax.spark:spark-cassandra-connector_2.13:${versions.cassandraConnector}` },
    ],
    // Spark has these itself, some newer: two versions of netty on one class path end in NoSuchMethodError.
    without: [
      "io.netty:*",
      "org.apache.httpcomponents:*",
      "commons-codec:commons-codec",
      "commons-logging:commons-logging",
      "org.slf4j:slf4j-api",
      "com.thoughtworks.paranamer:paranamer",
      "io.dropwizard.metrics:metrics-core",
      "org.apache.commons:commons-lang3",
      "org.scala-lang:*",
      "org.scala-lang.modules:scala-parallel-collections_2.13",
    ],
  },
};
export default recipe;
