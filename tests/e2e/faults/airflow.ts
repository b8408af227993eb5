/** Bad luck and bad input of Airflow. */
import { randomUUID } from "node:crypto";

import type { AirflowClient, DagRun, TaskInstance } from "../../../components/airflow/hops/airflow-client.ts";
import { wordsOfAnswer, HttpSession } from "../../../platform/hops/http-session.ts";
import type { DagError } from "../../../components/airflow/dag-errors.ts";
import { ROBOT } from "../../../platform/names.ts";
import { airflow, airflowUrl, bucketOf } from "../clients.ts";
import { fingerprints, kill, sql } from "../platform.ts";
import { greenAgain, timed } from "../proofs.ts";
import { document, millrace, must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const DAG = "telemetry_report";
const OUTPUTS = "runs/telemetry-report";
/** Retries of the DAG's task. */
const RETRIES = 2;

/** A file that is no Python, and a notebook that lacks a parameter: each is named, and nothing else is disturbed. */
export async function badInput(runner: Runner): Promise<void> {
  const file = "e2e_broken.py";
  const dags = await bucketOf("user-analyst", "dags");
  // A file that speaks neither of Airflow nor of a DAG would not be read at all.
  await dags.put(file, "from airflow.sdk import dag\n\n\ndef broken(:\n");
  try {
    await missingParameter(runner);
    await runner.step("a DAG with a syntax error is shown by Airflow and by status", 5 * MINUTE, async () => {
      const client = await airflow();
      const seen = await until("an import error", 3 * MINUTE, async () =>
        (await client.importErrors()).find((error) => error.file.endsWith(file)),
      );
      must(seen.reason.includes("SyntaxError"), `Airflow says: ${seen.reason}`);
      const report = document(await millrace(["status", "--json"], MINUTE)) as {
        dagErrors: readonly DagError[] | null;
      };
      const shown = report.dagErrors?.find((error) => error.file.endsWith(file));
      must(shown?.message.includes("SyntaxError") === true, `status shows ${JSON.stringify(report.dagErrors)}`);
      return `${shown.file}: ${shown.message}`;
    });
    await startTime(runner);
  } finally {
    await dags.remove(file);
  }
  await deferred(runner);
  await runner.step("the error goes away with the file", 5 * MINUTE, async () => {
    const client = await airflow();
    await until("no import error", 3 * MINUTE, async () =>
      (await client.importErrors()).some((error) => error.file.endsWith(file)) ? undefined : true,
    );
    return undefined;
  });
}

/** Of this run alone: Airflow remembers a DAG whose file is gone. */
const DEFERRED = `e2e_deferred_${Date.now()}`;
/** Its task waits in the triggerer for some seconds. */
const DEFERRED_DAG = `from datetime import datetime, timezone

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import dag


@dag(dag_id="${DEFERRED}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False)
def deferred():
    at = "{{ (dag_run.run_after + macros.timedelta(seconds=20)).isoformat() }}"
    DateTimeSensorAsync(task_id="wait", target_time=at)


deferred()
`;

/** The triggerer is started for the first trigger. */
async function deferred(runner: Runner): Promise<void> {
  await runner.step("a deferred task goes on, though no triggerer ran before", 6 * MINUTE, async () => {
    const client = await airflow();
    const dags = await bucketOf("user-analyst", "dags");
    const file = `${DEFERRED}.py`;
    const run = `e2e-${randomUUID()}`;
    await dags.put(file, DEFERRED_DAG);
    try {
      await until(`DAG ${DEFERRED}`, 2 * MINUTE, async () => await client.dag(DEFERRED));
      await client.trigger(DEFERRED, run, {});
      const since = Date.now();
      const state = await until(`the end of run ${run}`, 3 * MINUTE, async () => {
        const { state: now } = await client.run(DEFERRED, run);
        return now === "success" || now === "failed" ? now : undefined;
      });
      must(state === "success", `the run ended as ${state}`);
      return timed("its run ended after", Date.now() - since, 2 * MINUTE);
    } finally {
      await client.removeRun(DEFERRED, run).catch(() => undefined);
      await dags.remove(file);
      const logs = await bucketOf("proof", "airflow");
      for (const key of await logs.list(`logs/dag_id=${DEFERRED}/run_id=${run}/`)) await logs.remove(key);
    }
  });
}

/** Another DAG's file does not keep this one from running, and its task starts soon. */
async function startTime(runner: Runner): Promise<void> {
  await runner.step("others go on, and a task starts soon after its trigger", 6 * MINUTE, () =>
    withRun({}, async (client, run) => {
      const { state, task, startedAfterMs } = await runToItsEnd(client, run);
      must(state === "success", `the run ended as ${state}`);
      await longLog(client, run, task);
      const ran = (Date.parse(task.end_date ?? "") - Date.parse(task.start_date ?? "")) / 1000;
      return `${timed("task started after", startedAfterMs, MINUTE)}, ran ${Math.round(ran)} s`;
    }),
  );
}

/** Of a log that is larger than the API server's memory it shows the end. */
async function longLog(client: AirflowClient, run: string, task: TaskInstance): Promise<void> {
  const logs = await bucketOf("airflow", "airflow");
  // A task's log is put there after its end is known.
  const key = await until(`the log of run ${run} in ${logs.where}`, MINUTE, async () => {
    const [found] = await logs.list(`logs/dag_id=${DAG}/run_id=${run}/`);
    return found;
  });
  const before = await fingerprints("airflow/api-server");
  try {
    await logs.put(key, `${"x".repeat(1023)}\n`.repeat(256 * 1024));
    const lines = await client.logTail(DAG, run, task, 10_000, AbortSignal.timeout(2 * MINUTE));
    const note = /This log has 256 MiB, of which only the last 4 are shown/;
    must(
      lines.some((line) => note.test(line)),
      `its page does not say that its log is long: ${lines.at(-1)?.slice(0, 200) ?? "no line"}`,
    );
    must((await fingerprints("airflow/api-server")).join() === before.join(), "the API server was started anew");
  } finally {
    await logs.remove(key);
  }
}

async function missingParameter(runner: Runner): Promise<void> {
  await runner.step("a notebook that lacks a parameter fails with the parameter's name", 6 * MINUTE, async () => {
    const notebooks = await bucketOf("proof", "notebooks");
    const key = "e2e-needs-a-day.ipynb";
    const code = (source: string, tags: string[]): object => ({
      id: randomUUID().slice(0, 8),
      cell_type: "code",
      execution_count: null,
      metadata: { tags },
      outputs: [],
      source,
    });
    const parameters = "run: str = None  # required\nhours: float = 1\nday: str = None  # required";
    const kernel = { name: "python3", display_name: "Python 3", language: "python" };
    const notebook = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: kernel, language_info: { name: "python" } },
      cells: [code(parameters, ["parameters"]), code("print(day)", [])],
    };
    await notebooks.put(key, JSON.stringify(notebook));
    try {
      return await withRun({ notebook: `s3://notebooks/${key}` }, async (client, run) => {
        const { state, task } = await runToItsEnd(client, run);
        must(state === "failed", `the run ended as ${state}`);
        const log = (await client.logTail(DAG, run, task, 30)).join("\n");
        must(/needs parameter day\b/.test(log), `the log says only: ${log}`);
        return log.split("\n").find((line) => /\bday\b/.test(line));
      });
    } finally {
      await notebooks.remove(key);
    }
  });
}

