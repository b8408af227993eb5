/** What Airflow knows of a failure, in words. */
import type { AirflowClient, TaskInstance } from "./airflow-client.ts";
import { describeError } from "../../../platform/hops/errors.ts";

/** Why a DAG is not there. */
export async function whyUnknown(airflow: AirflowClient, dag: string, signal: AbortSignal): Promise<string> {
  const errors = (await airflow.importErrors(signal)).map(({ file, reason }) => `${file}: ${reason}`);
  const why = errors.length === 0 ? "its DAG processor has not read it" : `it could not read ${errors.join("; ")}`;
  return `${airflow.where} knows no DAG ${dag}: ${why}`;
}

/** The state of a task's newest try and the end of its log. */
export async function describeTry(
  airflow: AirflowClient,
  dag: string,
  run: string,
  task: TaskInstance,
  signal: AbortSignal,
): Promise<string> {
  const state = task.state === "up_for_retry" ? "failed" : (task.state ?? "not started");
  const which = `task ${task.task_id} is ${state} at try ${task.try_number} of ${task.max_tries + 1}`;
  const lines = await airflow
    .logTail(dag, run, task, 5, signal)
    .catch((error: unknown) => [`(its log can't be had: ${describeError(error)})`]);
  return lines.length === 0 ? `${which}, with an empty log` : `${which}; its log ends: ${lines.join(" | ")}`;
}
