/** What the proof asks of Airflow: a DAG that it runs itself, and the last runs of others. */
import * as z from "zod";
import { defineHops, type ProofContext } from "../../platform/hops/define-hops.ts";
import type { Hop } from "../../platform/hops/hop.ts";
import { bucketOf } from "../object-store/hops.ts";
import { asking } from "../presto/hops.ts";
import { AirflowClient } from "./hops/airflow-client.ts";
import { airflowHop } from "./hops/airflow.ts";
import { lastRunHop } from "./hops/last-run.ts";

export const airflowHops = defineHops({
  room: "airflow",
  settings: z.strictObject({
    url: z.url(),
    /** Account that the proof logs in as. */
    user: z.string().min(1),
    /** Whether DAG `dag` can be run: it asks Spark and Presto. */
    runs: z.boolean().default(true),
    /** DAGs whose last run is looked at, by hop. */
    lastRuns: z.partialRecord(z.enum(["census-dag", "maintenance"]), z.string().min(1)).default({}),
    dag: z.string().min(1).default("telemetry_report"),
    /** Table that the DAG's rows come to, in Presto's catalog: `schema.table`. */
    table: z
      .string()
      .regex(/^\w+\.\w+$/)
      .default("reports.telemetry_summary"),
    /** Bucket of the executed notebooks; the proof's key must be able to read and write it. */
    bucket: z.string().min(1).default("notebooks"),
    /** Prefix of the executed notebooks in the bucket. */
    prefix: z.string().default("runs/telemetry-report"),
    /** Where task logs are kept, which outlive their runs; the proof removes those of its own. @default - they stay */
    logs: z.strictObject({ bucket: z.string().min(1), prefix: z.string() }).optional(),
  }),
  secrets: { password: ({ user }) => `the password of ${user}` },
  hops: [
    {
      name: "airflow",
      make(own, context) {
        const notebooks = bucketOf(context, own.bucket);
        const logs = own.logs && bucketOf(context, own.logs.bucket);
        if (!own.runs || !notebooks) return undefined;
        return asking(context, (presto) =>
          airflowHop({
            airflow: context.once(clientOf) ?? new AirflowClient(own),
            config: own,
            presto,
            notebooks,
            ...(own.logs && logs && { logs: { store: logs, prefix: own.logs.prefix } }),
            marked: context.run,
          }),
        );
      },
    },
    { name: "census-dag", branch: "past", make: (_, context) => lastRun("census-dag", context) },
    { name: "maintenance", branch: "past", make: (_, context) => lastRun("maintenance", context) },
  ],
});

/** A DAG that nobody runs for the proof. */
function lastRun(name: "census-dag" | "maintenance", context: ProofContext): Hop | undefined {
  const dag = context.of(airflowHops)?.lastRuns[name];
  const airflow = context.once(clientOf);
  return airflow && dag !== undefined ? lastRunHop({ name, airflow, dag }) : undefined;
}

function clientOf(context: ProofContext): AirflowClient | undefined {
  const told = context.of(airflowHops);
  return told && new AirflowClient(told);
}
