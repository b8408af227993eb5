/** What Presto can query: each catalog is the settings of one connector, made from the endpoints that it reads. */
import * as pulumi from "@pulumi/pulumi";
import type { CassandraEndpoint } from "../cassandra/endpoint.ts";
import type { CatalogEndpoint } from "../catalog/endpoint.ts";
import type { KafkaEndpoint } from "../kafka/endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { Destination } from "../../platform/network.ts";
import { awsKeyEnv, s3Trust, s3Url } from "../object-store/s3-settings.ts";
import type { Trust } from "../../platform/trust.ts";
import { type EnvVar, secretEnv } from "../../platform/workload.ts";

/** A catalog of Presto, without any secret in its settings. */
export interface PrestoCatalog {
  /** What its connector connects to. */
  readonly reaches: readonly Destination[];
  /** Text of `etc/catalog/<name>.properties`. */
  readonly properties: pulumi.Output<string>;
  /** Environment that its connector reads keys from; the same for all S3 catalogs of one Presto. */
  readonly env: readonly EnvVar[];
  /** Authority that its connector trusts; the same for all catalogs of one Presto. @default - the public ones */
  readonly trust?: Trust;
}

/** Java's form of settings, sorted so that equal settings are equal texts. */
export function javaProperties(settings: Readonly<Record<string, string>>): string {
  return Object.keys(settings)
    .sort()
    .map((key) => `${key}=${settings[key] ?? ""}\n`)
    .join("");
}

/** The Iceberg tables that a metastore knows, read and written with Presto's own key. */
export function icebergCatalog(args: {
  readonly catalog: CatalogEndpoint;
  readonly objectStore: S3Endpoint;
}): PrestoCatalog {
  const { catalog, objectStore } = args;
  return {
    properties: settingsText({
      "connector.name": "iceberg",
      "iceberg.catalog.type": "HIVE",
      "hive.metastore.uri": catalog.uri,
      "hive.s3.endpoint": s3Url(objectStore),
      "hive.s3.path-style-access": String(objectStore.pathStyle),
      "hive.s3.ssl.enabled": objectStore.protocol.apply((protocol) => String(protocol === "https")),
    }),
    env: awsKeyEnv(objectStore),
    ...s3Trust(objectStore, "java"),
    reaches: [catalog.at, objectStore.at],
  };
}

/**
 * The topics of a Kafka cluster as tables with the columns of a record.
 * @throws RunError for a cluster with TLS or a login: Presto's connector would need its password in a file.
 */
export function kafkaCatalog(args: {
  readonly kafka: KafkaEndpoint;
  readonly topics: readonly pulumi.Input<string>[];
}): PrestoCatalog {
  if (args.kafka.securityProtocol !== "PLAINTEXT") {
    throw new pulumi.RunError(
      `presto: a catalog of Kafka's topics needs securityProtocol PLAINTEXT, and this cluster's is ${args.kafka.securityProtocol}; ` +
        "query the tables of the lake, or give Presto a listener without TLS and login",
    );
  }
  return {
    properties: settingsText({
      "connector.name": "kafka",
      "kafka.nodes": args.kafka.bootstrapServers,
      "kafka.table-names": pulumi.all([...args.topics]).apply((topics) => topics.join(",")),
      "kafka.hide-internal-columns": "false",
    }),
    env: [],
    reaches: [args.kafka.at],
  };
}

/** The tables of a Cassandra cluster, with the rights of Presto's own role. */
export function cassandraCatalog(args: { readonly cassandra: CassandraEndpoint }): PrestoCatalog {
  const { contactPoints, port, user, password } = args.cassandra;
  return {
    properties: settingsText({
      "connector.name": "cassandra",
      "cassandra.contact-points": contactPoints,
      "cassandra.native-protocol-port": port.apply(String),
      "cassandra.load-policy.use-dc-aware": "true",
      "cassandra.load-policy.dc-aware.local-dc": args.cassandra.datacenter,
      "cassandra.consistency-level": "LOCAL_QUORUM",
      // By default a query waits a minute for a cluster that is away.
      "cassandra.no-host-available-retry-timeout": "10s",
      "cassandra.username": user,
      "cassandra.password": "${ENV:CASSANDRA_PASSWORD}",
    }),
    env: [secretEnv("CASSANDRA_PASSWORD", password.secretName, password.key)],
    reaches: [args.cassandra.at],
  };
}

function settingsText(settings: Readonly<Record<string, pulumi.Input<string>>>): pulumi.Output<string> {
  return pulumi.output({ ...settings }).apply((values) => javaProperties(values));
}
