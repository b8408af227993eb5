/** Hop `airflow`: a DAG that is triggered runs to its end, and what it made is in the table and in the bucket. */
import { z } from "zod";
import type { AirflowClient, DagRun, TaskInstance } from "./airflow-client.ts";
import { describeTry, whyUnknown } from "./airflow-words.ts";
import { describeError, poll } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop, HopContext } from "../../../platform/hops/hop.ts";
import { podStartMs, runningStandstillMs, slowRefusedMs, statementMs } from "../../../platform/hops/limits.ts";
import { isLeftover, type ProofRun } from "../../../platform/hops/run.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";
import { sqlText } from "../../presto/programs/presto-client.ts";
import type { PrestoClient } from "../../presto/programs/presto-client.ts";
import { runsCleanup } from "../../presto/hops/presto.ts";

export interface AirflowHopOptions {
  readonly airflow: AirflowClient;
  readonly config: {
    readonly dag: string;
    /** Table that the DAG's rows come to, in Presto's catalog: `schema.table`. */
    readonly table: string;
    /** Of the executed notebooks in their bucket. */
    readonly prefix: string;
  };
  readonly presto: PrestoClient;
  /** The bucket of the executed notebooks. */
  readonly notebooks: ObjectStore;
  /** Where the logs of tasks outlive their runs. @default - they are left alone */
  readonly logs?: { readonly store: ObjectStore; readonly prefix: string };
  readonly marked: ProofRun;
  /** How long Airflow may be away before it is given up, in ms; a restart takes less. @default `slowRefusedMs` */
  readonly awayLimitMs?: number;
  /**
   * How long a triggered run may wait for a scheduler that is not well, in ms: one whose database was started anew needs
   * more than a minute to notice. @default `podStartMs`
   */
  readonly schedulerPatienceMs?: number;
  /** How long a task may take to start, in ms. @default `podStartMs` */
  readonly startLimitMs?: number;
  /** How long after the trigger a failed try is still given another one, in ms. @default `podStartMs` */
  readonly retryPatienceMs?: number;
  /** How long the rows of a run that succeeded may take to be seen, in ms. @default `statementMs` */
  readonly rowsLimitMs?: number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

export function airflowHop(options: AirflowHopOptions): Hop {
  return {
    name: "airflow",
    timeoutMs: runningStandstillMs,
    run: async (context) => {
      await triggerRun(options, context);
      const seconds = await waitForRun(options, context);
      const rows = await checkRows(options, context);
      await checkNotebook(options, context);
      await removeLogs(options, (run) => run === options.marked.run);
      const { dag, table } = options.config;
      const checksum = rows.reduce((sum, row) => sum + BigInt(row.count), 0n).toString();
      const distinct = new Set(rows.map((row) => row.metric)).size;
      const message = `DAG ${dag}: task started after ${seconds} s, rows in ${table}, executed notebook in S3`;
      return { count: rows.length, distinct, checksum, message };
    },
  };
}

/** What the report looks back: a short time has few files, however old the platform is. */
const reportedHours = 0.1;

async function triggerRun(options: AirflowHopOptions, context: HopContext): Promise<void> {
  const { airflow, marked } = options;
  const { dag } = options.config;
  context.onProgress(`asks Airflow for DAG ${dag}`);
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(awayLimitOf(options))]);
  let isRegistered = false;
  await poll(
    async () => {
      const found = await airflow.dag(dag, signal);
      if (found === undefined) return await whyUnknown(airflow, dag, signal);
      if (found.isPaused) await airflow.unpause(dag, signal);
      if (!isRegistered) registerCleanups(options, context);
      isRegistered = true;
      await airflow.trigger(dag, marked.run, { run: marked.run, hours: reportedHours }, signal);
      return found;
    },
    { signal, pauseMs: options.pauseMs, refusedMs: awayLimitOf(options) },
  );
}

function awayLimitOf({ awayLimitMs = slowRefusedMs }: AirflowHopOptions): number {
  return awayLimitMs;
}

