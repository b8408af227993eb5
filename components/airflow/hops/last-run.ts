/** Hops on DAGs that nobody runs for the proof: how their last runs ended. */
import type { AirflowClient, DagRun } from "./airflow-client.ts";
import { describeTry, whyUnknown } from "./airflow-words.ts";
import { poll } from "../../../platform/hops/errors.ts";
import { HopFailure, HopSkipped } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { forgivenFailures, slowRefusedMs, standstillMs } from "../../../platform/hops/limits.ts";

export interface LastRunHopOptions {
  readonly name: string;
  readonly airflow: AirflowClient;
  readonly dag: string;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

export function lastRunHop({ name, airflow, dag, pauseMs }: LastRunHopOptions): Hop {
  return {
    name,
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) => {
      onProgress(`asks Airflow for the last runs of DAG ${dag}`);
      const { runs } = await poll(
        async () => {
          const found = await airflow.dag(dag, signal);
          if (found === undefined) return await whyUnknown(airflow, dag, signal);
          if (found.isPaused) throw new HopSkipped(`DAG ${dag} is paused in Airflow`);
          return { runs: await airflow.runs(dag, signal) };
        },
        { signal, onProgress, pauseMs, refusedMs: slowRefusedMs },
      );
      const ended = runs.filter(({ state }) => state === "success" || state === "failed");
      const [last] = ended;
      if (last === undefined) {
        const underWay = runs.length === 0 ? "has not run yet" : "has its first run under way";
        throw new HopSkipped(`DAG ${dag} ${underWay}`);
      }
      const failures = failuresInARow(ended);
      if (isRed(failures)) throw new HopFailure(await whyFailed(airflow, dag, failures, signal));
      const tasks = await airflow.tasks(dag, last.dag_run_id, signal);
      const ok = tasks.filter(({ state }) => state === "success").length;
      const forgiven = failures.length === 0 ? "" : " failed, the one before it did not; the next one tries again";
      return {
        count: ended.length,
        distinct: new Set(ended.map((run) => run.dag_run_id)).size,
        checksum: String(ok),
        message: `DAG ${dag}: its last run ${last.dag_run_id}${forgiven === "" ? " ended well" : forgiven}`,
      };
    },
  };
}

/** Newest first: the runs up to the last one that ended well. */
function failuresInARow(ended: readonly DagRun[]): DagRun[] {
  const success = ended.findIndex(({ state }) => state === "success");
  return ended.slice(0, success === -1 ? ended.length : success);
}

/** Somebody waits for a run that was started by hand; a scheduled one has a next. */
function isRed(failures: readonly DagRun[]): boolean {
  return failures.length > forgivenFailures || (failures[0] !== undefined && failures[0].run_type !== "scheduled");
}

async function whyFailed(
  airflow: AirflowClient,
  dag: string,
  failures: readonly DagRun[],
  signal: AbortSignal,
): Promise<string> {
  const run = failures[0]?.dag_run_id ?? "";
  const tasks = await airflow.tasks(dag, run, signal);
  const failed = tasks.find(({ state }) => state === "failed") ?? tasks.find(({ state }) => state !== "success");
  const cause =
    failed === undefined ? "no task of it was started" : await describeTry(airflow, dag, run, failed, signal);
  const many =
    failures.length > 1
      ? `the last ${failures.length} runs of DAG ${dag} failed, the newest is ${run}`
      : `the last run of DAG ${dag}, ${run}, failed`;
  return `${many}: ${cause}. Mend the cause, then clear the run in Airflow or start another`;
}