/** A run of the DAG that is removed at the end with all that it made. */
async function withRun<T>(
  conf: Readonly<Record<string, unknown>>,
  body: (client: AirflowClient, run: string) => Promise<T>,
): Promise<T> {
  const run = `e2e-${randomUUID()}`;
  const client = await airflow();
  await client.trigger(DAG, run, { run, hours: 0.1, ...conf });
  try {
    return await body(client, run);
  } finally {
    await client.removeRun(DAG, run).catch(() => undefined);
    await sql(`DELETE FROM lake.reports.telemetry_summary WHERE run = '${run}'`).catch(() => undefined);
    const notebooks = await bucketOf("proof", "notebooks");
    await notebooks.remove(`${OUTPUTS}/${run}.ipynb`).catch(() => undefined);
    const logs = await bucketOf("proof", "airflow");
    for (const key of await logs.list(`logs/dag_id=${DAG}/run_id=${run}/`)) await logs.remove(key);
  }
}

interface EndedRun {
  readonly state: string;
  readonly task: TaskInstance;
  /** From the trigger to the first start of the task. */
  readonly startedAfterMs: number;
}

async function runToItsEnd(client: AirflowClient, run: string): Promise<EndedRun> {
  const triggered = Date.now();
  let started: number | undefined;
  const ended = await until(`the end of run ${run}`, 5 * MINUTE, async () => {
    const [task] = await client.tasks(DAG, run);
    if (task?.start_date !== null && task?.start_date !== undefined) started ??= Date.parse(task.start_date);
    const { state }: DagRun = await client.run(DAG, run);
    return task !== undefined && (state === "success" || state === "failed") ? { state, task } : undefined;
  });
  return { ...ended, startedAfterMs: Math.max(0, (started ?? Date.now()) - triggered) };
}

