/** What people work with, wired to the data path: Spark for notebooks and its history, Airflow, JupyterHub. */
import * as pulumi from "@pulumi/pulumi";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Exposure } from "./platform/exposure.ts";
import { Airflow } from "./components/airflow/airflow.ts";
import { ClientEndpointsConfig, type PublishedService } from "./components/notebooks/client-endpoints.ts";
import type { KafkaEndpoint, PrestoEndpoint, PublishedAddress } from "./platform/endpoints.ts";
import { setupResources } from "./platform/resources.ts";
import { jupyterhubResources, notebookServerResources } from "./components/jupyterhub/service.ts";
import { JupyterHub } from "./components/jupyterhub/jupyterhub.ts";
import { NotebookLibrary } from "./components/notebooks/notebook-library.ts";
import type { S3Source } from "./components/object-store/object-store.ts";
import type { Postgres } from "./components/postgres/postgres.ts";
import { ROBOT } from "./platform/names.ts";
import type { ProofArgs } from "./components/proof/proof.ts";
import { SparkBatch } from "./components/spark/spark-batch.ts";
import { SparkConnect } from "./components/spark-connect/spark-connect.ts";
import { SparkHistory } from "./components/spark-history/spark-history.ts";
import type { Spark } from "./components/spark/spark.ts";
import type { Storage } from "./platform/storage.ts";
import { type ObjectStoreContents, type S3Consumer } from "./config/buckets.ts";
import type { PlatformConfig } from "./config/index.ts";
import type { ImageName } from "./images/index.ts";
import { workload } from "./programs.ts";

/** The ground and the data path, as `index.ts` has made them; what is not there is off. */
export interface StudioArgs {
  readonly services: PlatformConfig["services"];
  readonly namespace: pulumi.Output<string>;
  readonly image: (name: ImageName) => pulumi.Output<string>;
  readonly storage: Storage;
  readonly exposure: Exposure;
  readonly contents: ObjectStoreContents;
  readonly store: S3Source<S3Consumer> | undefined;
  readonly databases: Postgres<"airflow" | "jupyterhub"> | undefined;
  readonly kafka: KafkaEndpoint | undefined;
  readonly spark: Spark | undefined;
  readonly presto: PrestoEndpoint | undefined;
  /** Addresses of the data path outside the cluster. */
  readonly published: Readonly<Record<PublishedService, PublishedAddress | undefined>>;
}

/** What the program goes on with. */
export interface Studio {
  readonly addresses: readonly (PublishedAddress | undefined)[];
  /** Whom people log in as, by service; never a password. */
  readonly logins: readonly { readonly title: string; readonly service: string; readonly users: readonly string[] }[];
  /** What the proof asks beside the data path, and what must be ready for it. */
  readonly proven: Pick<ProofArgs, "airflow" | "sparkHistory" | "jupyterhub"> & {
    readonly waitFor: readonly pulumi.Output<string>[];
  };
}