/** @returns Seconds from the trigger to the start of the first task. */
async function waitForRun(options: AirflowHopOptions, context: HopContext): Promise<number> {
  const { airflow, marked } = options;
  const { dag } = options.config;
  const triggeredAt = performance.now();
  let told = "";
  let tasks: readonly TaskInstance[] = [];
  try {
    await poll(
      async () => {
        const run = await airflow.run(dag, marked.run, context.signal);
        tasks = await airflow.tasks(dag, marked.run, context.signal);
        if (run.state === "failed") throw new HopFailure(await whyFailed(options, tasks, context.signal));
        if (run.state === "success") return run;
        const waited = performance.now() - triggeredAt;
        const words = await whatIsAwaited(options, run, tasks, context.signal);
        if (words !== told) context.onProgress(words);
        told = words;
        await giveUpWaiting(options, tasks, waited, words, context.signal);
        return `DAG run ${marked.run}: ${words}`;
      },
      { signal: context.signal, pauseMs: options.pauseMs, refusedMs: awayLimitOf(options) },
    );
  } catch (error) {
    const running = tasks.find((task) => task.state === "running");
    if (!context.signal.aborted || running === undefined) throw error;
    // The time is over: what little is left is for the log.
    const last = await describeTry(airflow, dag, marked.run, running, AbortSignal.timeout(lastWordsMs));
    throw new HopFailure(`${describeError(error)}; ${last}`, { cause: error });
  }
  return secondsToStart(await airflow.run(dag, marked.run, context.signal), tasks);
}

/** Less than the time that the runner leaves a hop after its signal. */
const lastWordsMs = 2000;

function secondsToStart(run: DagRun, tasks: readonly TaskInstance[]): number {
  const starts = tasks.map((task) => Date.parse(task.start_date ?? "")).filter((at) => !Number.isNaN(at));
  const from = Date.parse(run.queued_at ?? run.start_date ?? "");
  return starts.length === 0 || Number.isNaN(from) ? 0 : Math.max(0, Math.round((Math.min(...starts) - from) / 1000));
}

async function whatIsAwaited(
  options: AirflowHopOptions,
  run: DagRun,
  tasks: readonly TaskInstance[],
  signal: AbortSignal,
): Promise<string> {
  const task = tasks.find((one) => one.state !== "success");
  if (task === undefined && tasks.length > 0) return "its tasks have ended: the scheduler has not closed it";
  if (run.state === "queued" || task === undefined) return `${run.state}: the scheduler has not taken it up`;
  if (task.state === null || task.state === "scheduled") return `the scheduler has not queued task ${task.task_id}`;
  if (task.state === "queued") return `task ${task.task_id} is queued: its pod has not started`;
  if (task.state === "up_for_retry")
    return `${await describeTry(options.airflow, options.config.dag, options.marked.run, task, signal)}; it is tried again`;
  return `task ${task.task_id} is ${task.state}`;
}

/** @throws {HopFailure} when the wait is in vain, or longer than a start may take */
async function giveUpWaiting(
  options: AirflowHopOptions,
  tasks: readonly TaskInstance[],
  waitedMs: number,
  words: string,
  signal: AbortSignal,
): Promise<void> {
  // A proof waits for a second try, which a killed pod needs, not for the last one.
  const hasFailed = tasks.some((task) => task.state === "up_for_retry");
  if (hasFailed && waitedMs > (options.retryPatienceMs ?? podStartMs)) {
    throw new HopFailure(`DAG run ${options.marked.run}: ${words}`);
  }
  if (tasks.some((task) => task.start_date !== null)) return;
  const waited = `${Math.round(waitedMs / 1000)} s after its trigger the run of DAG ${options.config.dag}`;
  if (waitedMs > (options.schedulerPatienceMs ?? podStartMs)) {
    const { scheduler } = await options.airflow.health(signal);
    if (scheduler.status !== "healthy") {
      const heartbeat = scheduler.latest_scheduler_heartbeat ?? "never seen";
      throw new HopFailure(
        `${waited} is still not started: Airflow's scheduler is ${scheduler.status ?? "away"} (last heartbeat ${heartbeat})`,
      );
    }
  }
  if (waitedMs > (options.startLimitMs ?? podStartMs)) throw new HopFailure(`${waited} is still not started: ${words}`);
}

