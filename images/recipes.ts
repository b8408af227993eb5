/** What each image takes from Maven Central and PyPI, before resolution: the input of `node images/lock.ts`. */
import type { ImageName } from "./tags.ts";
import { versions } from "./versions.ts";

export interface MavenRoot {
  /** `group:artifact:version[:type[:classifier]]`. */
  readonly coordinates: string;
  /** Whether its dependencies are taken too. @default true */
  readonly transitive?: boolean;
}

export interface MavenRecipe {
  readonly roots: readonly MavenRoot[];
  /** `group:artifact` left out although something depends on it; `*` stands for any text. */
  readonly without: readonly string[];
}

export interface PythonRecipe {
  /** What is asked for, as pip writes it: `name`, `name==1`, `name<2`. */
  readonly requirements: readonly string[];
  /** Packages left out although something depends on them. */
  readonly without: readonly string[];
  /** Day up to which uploads are taken, so that nothing comes in that a release was never tried with. */
  readonly until: string;
}

/** Native code for other systems than the nodes', which several projects bring along. */
const otherSystems = /-(osx|windows|aarch|linux-aarch|linux-riscv|linux-ppc|linux-s390)/;

const awsParts = ["s3", "s3-transfer-manager", "sts", "netty-nio-client", "apache-client"];

/** The S3A file system without the 641 MB SDK bundle. */
const s3aRoots: readonly MavenRoot[] = [
  { coordinates: `org.apache.hadoop:hadoop-aws:${versions.hadoop}`, transitive: false },
  ...awsParts.map((part) => ({ coordinates: `software.amazon.awssdk:${part}:${versions.awsSdk}` })),
  { coordinates: `org.wildfly.openssl:wildfly-openssl:${versions.wildflyOpenssl}`, transitive: false },
];

const asmParts = ["asm", "asm-tree", "asm-util", "asm-analysis"];

export const mavenRecipes: Readonly<Partial<Record<ImageName, MavenRecipe>>> = {
  kafka: {
    roots: [
      { coordinates: `org.apache.kafka:kafka_2.13:${versions.kafka}` },
      { coordinates: `org.apache.kafka:kafka-tools:${versions.kafka}` },
      { coordinates: `org.apache.logging.log4j:log4j-slf4j-impl:${versions.kafkaLog4j}` },
      { coordinates: `org.apache.logging.log4j:log4j-1.2-api:${versions.kafkaLog4j}` },
    ],
    without: [],
  },
  cassandra: {
    roots: [{ coordinates: `org.apache.cassandra:cassandra-all:${versions.cassandra}` }],
    without: [],
  },
  metastore: {
    roots: [
      {
        coordinates: `org.apache.hive:hive-standalone-metastore:${versions.metastore}:tar.gz:bin`,
        transitive: false,
      },
      { coordinates: `org.apache.hadoop:hadoop-client-api:${versions.hadoop}`, transitive: false },
      { coordinates: `org.apache.hadoop:hadoop-client-runtime:${versions.hadoop}`, transitive: false },
      ...s3aRoots,
      { coordinates: `org.postgresql:postgresql:${versions.postgresDriver}`, transitive: false },
      { coordinates: "org.slf4j:slf4j-api:1.7.36", transitive: false },
      { coordinates: "commons-cli:commons-cli:1.2", transitive: false },
      { coordinates: "commons-logging:commons-logging:1.2", transitive: false },
      { coordinates: "commons-collections:commons-collections:3.2.2", transitive: false },
      { coordinates: "commons-io:commons-io:2.16.1", transitive: false },
    ],
    without: [],
  },
  spark: {
    roots: [
      ...s3aRoots,
      { coordinates: `org.apache.spark:spark-sql-kafka-0-10_2.13:${versions.spark}`, transitive: false },
      {
        coordinates: `org.apache.spark:spark-token-provider-kafka-0-10_2.13:${versions.sparkTokenProvider}`,
        transitive: false,
      },
      { coordinates: `org.apache.kafka:kafka-clients:${versions.sparkKafkaClients}`, transitive: false },
      { coordinates: `org.apache.commons:commons-pool2:${versions.commonsPool2}`, transitive: false },
      {
        coordinates: `org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:${versions.iceberg}`,
        transitive: false,
      },
      { coordinates: `com.datastax.spark:spark-cassandra-connector_2.13:${versions.sparkCassandraConnector}` },
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
  presto: {
    roots: [
      { coordinates: `com.facebook.presto:presto-server:${versions.presto}:tar.gz`, transitive: false },
      { coordinates: `com.facebook.presto:presto-cli:${versions.presto}:jar:executable`, transitive: false },
      ...asmParts.map((part) => ({ coordinates: `org.ow2.asm:${part}:${versions.prestoAsm}`, transitive: false })),
    ],
    without: [],
  },
};

/** Whether a file serves only systems that no node of the platform is. */
export function isForOtherSystem(fileName: string): boolean {
  return otherSystems.test(fileName);
}

/** Presto's plugins that the image keeps: the catalogs that the platform offers, and what they need. */
export const prestoPlugins = ["hive-hadoop2", "iceberg", "cassandra", "kafka", "tpch", "memory", "jmx"] as const;

/** What a notebook may import, whether a person runs it in JupyterHub or Airflow by papermill. */
const notebookLibraries = [
  "boto3",
  "confluent-kafka",
  "ipykernel",
  "matplotlib",
  "nbclient",
  "nbconvert",
  // Spark learns pandas 3 only after 4.1.
  "pandas<3",
  "papermill",
  // Presto 0.287 does not speak the headers of Trino's client.
  "presto-python-client",
  "pyarrow",
  `pyspark-client==${versions.spark}`,
  // Without a bound the resolver goes back to a version of years ago for the sake of a newer boto3.
  "s3fs>=2025",
];

/** What functions of people find on Spark's executors, of the versions that their notebooks have. */
export const executorLibraries = ["numpy"] as const;

/** Not papermill: the provider asks for the clients of all clouds' stores, and papermill itself is among the libraries. */
const airflowProviders = [
  "amazon",
  "apache-kafka",
  "cncf-kubernetes",
  "common-sql",
  "fab",
  "postgres",
  "presto",
  "standard",
];

/**
 * The Python images. Each takes the versions of those before it for everything that both have: a notebook gives the same
 * result wherever it runs, and the images share a layer.
 */
export const pythonRecipes = {
  airflow: {
    requirements: [
      `apache-airflow==${versions.airflow}`,
      ...airflowProviders.map((provider) => `apache-airflow-providers-${provider}`),
      // FAB's login through OIDC needs it and does not ask for it.
      "authlib",
      "psycopg2-binary",
      ...notebookLibraries,
    ],
    // Clients of Amazon's own services, which its provider asks for and loads only where they are used.
    without: ["redshift-connector", "sagemaker-studio"],
    // The day after Airflow's release: its own list of tested versions is not on the package index.
    until: "2026-09-18",
  },
  jupyter: {
    requirements: [
      `jupyterhub==${versions.jupyterhub}`,
      "ipywidgets",
      "jupyter-resource-usage",
      "jupyterhub-idle-culler",
      "jupyterhub-kubespawner",
      "jupyterhub-nativeauthenticator",
      "jupyterlab",
      "oauthenticator",
      "psycopg2-binary",
      ...notebookLibraries,
    ],
    without: [],
    // The day after JupyterHub's release.
    until: "2026-10-21",
  },
} satisfies Partial<Record<ImageName, PythonRecipe>>;
export type PythonImage = keyof typeof pythonRecipes;
