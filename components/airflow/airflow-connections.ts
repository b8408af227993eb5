/** Airflow's connections, made from endpoints: a DAG names one by its id and finds host, port and keys in it. */
import * as pulumi from "@pulumi/pulumi";
import type { KafkaEndpoint } from "../kafka/endpoint.ts";
import { kafkaSecretEnv } from "../kafka/kafka-env.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { PrestoEndpoint } from "../presto/endpoint.ts";
import type { SparkConnectEndpoint } from "../spark-connect/endpoint.ts";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import { type Destination, destinationsOf } from "../../platform/network.ts";
import { s3Url } from "../object-store/s3-settings.ts";
import { type EnvVar, secretEnv } from "../../platform/workload.ts";

/** Id of the connection that Airflow itself uses, for its logs and the people's DAGs. */
export const OWN_S3_CONNECTION = "s3_logs";
const OWN_ACCESS_KEY = "AIRFLOW_S3_ACCESS_KEY";
const OWN_SECRET_KEY = "AIRFLOW_S3_SECRET_KEY";
const OWN_SESSION_TOKEN = "AIRFLOW_S3_SESSION_TOKEN";
const SPARK_TOKEN = "AIRFLOW_SPARK_TOKEN";

/** What DAGs connect to; a service that is not there has no connection. */
export interface AirflowConnections {
  readonly kafka?: KafkaEndpoint;
  readonly presto?: PrestoEndpoint;
  readonly spark?: SparkConnectEndpoint;
  readonly objectStore: S3Endpoint;
}

/** What DAGs connect to, for the network. */
export function connected({ kafka, presto, spark, objectStore }: AirflowConnections): Destination[] {
  return destinationsOf([kafka, presto, spark, objectStore]);
}

/** One connection in Airflow's own words. */
export interface AirflowConnection {
  readonly conn_type: string;
  readonly host?: string;
  readonly port?: number;
  readonly login?: string;
  readonly password?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The parts of a key, or what Kubernetes replaces by them. */
interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
}

/** An S3 connection. Without keys a task uses those of its environment: its DAG's own. */
export function s3Connection(settings: {
  readonly url: string;
  readonly region: string;
  readonly pathStyle: boolean;
  /** Keys, or what Kubernetes replaces by them. @default - those of the environment */
  readonly keys?: S3Keys;
}): AirflowConnection {
  return {
    conn_type: "aws",
    ...(settings.keys === undefined ? {} : { login: settings.keys.accessKey, password: settings.keys.secretKey }),
    extra: {
      endpoint_url: settings.url,
      region_name: settings.region,
      config_kwargs: { s3: { addressing_style: settings.pathStyle ? "path" : "virtual" } },
      ...(settings.keys?.sessionToken !== undefined && { aws_session_token: settings.keys.sessionToken }),
    },
  };
}

/**
 * A Kafka connection: its settings are those of librdkafka. What opens the cluster is in the environment of every pod
 * (`KAFKA_USERNAME`, `KAFKA_PASSWORD`, `KAFKA_CA`), and `sitecustomize.py` puts it in: a password may have any character, and
 * Kubernetes would put it into the JSON as it is.
 */
export function kafkaConnection(
  bootstrapServers: string,
  { securityProtocol, login }: Pick<KafkaEndpoint, "securityProtocol" | "login">,
): AirflowConnection {
  return {
    conn_type: "kafka",
    extra: {
      "bootstrap.servers": bootstrapServers,
      "security.protocol": securityProtocol,
      ...(login && { "sasl.mechanism": login.mechanism }),
    },
  };
}

/** A connection to Presto. @param url `http://host:port`. @param catalog Catalog of names without one. */
export function prestoConnection(url: string, catalog: string | undefined): AirflowConnection {
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol.replace(":", "");
  return {
    conn_type: "presto",
    host: hostname,
    port: port === "" ? (scheme === "https" ? 443 : 80) : Number(port),
    login: "airflow",
    extra: { protocol: scheme, ...(catalog === undefined ? {} : { catalog }) },
  };
}

/** A connection to Spark Connect. @param url `sc://host:port`. @param token The token, or what Kubernetes replaces by it. */
export function sparkConnection(url: string, token?: string): AirflowConnection {
  const [, host = "", port = "15002"] = /^sc:\/\/([^:/]+)(?::(\d+))?/.exec(url) ?? [];
  return {
    conn_type: "spark_connect",
    host: `sc://${host}`,
    port: Number(port),
    ...(token === undefined ? {} : { password: token }),
  };
}

/** Name of the environment variable in which Airflow looks for a connection. */
export function connectionVariable(id: string): string {
  return `AIRFLOW_CONN_${id.toUpperCase()}`;
}

/**
 * The environment with all connections. Keys stand before the connections that they belong to, because Kubernetes puts
 * `$(NAME)` together from what stands before it.
 * @param own Where Airflow keeps logs, with its own key.
 * @param sparkToken What Spark Connect asks for. @default - nothing is shown to it
 */
export function connectionEnv(connections: AirflowConnections, own: S3Endpoint, sparkToken?: SecretKeyRef): EnvVar[] {
  const { kafka, presto, spark, objectStore } = connections;
  const variable = (id: string, connection: pulumi.Output<AirflowConnection>): EnvVar => ({
    name: connectionVariable(id),
    value: connection.apply((value) => JSON.stringify(value)),
  });
  const s3 = (endpoint: S3Endpoint, keys?: S3Keys): pulumi.Output<AirflowConnection> =>
    pulumi
      .all([s3Url(endpoint), endpoint.region])
      .apply(([url, region]) =>
        s3Connection({ url, region, pathStyle: endpoint.pathStyle, ...(keys === undefined ? {} : { keys }) }),
      );
  const { secretName, accessKeyField, secretKeyField, sessionTokenField } = own.credentials;
  const keys: S3Keys = {
    accessKey: `$(${OWN_ACCESS_KEY})`,
    secretKey: `$(${OWN_SECRET_KEY})`,
    ...(sessionTokenField !== undefined && { sessionToken: `$(${OWN_SESSION_TOKEN})` }),
  };
  return [
    secretEnv(OWN_ACCESS_KEY, secretName, accessKeyField),
    secretEnv(OWN_SECRET_KEY, secretName, secretKeyField),
    ...(sessionTokenField === undefined ? [] : [secretEnv(OWN_SESSION_TOKEN, secretName, sessionTokenField)]),
    ...(sparkToken === undefined ? [] : [secretEnv(SPARK_TOKEN, sparkToken.secretName, sparkToken.key)]),
    variable(OWN_S3_CONNECTION, s3(own, keys)),
    variable("s3", s3(objectStore)),
    ...(kafka === undefined
      ? []
      : [
          ...kafkaSecretEnv(kafka),
          variable(
            "kafka",
            kafka.bootstrapServers.apply((servers) => kafkaConnection(servers, kafka)),
          ),
        ]),
    ...(presto === undefined
      ? []
      : [
          variable(
            "presto",
            presto.url.apply((url) => prestoConnection(url, presto.catalogs[0])),
          ),
        ]),
    ...(spark === undefined
      ? []
      : [
          variable(
            "spark_connect",
            spark.url.apply((url) => sparkConnection(url, sparkToken === undefined ? undefined : `$(${SPARK_TOKEN})`)),
          ),
        ]),
  ];
}
