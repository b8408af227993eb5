/** What rooms need of their images: one list for those from packages and for those made of official ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cassandraNodeEnv } from "../../../components/cassandra/cassandra-settings.ts";
import { startScript } from "../../../components/kafka/kafka-quorum.ts";
import { kafkaSettings } from "../../../components/kafka/kafka.ts";
import { garage, garageToml } from "../../../components/object-store/object-store-garage.ts";
import { versity } from "../../../components/object-store/object-store-versity.ts";
import { pgHba, postgresConf } from "../../../components/postgres/postgres-settings.ts";
import { prestoConfig, prestoJvmConfig } from "../../../components/presto/presto.ts";
import { SERVES, startScript as zookeeperStart, zooCfg } from "../../../components/zookeeper/zookeeper-settings.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { podHost } from "../../../platform/names.ts";

/** One question to a running container. */
export interface Ask {
  readonly command: readonly string[];
  /** What it must print. @default - it must end well, whatever it prints */
  readonly says?: RegExp;
}

/** One start of a container, with the folders and files that its pod has. */
export interface Run {
  readonly what: string;
  /** In place of the image's entrypoint. @default - the image's */
  readonly command?: readonly string[];
  /** In place of the image's command. @default - the image's, or none with a command of its own */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where a folder of the pod is for this run, where that is another place. */
  readonly at?: Readonly<Record<string, string>>;
  /** What its log says when it serves. @default - it runs to its end, which must be a good one */
  readonly ready?: RegExp;
  /** Port and path that must answer 200. */
  readonly http?: string;
  readonly ask?: readonly Ask[];
}

export interface Contract {
  /** User and group of its pod. */
  readonly uid: number;
  /** Folders that are mounted empty and can be written, shared by all runs. All else is read-only. */
  readonly folders: readonly string[];
  /** Mounted files by path, read-only. */
  readonly files?: Readonly<Record<string, string>>;
  /** Names that lead to the container itself. */
  readonly hosts?: readonly string[];
  readonly runs: readonly Run[];
}

const limits = { cpu: "1000m", memory: "1200Mi" };
const kafkaPorts = { internal: 9092, controller: 9093 };
const kafkaHost = podHost("kafka", 0, "kafka-brokers", "local");
const kafkaEnv = Object.fromEntries(
  Object.entries(
    kafkaSettings({
      name: "kafka",
      namespace: "local",
      replicas: 1,
      autoCreateTopics: false,
      limits,
      data: { kind: "ephemeral" },
    }),
  ).map(([key, value]) => [key, value.replaceAll("$(POD_NAME)", "kafka-0")]),
);
const cassandraEnv = cassandraNodeEnv({
  workload: "cassandra",
  headlessService: "cassandra-nodes",
  namespace: "local",
  replicas: 1,
  limits,
});
const postgresRun = (password: "first" | "second") => ({
  args: ["-c", "config_file=/etc/postgresql/postgresql.conf"],
  env: {
    PGDATA: "/var/lib/postgresql/data/pgdata",
    POSTGRES_USER: "postgres",
    POSTGRES_PASSWORD_FILE: `/run/superuser/${password}`,
    POSTGRES_INITDB_ARGS: "--data-checksums --encoding=UTF8 --locale=C.UTF-8",
  },
  ready: /listening on IPv4 address "0\.0\.0\.0"/,
  ask: [
    { command: ["pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres"] },
    {
      command: ["env", `PGPASSWORD=${password}`, "psql", "-hlocalhost", "-Upostgres", "-Atc", "SHOW data_checksums"],
      says: /^on$/m,
    },
    { command: ["pg_dump", "--version"], says: /PostgreSQL\) 15\./ },
    { command: ["bash", "-c", "command -v pg_restore gzip sha256sum"] },
  ],
});
const started = readFileSync(join(repositoryDir, "components/presto/started.py"), "utf8");
const zkLogin =
  'echo \'Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="super" password="one"; };\' > /tmp/me.conf && ' +
  "export CLIENT_JVMFLAGS='-Djava.security.auth.login.config=/tmp/me.conf -Dzookeeper.fips-mode=false'";
const s3Env = { ROOT_ACCESS_KEY_ID: "root", ROOT_SECRET_ACCESS_KEY: "secret-of-root" };

