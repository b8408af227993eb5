/** Airflow, as plain data. */
import * as z from "zod";
import { airflowWatched } from "./watched.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type RightsByConsumer } from "../../platform/service.ts";
import { image, optional } from "../../platform/settings.ts";
import { pythonDisk } from "../notebooks/disk.ts";
import { allResourcesSetting, type GivenResources, size, type Sized, sized } from "../../platform/sizes.ts";
import { objectStore } from "../object-store/service.ts";
import { AUDITOR } from "../audit-log/names.ts";
import { postgres } from "../postgres/service.ts";

/** The parts of Airflow. Each imports Airflow at its start, which takes a core for some seconds. */
const parts = {
  apiServer: { whose: "the API server", memory: "768Mi", small: size(50, 1500, 0.5), large: size(250, 2000, 1) },
  scheduler: { whose: "the scheduler", memory: "640Mi", small: size(50, 1500, 0.55), large: size(250, 2000, 1) },
  dagProcessor: { whose: "the DAG processor", memory: "640Mi", small: size(30, 1500, 0.35), large: size(200, 2000, 1) },
  triggerer: { whose: "the triggerer", memory: "512Mi", small: size(20, 1000, 0.45), large: size(100, 1000, 1) },
  task: { whose: "the pod of each task", memory: "1024Mi", small: size(80, 2000, 0.45), large: size(250, 2000, 1) },
} as const;
type Part = keyof typeof parts;
/** Memory of a scheduler in which tasks run. */
const LOCAL_MEMORY = "2048Mi";

/** Requests and limits of each part of Airflow. */
export type AirflowResources = Readonly<Record<Part, Resources>>;

/** What each part of Airflow asks for. @param settings.executor With "local" tasks run inside the scheduler. */
export function airflowResources(
  settings: Sized<Readonly<Partial<Record<Part, GivenResources | undefined>>>> & {
    readonly executor: "kubernetes" | "local";
  },
): AirflowResources {
  const of = (part: Part, memory: string = parts[part].memory): Resources =>
    sized(parts[part][settings.size], memory, settings.resources?.[part]);
  return {
    apiServer: of("apiServer"),
    scheduler: of("scheduler", settings.executor === "local" ? LOCAL_MEMORY : parts.scheduler.memory),
    dagProcessor: of("dagProcessor"),
    triggerer: of("triggerer"),
    task: of("task"),
  };
}

const partSetting = (part: Part, memory: string = parts[part].memory) =>
  allResourcesSetting(parts[part].whose, parts[part], memory, "384Mi");

/** What the platform's own DAGs ask. */
const dags = {
  telemetry_report: ["telemetry", "presto", "sparkConnect"],
  census_batch: ["spark", "catalog"],
  lake_maintenance: ["sparkConnect"],
} as const;

export const airflow = defineService({
  name: "airflow",
  watched: airflowWatched,
  alsoCalled: ["dags"],
  group: "studio",
  title: "Airflow",
  settings: z
    .strictObject({
      enabled: optional("studio", "Airflow is part of the platform"),
      executor: z
        .enum(["kubernetes", "local"])
        .default("kubernetes")
        .describe("Where tasks run: each in its own pod, or inside the scheduler, which starts them faster."),
      dagBucket: z
        .boolean()
        .default(true)
        .describe("Whether DAGs are also read from the bucket `dags`, where JupyterHub's users can put them."),
      scheduling: schedulingSetting("all of Airflow's pods, tasks among them"),
      resources: z
        .strictObject({
          apiServer: partSetting("apiServer"),
          scheduler: partSetting("scheduler", `${parts.scheduler.memory}\`, with executor \`local\` \`${LOCAL_MEMORY}`),
          dagProcessor: partSetting("dagProcessor"),
          triggerer: partSetting("triggerer"),
          task: partSetting("task"),
        })
        .optional()
        .describe("Requests and limits of each part."),
      image: image().describe("Image with the contract of `apache/airflow:3.3.2`. Default: built from packages."),
    })
    .prefault({})
    .describe("Airflow."),
  needs: { of: [postgres, objectStore], why: "its runs and the logs of its tasks are kept there" },
  database: { name: "airflow", readers: [AUDITOR] },
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
  image: { name: "airflow", base: "python", sources: ["dags", "notebooks"], hasLibrary: true },
  published: {
    airflow: {
      nodePort: 30180,
      rank: 3,
      meaning: "Airflow",
      title: "Airflow",
      use: "DAGs: what runs when, and how it went",
      asksForLogin: true,
    },
  },
  sized: (own) =>
    Object.fromEntries(
      Object.entries(airflowResources(own)).map(([part, resources]) => [`resources.${part}`, resources]),
    ),
  pods({ own }) {
    const { task, ...servers } = airflowResources(own);
    // One task at work, which has a pod of its own unless tasks are local.
    const all = [...Object.values(servers), ...(own.executor === "local" ? [] : [task])];
    return all.map((resources) => ({ resources }));
  },
  // Tasks in the scheduler are where it is, and make pods for Spark.
  quarters: ({ own, isOn }) => (own.executor === "kubernetes" || isOn("spark") ? ["jobs"] : []),
  goes: 4,
  podWords: { run: ["run_id"] },
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
