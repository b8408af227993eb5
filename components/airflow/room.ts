/** How Airflow is built: each DAG of the platform with a key of its own; those of a Spark batch make its driver. */
import { type Watchable, watchable } from "../../platform/watchable.ts";
import { AUDITOR } from "../audit-log/names.ts";
import { auditLog } from "../audit-log/service.ts";
import type { PostgresEndpoint } from "../postgres/endpoint.ts";
import type { airflowAudit } from "./audit.ts";
import type { airflowWatch } from "./watch.ts";
import { defineRoom } from "../../platform/place.ts";
import { ownQuarters } from "../../platform/quarters.ts";
import { proven } from "../../platform/proven.ts";
import { batchProgram } from "../census/batch-program.ts";
import type { KafkaWithTopics } from "../kafka/room.ts";
import type { ClientEndpoints } from "../notebooks/client-endpoints.ts";
import type { S3Source } from "../object-store/endpoint.ts";
import type { Postgres } from "../postgres/postgres.ts";
import type { Presto } from "../presto/presto.ts";
import { sharedDriverResources, spark as sparkService } from "../spark/service.ts";
import { SparkBatch } from "../spark/spark-batch.ts";
import type { SparkConnect } from "../spark-connect/spark-connect.ts";
import type { History } from "../spark-history/room.ts";
import type { airflowHops } from "./hops.ts";
import { Airflow } from "./airflow.ts";
import { airflow, airflowResources } from "./service.ts";
import type { SparkEndpoint } from "../spark/endpoint.ts";

interface Wires {
  store: S3Source<"airflow" | "dag-bucket" | "dag-telemetry-report" | "dag-census-batch">;
  databases: Postgres<string>;
  clients: { readonly endpoints: ClientEndpoints };
  kafka: KafkaWithTopics | undefined;
  presto: Presto | undefined;
  connect: SparkConnect | undefined;
  spark: SparkEndpoint | undefined;
  history: History | undefined;
}

export const airflowRoom = defineRoom({
  service: airflow,
  without: ["kafka", "presto", "connect", "spark", "history"],
  build({ own, of, namespace, quarters, image, exposure, bucket, opts }, wires: Wires) {
    const { store, databases, clients, kafka, presto, connect, spark, history } = wires;
    const batch =
      spark &&
      new SparkBatch(
        "spark-batch",
        {
          spark,
          ...(history && { eventLog: history.eventLog }),
          place: quarters("jobs"),
          // Tasks in the scheduler are where it is.
          ...(own.executor === "local" && { readers: ownQuarters(namespace) }),
          scheduling: own.scheduling,
          applications: {
            "census-batch": {
              main: batchProgram(),
              objectStore: store.access("dag-census-batch"),
              driverMemory: of(sparkService).driverMemory,
              driverResources: sharedDriverResources(of(sparkService)),
              executors: 1,
            },
          },
        },
        opts,
      );
    return new Airflow(
      "airflow",
      {
        namespace,
        image: image("airflow"),
        exposure,
        database: databases.database("airflow"),
        auditor: { role: AUDITOR, mayRead: of(auditLog).enabled },
        executor: own.executor,
        tasksIn: () => quarters("jobs"),
        resources: airflowResources(own),
        scheduling: own.scheduling,
        logs: { objectStore: store.access("airflow"), bucket: bucket("airflow") },
        ...(own.dagBucket && { dagBucket: bucket("dags"), dagBucketKey: store.access("dag-bucket") }),
        connections: {
          ...(kafka && { kafka: kafka.endpoint }),
          ...(presto && { presto: presto.endpoint }),
          ...(connect && { spark: connect.endpoint }),
          objectStore: store.access("airflow"),
        },
        clients: clients.endpoints,
        ...(connect?.endpoint.token && { sparkToken: connect.endpoint.token }),
        jobKeys: { telemetry_report: store.access("dag-telemetry-report") },
        ...(batch && { podDags: ["census_batch"], sparkBatch: batch.template }),
      },
      opts,
    );
  },
  offers: ({ address, endpoint }, { bucket }, { connect, presto, spark, databases }) => ({
    audits: audited(databases.reader("airflow", AUDITOR)),
    addresses: { airflow: address },
    logins: [{ title: "Airflow", service: "airflow", users: ["admin"] }],
    proves: [
      proven<typeof airflowHops>("airflow", {
        settings: {
          url: endpoint.url,
          user: endpoint.robot,
          // The DAG that is run asks both.
          runs: connect !== undefined && presto !== undefined,
          lastRuns: {
            ...(spark && { "census-dag": "census_batch" }),
            ...(connect && { maintenance: "lake_maintenance" }),
          },
          bucket: bucket("notebooks"),
          logs: { bucket: bucket("airflow"), prefix: "logs" },
        },
        secrets: { password: endpoint.robotPassword },
        ready: endpoint.ready,
        reaches: [endpoint.at],
      }),
    ],
    watches: [watchable<typeof airflowWatch>("airflow", { settings: { url: endpoint.url }, reaches: [endpoint.at] })],
  }),
});

/** What people did, as Airflow's own database has it. */
function audited(reader: PostgresEndpoint | undefined): Watchable[] {
  if (reader === undefined) return [];
  const { host, port, database, user, password, at } = reader;
  return [
    watchable<typeof airflowAudit>("airflow", {
      settings: { host, port, database, user },
      secrets: { databasePassword: password },
      reaches: [at],
    }),
  ];
}
