/** Which connector jars Spark needs for the endpoints that it is wired to, checked before anything is deployed. */
import type { CassandraEndpoint } from "../cassandra/endpoint.ts";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { KafkaEndpoint } from "../kafka/endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import { sparkVersions } from "./image/versions.ts";

/** A connector as Maven coordinates. */
export type SparkPackage = `${string}:${string}:${string}`;

type Kind = (KafkaEndpoint | S3Endpoint | CatalogEndpoint | CassandraEndpoint)["kind"];

/** Connectors in the platform's own Spark image. */
export const bakedPackages: readonly SparkPackage[] = [
  `org.apache.spark:spark-sql-kafka-0-10_2.13:${sparkVersions.spark}`,
  `org.apache.iceberg:iceberg-spark-runtime-${minor(sparkVersions.spark)}_2.13:${sparkVersions.iceberg}`,
  `org.apache.hadoop:hadoop-aws:${sparkVersions.hadoop}`,
  `com.datastax.spark:spark-cassandra-connector_2.13:${sparkVersions.cassandraConnector}`,
];

/** The artifact that a kind of endpoint needs; most are made for one minor version of Spark. */
const needed: Readonly<Record<Kind, (spark: string) => { artifact: string; sameVersion: boolean }>> = {
  kafka: () => ({ artifact: "org.apache.spark:spark-sql-kafka-0-10_2.13", sameVersion: true }),
  s3: () => ({ artifact: "org.apache.hadoop:hadoop-aws", sameVersion: false }),
  "hive-metastore": (spark) => ({
    artifact: `org.apache.iceberg:iceberg-spark-runtime-${minor(spark)}_2.13`,
    sameVersion: false,
  }),
  cassandra: () => ({ artifact: "com.datastax.spark:spark-cassandra-connector_2.13", sameVersion: false }),
};

/** What is missing or does not fit; empty when every kind of endpoint has its connector. */
export function sparkPackageProblems(
  sparkVersion: string,
  packages: readonly SparkPackage[],
  kinds: readonly Kind[],
): string[] {
  return kinds.flatMap((kind) => {
    const { artifact, sameVersion } = needed[kind](sparkVersion);
    const found = packages.find((name) => name.startsWith(`${artifact}:`));
    if (found === undefined) {
      return [
        `spark: a ${kind} endpoint needs ${artifact}, which the image's packages lack (${packages.join(", ")}); ` +
          "add it to the image and to the packages",
      ];
    }
    const version = found.slice(artifact.length + 1);
    if (!sameVersion || version === sparkVersion) return [];
    return [`spark: ${found} does not fit Spark ${sparkVersion}; use ${artifact}:${sparkVersion}`];
  });
}

function minor(version: string): string {
  return version.split(".").slice(0, 2).join(".");
}
