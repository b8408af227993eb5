/**
 * The typed wires between components. An endpoint is what a component offers to others: where it is, how to speak to it,
 * and a *reference* to the Secret that opens it, never a password. A managed or existing service is the same endpoint
 * made from values, so its consumers do not change.
 */
import type { Output } from "@pulumi/pulumi";

/** A key pair kept in a Kubernetes Secret of the platform's namespace. */
export interface AccessKeyRef {
  /** Name of the Secret. */
  readonly secretName: Output<string>;
  /** Key in the Secret that holds the access key id. */
  readonly accessKeyField: string;
  /** Key in the Secret that holds the secret access key. */
  readonly secretKeyField: string;
}

/** One value kept in a Kubernetes Secret of the platform's namespace. */
export interface SecretKeyRef {
  /** Name of the Secret. */
  readonly secretName: Output<string>;
  /** Key in the Secret that holds the value. */
  readonly key: string;
}

/** An S3 API, seen with the rights of one consumer. */
export interface S3Endpoint {
  readonly kind: "s3";
  readonly protocol: Output<"http" | "https">;
  /** DNS name, reachable from pods. */
  readonly host: Output<string>;
  readonly port: Output<number>;
  /** Region that requests are signed for. */
  readonly region: Output<string>;
  /** `true`: buckets are path segments; `false`: buckets are host names. */
  readonly pathStyle: boolean;
  /** The consumer's own key pair. */
  readonly credentials: AccessKeyRef;
  /** Settles when buckets and keys exist and answer; wait for it only where the first request must succeed. */
  readonly ready: Output<string>;
}

/** A Kafka cluster. */
export interface KafkaEndpoint {
  readonly kind: "kafka";
  /** `host:port,host:port`, reachable from pods. */
  readonly bootstrapServers: Output<string>;
  readonly securityProtocol: "PLAINTEXT" | "SSL";
  /** Settles when the brokers answer and the declared topics exist. */
  readonly ready: Output<string>;
}

/** A topic of a Kafka cluster. */
export interface TopicEndpoint {
  readonly kind: "topic";
  readonly kafka: KafkaEndpoint;
  readonly topic: Output<string>;
  readonly partitions: number;
  /** Settles when the topic exists with its settings. */
  readonly ready: Output<string>;
}

/** A Hive metastore that knows the platform's Iceberg tables. */
export interface CatalogEndpoint {
  readonly kind: "hive-metastore";
  /** `thrift://host:port`, reachable from pods. */
  readonly uri: Output<string>;
  /** Bucket and prefix below which tables live: `s3a://bucket/prefix`. */
  readonly warehouse: Output<string>;
  /** Settles when the metastore answers. */
  readonly ready: Output<string>;
}

/** A Presto coordinator. */
export interface PrestoEndpoint {
  readonly kind: "presto";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Names of the catalogs that it serves. */
  readonly catalogs: readonly string[];
  /** Settles when the coordinator answers queries. */
  readonly ready: Output<string>;
}

/** One database of a PostgreSQL server, seen with the role of its one consumer, who owns it. */
export interface PostgresEndpoint {
  readonly kind: "postgres";
  /** DNS name, reachable from pods. */
  readonly host: Output<string>;
  readonly port: Output<number>;
  readonly database: string;
  /** Role that the consumer logs in as. */
  readonly user: string;
  /** The role's password: letters and digits only, so it needs no escaping in a URL. */
  readonly password: SecretKeyRef;
  /** Settles when the database exists and the role may use it. */
  readonly ready: Output<string>;
}

/** A Cassandra cluster, seen with the role of one consumer. */
export interface CassandraEndpoint {
  readonly kind: "cassandra";
  /** `host,host`, reachable from pods. */
  readonly contactPoints: Output<string>;
  readonly port: Output<number>;
  /** Data center that drivers must name. */
  readonly datacenter: string;
  /** Role that the consumer logs in as. */
  readonly user: string;
  /** The role's password: letters and digits only. */
  readonly password: SecretKeyRef;
  /** Settles when the declared keyspaces and tables exist and the role may use what it was granted. */
  readonly ready: Output<string>;
}

/** The pumps of random numbers, which also send marked ones for those who hold the token. */
export interface PumpEndpoint {
  readonly kind: "random-numbers";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** What a request for marked numbers must show. */
  readonly token: SecretKeyRef;
  /** Settles when a pump answers. */
  readonly ready: Output<string>;
}

/** The web display. */
export interface DisplayEndpoint {
  readonly kind: "display";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Settles when the pages are served. */
  readonly ready: Output<string>;
}

/** A Spark Connect server: clients in Python drive Spark with executors on the cluster. */
export interface SparkConnectEndpoint {
  readonly kind: "spark-connect";
  /** `sc://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** What a client must show; `undefined` where the server asks for nothing. */
  readonly token: SecretKeyRef | undefined;
  /** Settles when the server takes sessions. */
  readonly ready: Output<string>;
}

/** A service that people and programs log in to over HTTP. */
export interface LoginEndpoint {
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Name of the account that the proof uses. */
  readonly robot: string;
  readonly robotPassword: SecretKeyRef;
  /** Settles when the service answers. */
  readonly ready: Output<string>;
}

/** An Airflow API server. */
export interface AirflowEndpoint extends LoginEndpoint {
  readonly kind: "airflow";
}

/** A JupyterHub. */
export interface JupyterHubEndpoint extends LoginEndpoint {
  readonly kind: "jupyterhub";
}

/** A history server of Spark. */
export interface SparkHistoryEndpoint {
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Time after which logs are removed, in days. */
  readonly keepDays: number;
}

/** Where backups are, and what makes them when. */
export interface BackupPlace {
  readonly bucket: string;
  /** Begin of the keys of all backups, with its slash. */
  readonly prefix: string;
  readonly cronJob: string;
  readonly schedule: string;
}

/** A page or port that people open from outside the cluster. */
export interface PublishedAddress {
  /** What it is, in the user's words: "Presto", "S3 (Garage)". */
  readonly title: string;
  /** URL or `host:port` as seen from the user's machine; `undefined` where the target publishes nothing. */
  readonly url: Output<string | undefined>;
}
