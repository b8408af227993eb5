/** Airflow, as plain data. */
import * as z from "zod";
import { resources, type Resources } from "../../platform/resources.ts";
import { defineService, type RightsByConsumer } from "../../platform/service.ts";
import { image, optional } from "../../platform/settings.ts";
import { pythonDisk } from "../notebooks/disk.ts";
import { objectStore } from "../object-store/service.ts";
import { postgres } from "../postgres/service.ts";

/** The parts of Airflow. Each imports Airflow at its start, which takes a core for some seconds. */
export const airflowResources = {
  apiServer: resources(50, 1500, "768Mi", 0.5),
  /** @param localTasks Whether tasks run inside the scheduler (LocalExecutor), not in pods of their own. */
  scheduler: (localTasks: boolean): Resources => resources(50, 1500, localTasks ? "2048Mi" : "640Mi", 0.55),
  dagProcessor: resources(30, 1500, "640Mi", 0.35),
  triggerer: resources(20, 1000, "512Mi", 0.45),
  /** One task pod. */
  task: resources(80, 2000, "1024Mi", 0.45),
} as const;

/** What the platform's own DAGs ask. */
const dags = {
  telemetry_report: ["telemetry", "presto", "sparkConnect"],
  census_batch: ["spark", "catalog"],
  lake_maintenance: ["sparkConnect"],
} as const;

export const airflow = defineService({
  name: "airflow",
  group: "studio",
  title: "Airflow",
  settings: z
    .strictObject({
      enabled: optional("studio", "Airflow is part of the platform"),
      executor: z
        .enum(["kubernetes", "local"])
        .default("kubernetes")
        .describe("Where tasks run: each in a pod of its own, or inside the scheduler, which starts them faster."),
      dagBucket: z
        .boolean()
        .default(true)
        .describe("Whether DAGs are taken from the bucket `dags` too, where JupyterHub's users can put them."),
      image: image().describe("Image with the contract of `apache/airflow:3.3.2`. Default: built from packages."),
    })
    .prefault({})
    .describe("Airflow."),
  needs: { of: [postgres, objectStore], why: "its runs and the logs of its tasks are kept there" },
  database: { name: "airflow" },
  accounts: { kind: "passwords", secret: "airflow-users" },
  status: [
    {
      key: "dagErrors",
      rank: 1,
      ask: async (_, running) => (await import("./dag-errors.ts")).dagErrorStatus(running),
    },
  ],
  disk: pythonDisk,
  outside: [{ key: "notebooks", of: (_, { bucket }) => `s3://${bucket("notebooks")}` }],
  image: { name: "airflow" },
  published: { airflow: { nodePort: 30180, rank: 3, meaning: "Airflow", title: "Airflow" } },
  pods({ own }) {
    const local = own.executor === "local";
    const { apiServer, scheduler, dagProcessor, triggerer, task } = airflowResources;
    // One task at work, which has a pod of its own unless tasks are local.
    const parts = [apiServer, scheduler(local), dagProcessor, triggerer, ...(local ? [] : [task])];
    return parts.map((part) => ({ resources: part }));
  },
  goes: 4,
  warnings: ({ isOn }) =>
    Object.entries(dags).flatMap(([dag, asked]) => {
      const off = asked.filter((service) => !isOn(service));
      if (off.length === 0) return [];
      return [
        `millrace:services.airflow: its DAG ${dag} needs ${off.join(", ")}, which ${off.length === 1 ? "is" : "are"} not ` +
          "enabled, so its runs will fail",
      ];
    }),
  store: {
    buckets: {
      airflow: { name: "airflow", holds: "the logs of Airflow's tasks" },
      dags: { name: "dags", holds: "people's DAGs" },
      notebooks: { name: "notebooks", holds: "published and executed notebooks" },
    },
    consumers: {
      airflow: "Airflow",
      "dag-telemetry-report": "the tasks of DAG `telemetry_report`",
      "dag-census-batch": "the tasks of DAG `census_batch`",
      "dag-bucket": "the tasks of DAGs in the bucket `dags`",
      notebooks: "the Job that publishes the platform's notebooks",
    },
    rights({ own, isOn }, { bucket }) {
      if (!own.enabled) return {};
      return {
        airflow: { [bucket("airflow")]: "readWrite", ...(own.dagBucket && { [bucket("dags")]: "read" }) },
        "dag-telemetry-report": { [bucket("notebooks")]: "readWrite", [bucket("lake")]: "read" },
        // What people may do themselves, their DAGs may do.
        ...(own.dagBucket && { "dag-bucket": { [bucket("notebooks")]: "readWrite", [bucket("lake")]: "read" } }),
        ...(isOn("spark") && { "dag-census-batch": { [bucket("lake")]: "readWrite" } }),
        notebooks: { [bucket("notebooks")]: "readWrite" },
      };
    },
    grants: ({ own }, { bucket }): RightsByConsumer =>
      // The proof removes the logs of its own runs.
      own.enabled ? { proof: { [bucket("notebooks")]: "readWrite", [bucket("airflow")]: "readWrite" } } : {},
  },
  // What is run asks Spark's server.
  hops: { airflow: ["airflow", "sparkConnect"], "census-dag": ["airflow"], maintenance: ["airflow", "sparkConnect"] },
});