/** Makes what the config enables; nothing in profile `core`. */
export function studio(args: StudioArgs, opts: pulumi.ComponentResourceOptions): Studio {
  const { namespace, image, exposure, store, databases, contents } = args;
  const { airflow, jupyterhub, sparkConnect, sparkHistory } = args.services;
  const { buckets } = contents;

  // Spark for people: one server for all sessions, and the pages of what has ended.
  const eventLog = sparkHistory.enabled ? { eventLog: `s3a://${buckets.sparkEvents}/` } : {};
  const connectService =
    args.spark && sparkConnect.enabled
      ? new SparkConnect(
          "spark-connect",
          {
            spark: args.spark,
            driverMemory: sparkConnect.driverMemory,
            maxExecutors: sparkConnect.maxExecutors,
            ...eventLog,
          },
          opts,
        )
      : undefined;
  const historyService =
    store && eventLog.eventLog !== undefined
      ? new SparkHistory(
          "spark-history",
          {
            namespace,
            image: image("spark"),
            objectStore: store.access("spark-history"),
            eventLog: eventLog.eventLog,
            memory: sparkHistory.memory,
            exposure,
          },
          opts,
        )
      : undefined;

  // What a notebook and a task know of the platform.
  const clients =
    store && (airflow.enabled || jupyterhub.enabled)
      ? new ClientEndpointsConfig(
          "client-endpoints",
          {
            namespace,
            ...(args.kafka && { kafka: args.kafka }),
            ...(args.presto && { presto: args.presto }),
            ...(connectService && { spark: connectService.endpoint }),
            objectStore: store.access("notebooks"),
            notebooks: `s3://${buckets.notebooks}`,
            published: args.published,
          },
          opts,
        ).endpoints
      : undefined;
  const sparkToken = connectService?.endpoint.token;
  const library =
    store && clients
      ? new NotebookLibrary(
          "notebook-library",
          {
            namespace,
            objectName: "notebooks-setup",
            toolsImage: image("tools"),
            resources: setupResources(),
            objectStore: store.access("notebooks"),
            bucket: buckets.notebooks,
            notebooks: notebooks(),
          },
          opts,
        )
      : undefined;

  // Tasks, each DAG of the platform with a key of its own; those of a Spark batch make its driver.
  const batch =
    args.spark && store && airflow.enabled
      ? new SparkBatch(
          "spark-batch",
          {
            spark: args.spark,
            ...eventLog,
            applications: {
              "census-batch": {
                main: { file: "census-batch.py", content: workload("census-batch.py") },
                objectStore: store.access("dag-census-batch"),
                driverMemory: args.services.spark.driverMemory,
                executors: 1,
              },
            },
          },
          opts,
        )
      : undefined;
  const airflowService =
    store && databases && clients && airflow.enabled
      ? new Airflow(
          "airflow",
          {
            namespace,
            image: image("airflow"),
            exposure,
            database: databases.database("airflow"),
            executor: airflow.executor,
            logs: { objectStore: store.access("airflow"), bucket: buckets.airflow },
            ...(airflow.dagBucket && { dagBucket: buckets.dags, dagBucketKey: store.access("dag-bucket") }),
            connections: {
              ...(args.kafka && { kafka: args.kafka }),
              ...(args.presto && { presto: args.presto }),
              ...(connectService && { spark: connectService.endpoint }),
              objectStore: store.access("airflow"),
            },
            clients,
            ...(sparkToken && { sparkToken }),
            jobKeys: { telemetry_report: store.access("dag-telemetry-report") },
            ...(batch && { podDags: ["census_batch"], sparkBatch: batch.template }),
          },
          opts,
        )
      : undefined;

  // A server per user, each with a bucket and a key of its own.
  const hub =
    store && databases && clients && jupyterhub.enabled
      ? new JupyterHub(
          "jupyterhub",
          {
            namespace,
            image: image("jupyter"),
            exposure,
            database: databases.database("jupyterhub"),
            users: jupyterhub.users,
            admins: jupyterhub.admins,
            homes: Object.fromEntries(
              Object.entries(contents.homes).map(([user, { consumer, bucket, prefix }]) => [
                user,
                { objectStore: store.access(consumer), bucket, prefix },
              ]),
            ),
            clients,
            ...(sparkToken && { sparkToken }),
            idleMinutes: jupyterhub.idleMinutes,
            resources: { ...jupyterhubResources, server: notebookServerResources(jupyterhub) },
            ...(jupyterhub.oidc && { oidc: provider(jupyterhub.oidc) }),
          },
          opts,
        )
      : undefined;

  const asks = [...(connectService ? (["spark"] as const) : []), ...(args.presto ? (["presto"] as const) : [])];
  const robotHome = contents.homes[ROBOT];
  return {
    addresses: [airflowService?.address, hub?.address, historyService?.address],
    logins: [
      ...(airflowService ? [{ title: "Airflow", service: "airflow", users: ["admin"] }] : []),
      ...(hub && jupyterhub.oidc === undefined
        ? [{ title: "JupyterHub", service: "jupyterhub", users: jupyterhub.users }]
        : []),
    ],
    proven: {
      // The DAG that is run asks both.
      ...(airflowService && {
        airflow: {
          endpoint: airflowService.endpoint,
          runs: asks.length === 2,
          lastRuns: {
            ...(batch && { "census-dag": "census_batch" }),
            ...(connectService && { maintenance: "lake_maintenance" }),
          },
          bucket: buckets.notebooks,
          logs: { bucket: buckets.airflow, prefix: "logs" },
        },
      }),
      ...(historyService && { sparkHistory: historyService }),
      ...(hub && robotHome && { jupyterhub: { endpoint: hub.endpoint, home: robotHome, asks } }),
      waitFor: [connectService?.endpoint.ready, historyService?.ready, library?.ready].filter(
        (ready) => ready !== undefined,
      ),
    },
  };
}

/** The platform's own notebooks, by file name. */
function notebooks(): Record<string, string> {
  const folder = join(import.meta.dirname, "notebooks");
  const files = readdirSync(folder)
    .filter((file) => file.endsWith(".ipynb"))
    .sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

/** A provider of logins as the hub takes it: its secret stays in the Secret that the stack names. */
function provider({ clientSecretName, ...rest }: NonNullable<PlatformConfig["services"]["jupyterhub"]["oidc"]>) {
  return { ...rest, clientSecret: { secretName: pulumi.output(clientSecretName), key: "clientSecret" } };
}
