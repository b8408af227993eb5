/** Endpoints and settings that component specs hand in. */
import * as pulumi from "@pulumi/pulumi";
import type { Exposure } from "../../platform/exposure.ts";
import type { CatalogEndpoint } from "../../components/catalog/endpoint.ts";
import type { KafkaEndpoint, TopicEndpoint } from "../../components/kafka/endpoint.ts";
import type { S3Endpoint } from "../../components/object-store/endpoint.ts";
import type { PostgresEndpoint } from "../../components/postgres/endpoint.ts";
import type { PrestoEndpoint } from "../../components/presto/endpoint.ts";
import { outsideAt } from "../../platform/network.ts";
import { existingKafka } from "../../components/kafka/kafka.ts";
import { existingObjectStore } from "../../components/object-store/object-store.ts";
import type { Inputs } from "./mocks.ts";

export const nodePorts: Exposure = {
  kind: "nodePort",
  host: "127.0.0.1",
  ports: {
    kafka: 30092,
    objectStore: 30900,
    objectStoreConsole: 30901,
    presto: 30080,
    sparkUi: 30040,
    sparkHistory: 30041,
    airflow: 30180,
    jupyterhub: 30800,
    display: 30300,
  },
};

export const s3 = (consumer = "spark"): S3Endpoint =>
  existingObjectStore({
    protocol: "http",
    host: "s3.example",
    port: 9000,
    region: "eu-1",
    pathStyle: true,
    secretNames: { [consumer]: `key-${consumer}` },
  }).access(consumer);

export const kafka = (): KafkaEndpoint =>
  existingKafka({ bootstrapServers: "kafka.example:9092", securityProtocol: "PLAINTEXT" });

export const topic = (): TopicEndpoint => ({
  kind: "topic",
  kafka: kafka(),
  topic: pulumi.output("telemetry"),
  partitions: 3,
  ready: [],
});

export const catalog = (): CatalogEndpoint => ({
  kind: "hive-metastore",
  uri: pulumi.output("thrift://metastore.example:9083"),
  warehouse: pulumi.output("s3a://lake/warehouse"),
  at: outsideAt(["metastore.example"], [9083], "tables of the lake"),
  ready: [],
});

export const postgres = (database: string): PostgresEndpoint => ({
  kind: "postgres",
  host: pulumi.output("postgres.example"),
  port: pulumi.output(5432),
  database,
  at: outsideAt(["postgres.example"], [5432], "PostgreSQL"),
  user: database,
  password: { secretName: pulumi.output(`postgres-role-${database}`), key: "password" },
  ready: [],
});

export const presto = (): PrestoEndpoint => ({
  kind: "presto",
  url: pulumi.output("http://presto.example:8080"),
  catalogs: ["lake"],
  at: outsideAt(["presto.example"], [8080], "queries"),
  ready: [],
});

export const resources = { requests: { cpu: "100m", memory: "256Mi" }, limits: { cpu: "1", memory: "1000Mi" } };

/** Environment of a workload's only container, by name; values from elsewhere as `secret/key` or the field's path. */
export function envOf(inputs: Inputs): Record<string, string> {
  return Object.fromEntries(
    inputs.spec.template.spec.containers[0].env.map(({ name, value, valueFrom }) => {
      const secret = valueFrom?.secretKeyRef;
      const elsewhere = secret === undefined ? valueFrom?.fieldRef?.fieldPath : `${secret.name}/${secret.key}`;
      return [name, value ?? elsewhere ?? ""];
    }),
  );
}
