/** The catalog: a Hive metastore that tells Spark and Presto which Iceberg tables there are and where they lie. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import { jdbcParameters } from "../postgres/postgres-client.ts";
import type { CatalogEndpoint } from "./endpoint.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { PostgresEndpoint } from "../postgres/endpoint.ts";
import { labels, selector, serviceHost } from "../../platform/names.ts";
import { outsideUrl, podsAt } from "../../platform/network.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { heapMebibytes } from "../../platform/quantity.ts";
import { awsKeyEnv, s3aSettings, s3Trust } from "../object-store/s3-settings.ts";
import { type DataSettings, type Storage, dataProblems } from "../../platform/storage.ts";
import { configMap, type Resources, secretEnv, service, statefulSet, tcpProbe } from "../../platform/workload.ts";
import { type Proven, proven } from "../../platform/proven.ts";
import type { catalogHops } from "./hops.ts";

const ROLE = "server";
const PORT = 9083;
/** User and group of the server in the official image. */
const UID = 1000;
const DATA_VOLUME = "data";
const DEFAULT_DATA: DataSettings = { kind: "persistent", size: "1Gi" };
const DATA_PATH = "/opt/hive/data";
const CONF_PATH = "/opt/hive/conf";
/** Share of the container's memory that is heap; Hadoop's classes and the S3 client need much outside of it. */
const HEAP_SHARE = 0.5;
const PASSWORD_ENV = "DATABASE_PASSWORD";
/** Connections of each of the metastore's four pools. */
const POOL_CONNECTIONS = 5;

export interface CatalogArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of its Kubernetes objects. @default - the component's name */
  readonly objectName?: string;
  /** An image with the contract of `apache/hive` 3.1.3, and S3A and PostgreSQL's driver on its class path. */
  readonly image: pulumi.Input<string>;
  /** Holds what the catalog knows; the metastore makes its tables there itself. */
  readonly database: PostgresEndpoint;
  /** Where tables lie, with the metastore's own key. */
  readonly objectStore: S3Endpoint;
  /** Folder of all tables: `s3a://bucket/prefix`. @default "s3a://lake/warehouse" */
  readonly warehouse?: string;
  readonly storage: Storage;
  readonly resources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  /**
   * Where earlier versions kept the catalog in a Derby database. One that is found there is moved to `database` at the
   * start; nothing else is in it. @default - on a claim of 1Gi
   */
  readonly data?: DataSettings;
}

/** What is wrong with the arguments; empty when nothing is. */
export function catalogProblems(args: Pick<CatalogArgs, "warehouse" | "data">): string[] {
  const problems = dataProblems("catalog", args.data ?? DEFAULT_DATA);
  const warehouse = args.warehouse ?? "s3a://lake/warehouse";
  if (!/^s3a:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[^/].*[^/]$/.test(warehouse)) {
    problems.push(
      `catalog: warehouse "${warehouse}" is not a folder in a bucket; write s3a://bucket/prefix, for example "s3a://lake/warehouse"`,
    );
  }
  return problems;
}

/** Hadoop's XML form of settings. */
export function hadoopXml(settings: Readonly<Record<string, string>>): string {
  const properties = Object.entries(settings).map(
    ([name, value]) => `  <property><name>${escapeXml(name)}</name><value>${escapeXml(value)}</value></property>`,
  );
  return ['<?xml version="1.0"?>', "<configuration>", ...properties, "</configuration>", ""].join("\n");
}

/** The metastore's own settings. @param jdbcUrl Address of its database. */
export function metastoreSettings(
  warehouse: string,
  database: { readonly jdbcUrl: string; readonly user: string },
): Record<string, string> {
  return {
    "javax.jdo.option.ConnectionURL": database.jdbcUrl,
    "javax.jdo.option.ConnectionDriverName": "org.postgresql.Driver",
    "javax.jdo.option.ConnectionUserName": database.user,
    "javax.jdo.option.ConnectionPassword": `\${env.${PASSWORD_ENV}}`,
    // Each pool keeps ten connections by default, and each connection is a process of the server.
    "datanucleus.connectionPool.maxPoolSize": String(POOL_CONNECTIONS),
    "hikari.minimumIdle": "1",
    "metastore.thrift.port": String(PORT),
    "hive.metastore.port": String(PORT),
    "metastore.warehouse.dir": warehouse,
    "hive.metastore.warehouse.dir": warehouse,
    // The defaults of these two name classes of Hive's query engine, which a metastore alone does not have.
    "metastore.expression.proxy": "org.apache.hadoop.hive.metastore.DefaultPartitionExpressionProxy",
    // Without the house keeper and a time-out, the lock of a writer that was killed in a commit blocks its table for ever.
    "metastore.task.threads.always":
      "org.apache.hadoop.hive.metastore.events.EventCleanerTask,org.apache.hadoop.hive.metastore.txn.AcidHouseKeeperService",
    "metastore.txn.timeout": "60s",
    "metastore.timedout.txn.reaper.interval": "15s",
    // Iceberg keeps the schema itself and changes columns in ways that Hive tables may not.
    "metastore.disallow.incompatible.col.type.changes": "false",
    "hive.metastore.disallow.incompatible.col.type.changes": "false",
  };
}