export const contracts: Readonly<Record<string, Contract>> = {
  kafka: {
    uid: 1000,
    folders: ["/var/lib/kafka/data", "/opt/kafka/config", "/opt/kafka/logs", "/tmp"],
    hosts: [kafkaHost],
    runs: ["formats new storage and serves", "finds its storage again"].map((what) => ({
      what,
      command: ["bash", "-c", startScript(kafkaPorts)],
      env: {
        ...kafkaEnv,
        POD_NAME: "kafka-0",
        KAFKA_NODE_ID: "0",
        CLUSTER_ID: "5L6g3nShT-eMCtK--X86sw",
        BROKERS: "1",
        BROKER_HOSTS: kafkaHost,
      },
      ready: /Kafka Server started/,
      ask: [
        {
          command: ["env", "KAFKA_HEAP_OPTS=-Xmx64m", "/opt/kafka/bin/kafka-topics.sh", "--version"],
          says: /^4\.3\.1/m,
        },
        {
          command: [
            ...["env", "KAFKA_HEAP_OPTS=-Xmx64m", "/opt/kafka/bin/kafka-consumer-groups.sh"],
            ...["--bootstrap-server", "localhost:9092", "--list"],
          ],
        },
        { command: ["sh", "-c", "grep -h cluster.id= /var/lib/kafka/data/log/meta.properties"], says: /5L6g3nShT/ },
      ],
    })),
  },
  cassandra: {
    uid: 999,
    folders: ["/settings", "/var/lib/cassandra", "/var/log/cassandra", "/tmp"],
    runs: [
      { what: "has settings to copy", command: ["bash", "-c", "cp -R /etc/cassandra/. /settings/"] },
      ...["starts with its settings in a folder of the pod", "finds its data again"].map((what) => ({
        what,
        at: { "/settings": "/etc/cassandra" },
        env: cassandraEnv,
        ready: /Starting listening for CQL clients/,
        ask: [
          { command: ["nodetool", "status"], says: /^UN /m },
          { command: ["nodetool", "version"], says: /5\.0\.9/ },
        ],
      })),
    ],
  },
  postgres: {
    uid: 999,
    folders: ["/var/lib/postgresql/data", "/var/run/postgresql", "/tmp"],
    files: {
      "/etc/postgresql/postgresql.conf": postgresConf({ memoryLimit: "256Mi", data: { kind: "ephemeral" } }),
      "/etc/postgresql/pg_hba.conf": pgHba,
      "/run/superuser/first": "first",
      "/run/superuser/second": "second",
    },
    runs: [
      { what: "makes its data and serves", ...postgresRun("first") },
      { what: "takes a new password for data that were kept", ...postgresRun("second") },
    ],
  },
  presto: {
    uid: 1000,
    folders: ["/var/lib/presto/data", "/tmp"],
    files: {
      "/opt/presto-server/etc/config.properties": prestoConfig({
        role: "coordinator",
        workers: 0,
        discoveryUri: "http://127.0.0.1:8080",
        memoryLimit: limits.memory,
        cpuLimit: limits.cpu,
      }),
      "/opt/presto-server/etc/jvm.config": prestoJvmConfig(limits),
      "/opt/presto-server/etc/node.properties": "node.environment=millrace\nnode.data-dir=/var/lib/presto/data\n",
      "/opt/presto-server/etc/log.properties": "com.facebook.presto=INFO\n",
      "/opt/presto-server/etc/catalog/tpch.properties": "connector.name=tpch\n",
    },
    runs: [
      {
        what: "starts with settings that it can't write",
        ready: /SERVER STARTED/,
        ask: [
          { command: ["python3", "-c", started, "8080", "6", "tpch"] },
          {
            command: [
              ...["env", "-u", "JDK_JAVA_OPTIONS", "/opt/presto-cli", "--server", "localhost:8080"],
              ...[
                "--execute",
                "SELECT count(*), max(node_version) FROM tpch.tiny.nation CROSS JOIN system.runtime.nodes",
              ],
            ],
            says: /"25","0\.287/,
          },
        ],
      },
    ],
  },
  garage: {
    uid: 1000,
    folders: ["/var/lib/garage"],
    files: {
      "/etc/garage.toml": garageToml,
      "/run/garage/rpcSecret": "ab".repeat(32),
      "/run/garage/adminToken": "admin",
      "/run/garage/metricsToken": "metrics",
    },
    runs: ["makes its data and serves", "finds its data again"].map((what) => ({
      what,
      command: garage.command ?? [],
      args: garage.args,
      env: {
        GARAGE_RPC_SECRET_FILE: "/run/garage/rpcSecret",
        GARAGE_ADMIN_TOKEN_FILE: "/run/garage/adminToken",
        GARAGE_METRICS_TOKEN_FILE: "/run/garage/metricsToken",
        GARAGE_ALLOW_WORLD_READABLE_SECRETS: "true",
      },
      http: "3903/health",
      ask: [{ command: ["/garage", "--version"], says: /2\.5\.0/ }],
    })),
  },
  zookeeper: {
    uid: 1000,
    folders: ["/data", "/datalog", "/logs", "/tmp"],
    files: {
      "/conf/zoo.cfg": zooCfg({
        name: "zookeeper",
        namespace: "local",
        headlessService: "zookeeper-members",
        replicas: 1,
      }),
      "/run/passwords/super/password": "one",
      "/run/passwords/quorum/password": "two",
    },
    runs: ["makes its data and serves", "finds its data again"].map((what, run) => ({
      what,
      command: ["bash", "-c", zookeeperStart(1)],
      env: {
        HOSTNAME: "zookeeper-0",
        ZK_SERVER_HEAP: "64",
        SERVER_JVMFLAGS: "-XX:+UseSerialGC -Djava.security.auth.login.config=/tmp/jaas.conf",
        JMXDISABLE: "true",
      },
      http: "8080/commands/ruok",
      ask: [
        { command: ["bash", "-c", SERVES] },
        {
          command: [
            "bash",
            "-c",
            `${zkLogin} && zkCli.sh -server localhost:2181 ${run === 0 ? "create /kept" : "ls /"} 2>&1`,
          ],
          says: run === 0 ? /Created \/kept/ : /\[kept, zookeeper\]/,
        },
      ],
    })),
  },
  versitygw: {
    uid: 1000,
    folders: ["/var/lib/versitygw"],
    runs: ["makes its folders and serves", "finds its data again"].map((what) => ({
      what,
      command: versity.command ?? [],
      args: versity.args,
      env: s3Env,
      http: "7070/healthz",
      ask: [{ command: ["/bin/sh", "-c", "test -d /var/lib/versitygw/buckets"] }],
    })),
  },
};