async function whyFailed(
  options: AirflowHopOptions,
  tasks: readonly TaskInstance[],
  signal: AbortSignal,
): Promise<string> {
  const failed = tasks.find((task) => task.state === "failed") ?? tasks.find((task) => task.state !== "success");
  const what =
    failed === undefined
      ? "without a task"
      : await describeTry(options.airflow, options.config.dag, options.marked.run, failed, signal);
  return `DAG run ${options.marked.run} failed: ${what}`;
}

/** A row of the summary, and what Presto itself counts in the samples that the row speaks of. */
export interface SummaryRow {
  readonly metric: string;
  readonly count: number;
  readonly mean: number;
  readonly minimum: number;
  readonly maximum: number;
}

/** The rows that the run wrote must agree with a query on the samples themselves. */
async function checkRows(options: AirflowHopOptions, { signal, onProgress }: HopContext): Promise<SummaryRow[]> {
  const { presto, marked } = options;
  const { table } = options.config;
  onProgress(`asks Presto for the rows in ${table}`);
  const { rows } = await poll(
    async () => {
      const found = await presto.query(
        'SELECT metric, "count", mean, minimum, maximum, CAST(since AS varchar) AS since, CAST(until AS varchar) AS until ' +
          `FROM ${table} WHERE run = ${sqlText(marked.run)}`,
        signal,
      );
      if (found.length > 0) return { rows: found };
      return `${table} has no row of run ${marked.run}, though the run succeeded`;
    },
    // A commit is seen at once: what is not there after some seconds does not come.
    { signal: AbortSignal.any([signal, AbortSignal.timeout(options.rowsLimitMs ?? statementMs)]) },
  );
  const samples = await presto.query(samplesSql(rows), signal);
  const own = new Map(samples.map(summaryRow).map((row) => [row.metric, row]));
  const summary = rows.map(summaryRow);
  const problems = summary.flatMap((row) => summaryProblem(row, own.get(row.metric)) ?? []);
  if (new Set(summary.map((row) => row.metric)).size < summary.length) problems.push("a metric is there twice");
  if (problems.length > 0) throw new HopFailure(`${table} is wrong for run ${marked.run}: ${problems.join("; ")}`);
  return summary;
}

/** The same figures from the samples themselves, in the time that the rows speak of. */
function samplesSql(rows: readonly Record<string, unknown>[]): string {
  const since = rows.map((row) => String(row["since"])).sort();
  const until = rows.map((row) => String(row["until"])).sort();
  const timestamp = (text: string | undefined): string => `CAST(${sqlText(text ?? "")} AS timestamp)`;
  return (
    'SELECT metric, count(*) AS "count", avg(value) AS mean, min(value) AS minimum, max(value) AS maximum ' +
    // Presto cuts times to milliseconds, so the end is counted in.
    `FROM samples WHERE run IS NULL AND ts BETWEEN ${timestamp(since[0])} AND ${timestamp(until.at(-1))} GROUP BY metric`
  );
}

function summaryRow(row: Readonly<Record<string, unknown>>): SummaryRow {
  const { metric, count, mean, minimum, maximum } = row;
  return {
    metric: String(metric),
    count: Number(count),
    mean: Number(mean),
    minimum: Number(minimum),
    maximum: Number(maximum),
  };
}

/**
 * @param own - what Presto counts by itself; late records may have come since the row was written, so it may have more
 * @returns what is wrong with a row; `undefined`: nothing
 */
export function summaryProblem(row: SummaryRow, own: SummaryRow | undefined): string | undefined {
  const { metric, count, mean, minimum, maximum } = row;
  if (!(count > 0)) return `${metric} has count ${count}`;
  if (own === undefined) return `${metric} is not in the samples at all`;
  if (count > own.count) return `${metric} counts ${count} samples where there are ${own.count}`;
  // Means are sums of floating-point numbers, in another order here than there.
  const slack = 1e-9 * Math.max(Math.abs(minimum), Math.abs(maximum), 1);
  if (!(minimum <= mean + slack && mean <= maximum + slack)) {
    return `${metric} has the mean ${mean}, which is not within ${minimum} to ${maximum}`;
  }
  if (minimum < own.minimum || maximum > own.maximum) {
    return `${metric} lies within ${minimum} to ${maximum}, its samples within ${own.minimum} to ${own.maximum}`;
  }
  if (count === own.count && Math.abs(mean - own.mean) > slack * count) {
    return `${metric} has the mean ${mean}, its samples ${own.mean}`;
  }
  return undefined;
}