/** A Hive metastore: one pod, which keeps all it knows in PostgreSQL. */
export class Catalog extends Component {
  readonly endpoint: CatalogEndpoint;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: CatalogArgs, opts?: ComponentOptions) {
    const { warehouse = "s3a://lake/warehouse", data = DEFAULT_DATA } = args;
    super("Catalog", name, { warehouse, data }, opts);
    const problems = catalogProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const { objectName = name } = args;
    const headless = `${objectName}-nodes`;
    const configName = `${objectName}-config`;
    const meta = { namespace: args.namespace, labels: labels(objectName, ROLE), selector: selector(objectName, ROLE) };
    const role = { service: objectName, component: ROLE };
    const { host, port, database, user, password } = args.database;
    const site = pulumi
      .all([host, port])
      .apply(
        ([server, number]) =>
          `jdbc:postgresql://${server}:${number}/${database}?ApplicationName=${objectName}&${jdbcParameters}`,
      )
      .apply((jdbcUrl) => hadoopXml(metastoreSettings(warehouse, { jdbcUrl, user })));
    const coreSite = pulumi.output(s3aSettings(args.objectStore)).apply((settings) => hadoopXml(settings));

    configMap(
      configName,
      { ...meta, data: { "metastore-site.xml": site, "hive-site.xml": site, "core-site.xml": coreSite } },
      childOptions,
    );
    service(objectName, { ...meta, ports: { thrift: PORT } }, childOptions);
    service(headless, { ...meta, ports: { thrift: PORT }, headless: true }, childOptions);
    const server = createServer();
    this.endpoint = {
      kind: "hive-metastore",
      uri: pulumi.output(args.namespace).apply((namespace) => `thrift://${serviceHost(objectName, namespace)}:${PORT}`),
      warehouse: pulumi.output(warehouse),
      at: podsAt(role, [PORT], "tables of the lake"),
      ready: [server],
    };
    this.registerOutputs({ uri: this.endpoint.uri, warehouse: this.endpoint.warehouse });

    function createServer(): k8s.apps.v1.StatefulSet {
      const { cpu, memory } = args.resources.limits;
      const heap = heapMebibytes(memory, HEAP_SHARE);
      const java = jvmOptions({ heap, cpu, collector: args.collector });
      return statefulSet(
        {
          name: objectName,
          namespace: args.namespace,
          replicas: 1,
          headlessService: headless,
          data: args.storage.volume(DATA_VOLUME, data),
          pod: {
            ...role,
            reaches: [args.database.at, args.objectStore.at],
            image: args.image,
            env: [
              { name: "SERVICE_NAME", value: "metastore" },
              { name: "DB_DRIVER", value: "postgres" },
              secretEnv(PASSWORD_ENV, password.secretName, password.key),
              { name: "HADOOP_HEAPSIZE", value: String(heap) },
              { name: "SERVICE_OPTS", value: [`-Xmx${heap}m`, ...java].join(" ") },
              ...awsKeyEnv(args.objectStore),
            ],
            ...s3Trust(args.objectStore, "java"),
            ports: { thrift: PORT },
            resources: args.resources,
            probes: {
              startup: tcpProbe(PORT, { periodSeconds: 2 }),
              readiness: tcpProbe(PORT, { periodSeconds: 5 }),
              liveness: tcpProbe(PORT, { periodSeconds: 20, failureThreshold: 6 }),
            },
            config: pulumi.interpolate`${site}${coreSite}`,
            volumes: [{ name: "config", configMap: { name: configName } }],
            mounts: [
              { name: DATA_VOLUME, mountPath: DATA_PATH },
              ...["metastore-site.xml", "hive-site.xml", "core-site.xml"].map((file) => ({
                name: "config",
                mountPath: `${CONF_PATH}/${file}`,
                subPath: file,
                readOnly: true,
              })),
            ],
            uid: UID,
            scratch: ["/tmp"],
          },
        },
        // It waits for its database by itself (CatalogDatabase.java), when its image is there and its program runs.
        childOptions,
      );
    }
  }
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A Hive metastore that exists already, as the endpoint that the components take. */
export function existingCatalog(args: {
  /** `thrift://host:port`, reachable from pods. */
  readonly uri: string;
  /** Bucket and prefix below which tables lie: `s3a://bucket/prefix`. */
  readonly warehouse: string;
}): CatalogEndpoint {
  return {
    kind: "hive-metastore",
    uri: pulumi.output(args.uri),
    warehouse: pulumi.output(args.warehouse),
    at: outsideUrl(args.uri, "tables of the lake"),
    ready: [],
  };
}

/** What the proof is to know of the catalog: where it is, and the tables. */
export function provenCatalog({ uri, warehouse, at, ready }: CatalogEndpoint): Proven {
  const parts = warehouse.apply((location) => /^s3a:\/\/([^/]+)\/(.+)$/.exec(location));
  return proven<typeof catalogHops>("catalog", {
    settings: { uri, bucket: parts.apply((found) => found?.[1]), warehouse: parts.apply((found) => found?.[2]) },
    ready,
    reaches: [at],
  });
}