/**
 * A task under way outlives the scheduler that queued it, or runs again, but no more often than its retries say; and the
 * proof does not wait for it.
 */
export async function schedulerKilled(runner: Runner): Promise<void> {
  const title = "a scheduler killed in the middle of a task loses no run, and the proof is green again";
  await runner.step(title, 10 * MINUTE, () =>
    withRun({}, async (client, run) => {
      await until("a running task", 2 * MINUTE, async () => {
        const [task] = await client.tasks(DAG, run);
        return task?.state === "running" ? true : undefined;
      });
      const since = Date.now();
      await kill("airflow/scheduler");
      const [green, { state, task }] = await Promise.all([greenAgain(since, 2 * MINUTE), runToItsEnd(client, run)]);
      must(state === "success", `the run ended as ${state} at try ${task.try_number}`);
      must(task.try_number <= RETRIES + 1, `it took ${task.try_number} tries`);
      const counts = "count(*) AS n, count(DISTINCT metric) AS metrics";
      const [row] = await sql(`SELECT ${counts} FROM lake.reports.telemetry_summary WHERE run = '${run}'`);
      const { n, metrics } = row ?? {};
      must(
        Number(n) > 0 && Number(n) === Number(metrics),
        `its table has ${Number(n)} rows of ${Number(metrics)} metrics`,
      );
      return `success at try ${task.try_number}, ${Number(n)} rows; ${green}`;
    }),
  );
}

/** Wrong passwords are refused, and after some of them the account is, for this address and a while. */
export async function wrongPassword(runner: Runner): Promise<void> {
  await runner.step("Airflow refuses a wrong password, and then any for that account", MINUTE, async () => {
    const http = new HttpSession({ service: "Airflow", url: airflowUrl() });
    const answers: number[] = [];
    let last = "";
    for (let attempt = 0; attempt < 7; attempt++) {
      const json = { username: "admin", password: `wrong-${attempt}` };
      const answer = await http.send("POST", "/auth/token", { json });
      answers.push(answer.status);
      last = wordsOfAnswer(answer);
    }
    must(answers[0] === 401, `the first was answered with ${answers[0] ?? 0}`);
    must(answers.at(-1) === 429, `they were answered with ${answers.join(", ")}`);
    // Others are not kept out.
    await (await airflow()).logIn();
    return `${answers.join(", ")}: ${last}; ${ROBOT} still logs in`;
  });
}