async function checkNotebook(options: AirflowHopOptions, { signal, onProgress }: HopContext): Promise<void> {
  const { notebooks, marked } = options;
  const key = notebookKey(options, marked.run);
  onProgress(`reads ${notebooks.where}/${key}`);
  const { text } = await poll(async () => ({ text: (await notebooks.get(key)).toString("utf8") }), {
    signal: AbortSignal.any([signal, AbortSignal.timeout(options.rowsLimitMs ?? statementMs)]),
  });
  const problem = notebookProblem(text, marked.run);
  if (problem !== undefined) throw new HopFailure(`${notebooks.where}/${key} ${problem}`);
}

const cellShape = z.looseObject({
  cell_type: z.string(),
  outputs: z
    .array(z.looseObject({ output_type: z.string(), ename: z.string().optional(), evalue: z.string().optional() }))
    .default([]),
});
const notebookShape = z.looseObject({ nbformat: z.number(), cells: z.array(cellShape).min(1) });

/** @returns what is wrong with an executed notebook; `undefined`: nothing */
export function notebookProblem(text: string, run: string): string | undefined {
  let parsed: z.ZodSafeParseResult<z.infer<typeof notebookShape>>;
  try {
    parsed = notebookShape.safeParse(JSON.parse(text));
  } catch {
    return "is not JSON";
  }
  if (!parsed.success) return `is no notebook: ${parsed.error.issues[0]?.message ?? ""}`;
  const { cells } = parsed.data;
  const error = cells.flatMap((cell) => cell.outputs).find((output) => output.output_type === "error");
  if (error !== undefined) return `holds an error: ${error.ename ?? ""}: ${error.evalue ?? ""}`;
  if (!cells.some((cell) => cell.outputs.length > 0)) return "holds no output: it was not executed";
  return text.includes(run) ? undefined : `does not hold the run id ${run}`;
}

function notebookKey({ config }: Pick<AirflowHopOptions, "config">, run: string): string {
  return `${config.prefix}/${run}.ipynb`;
}

/** The run goes first, so that no task writes behind the back of the other two. */
function registerCleanups(options: AirflowHopOptions, { onCleanup }: HopContext): void {
  const { airflow, presto, notebooks, marked, config } = options;
  const isOurs = (run: string): boolean => run === marked.run || isLeftover(run, marked.startedAt);
  onCleanup({
    what: "task logs of older proofs",
    run: () => removeLogs(options, (run) => isLeftover(run, marked.startedAt)),
  });
  onCleanup({
    what: `executed notebook ${notebookKey(options, marked.run)}`,
    run: async () => {
      for (const key of await notebooks.list(`${config.prefix}/proof-`)) {
        const run = key.slice(config.prefix.length + 1).replace(/\.ipynb$/, "");
        if (isOurs(run)) await notebooks.remove(key);
      }
    },
  });
  onCleanup(runsCleanup(presto, config.table, marked.run, isOurs));
  onCleanup({
    what: `DAG run ${marked.run} of ${config.dag}`,
    run: async (signal) => {
      const runs = await airflow.runs(config.dag, signal);
      for (const { dag_run_id: run } of runs.filter((one) => isOurs(one.dag_run_id))) {
        await airflow.removeRun(config.dag, run, signal);
      }
    },
  });
}

/** Logs of a run that failed are left for whoever looks into it; a proof some time later removes them. */
async function removeLogs({ logs, config }: AirflowHopOptions, isMeant: (run: string) => boolean): Promise<void> {
  if (logs === undefined) return;
  for (const key of await logs.store.list(`${logs.prefix}/dag_id=${config.dag}/run_id=proof-`)) {
    const [, run = ""] = /\/run_id=([^/]+)\//.exec(key) ?? [];
    if (isMeant(run)) await logs.store.remove(key);
  }
}
