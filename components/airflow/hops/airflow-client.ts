/** A small client of Airflow's REST API. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { pauseMs } from "../../../platform/hops/limits.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed, wordsOfAnswer } from "../../../platform/hops/http-session.ts";
import type { Answer } from "../../../platform/hops/http-session.ts";

export interface AirflowOptions {
  /** `http://host:port` */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Before a request that lost against the scheduler is made again, in ms. @default `pauseMs` */
  readonly pauseMs?: number;
}

/** So often a request is made that loses against the scheduler. */
const TRIES = 4;

const time = z.string().nullable().default(null);
const dagShape = z.looseObject({ is_paused: z.boolean() });
const runShape = z.looseObject({
  dag_run_id: z.string(),
  state: z.string(),
  /** `scheduled`, or how else it was started. */
  run_type: z.string().default("manual"),
  queued_at: time,
  start_date: time,
});
const runsShape = z.looseObject({ dag_runs: z.array(runShape) });
const taskShape = z.looseObject({
  task_id: z.string(),
  state: z.string().nullable().default(null),
  try_number: z.number().default(0),
  max_tries: z.number().default(0),
  start_date: time,
  end_date: time,
});
const tasksShape = z.looseObject({ task_instances: z.array(taskShape) });
const importErrorsShape = z.looseObject({
  import_errors: z.array(z.looseObject({ filename: z.string(), stack_trace: z.string().default("") })),
});
const heartbeat = z.looseObject({ status: z.string().nullable() });
const healthShape = z.looseObject({
  metadatabase: heartbeat,
  scheduler: z.looseObject({ status: z.string().nullable(), latest_scheduler_heartbeat: time }),
});
const logShape = z.looseObject({
  content: z.array(z.union([z.string(), z.looseObject({ event: z.string(), error_detail: z.unknown().optional() })])),
});
const tokenShape = z.looseObject({ access_token: z.string().min(1) });

export type DagRun = z.infer<typeof runShape>;
export type TaskInstance = z.infer<typeof taskShape>;

export class AirflowClient {
  readonly #options: AirflowOptions;
  readonly #http: HttpSession;
  #token: string | undefined;

  constructor(options: AirflowOptions) {
    this.#options = options;
    this.#http = new HttpSession({ service: "Airflow", url: options.url });
  }

  get where(): string {
    return this.#http.where;
  }

  /** @throws {HopFailure} when the account is refused */
  async logIn(signal?: AbortSignal): Promise<void> {
    const { user, password } = this.#options;
    const answer = await this.#http.send("POST", "/auth/token", {
      json: { username: user, password },
      signal,
    });
    if (answer.status === 401) {
      await this.#mustHaveDatabase(signal);
      throw new HopFailure(
        `${this.where} refuses the login of "${user}": the password is wrong, or there is no such account`,
      );
    }
    if (answer.status === 429) {
      // It counts logins, also right ones that it could not look up.
      await this.#mustHaveDatabase(signal);
      throw new HopFailure(
        `${this.where} refuses the login of "${user}": too many logins were tried; it takes logins again in a while`,
      );
    }
    mustSucceed(answer, `${this.where} gives no token`);
    this.#token = tokenShape.parse(JSON.parse(answer.text)).access_token;
  }

  /** @returns `undefined` when Airflow knows no such DAG */
  async dag(dag: string, signal?: AbortSignal): Promise<{ readonly isPaused: boolean } | undefined> {
    const answer = await this.#call("GET", `/dags/${encodeURIComponent(dag)}`, signal);
    if (answer.status === 404) return undefined;
    return { isPaused: dagShape.parse(JSON.parse(this.#checked(answer, `DAG ${dag}`))).is_paused };
  }

  async unpause(dag: string, signal?: AbortSignal): Promise<void> {
    const path = `/dags/${encodeURIComponent(dag)}?update_mask=is_paused`;
    const answer = await this.#call("PATCH", path, signal, { is_paused: false });
    this.#checked(answer, `DAG ${dag} can't be unpaused`);
  }

  /** What could not be read as a DAG: the file, and the last line of Python's complaint. */
  async importErrors(signal?: AbortSignal): Promise<{ readonly file: string; readonly reason: string }[]> {
    const answer = await this.#call("GET", "/importErrors", signal);
    const { import_errors: errors } = importErrorsShape.parse(JSON.parse(this.#checked(answer, "import errors")));
    return errors.map((error) => ({
      file: error.filename,
      reason: error.stack_trace.trim().split("\n").at(-1)?.trim() ?? "",
    }));
  }

  /** Starts a run under an id of the caller's; a run that is there already is taken for it. */
  async trigger(
    dag: string,
    run: string,
    conf: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<void> {
    const answer = await this.#call("POST", `/dags/${encodeURIComponent(dag)}/dagRuns`, signal, {
      dag_run_id: run,
      logical_date: null,
      conf,
    });
    if (answer.status !== 409) this.#checked(answer, `DAG ${dag} can't be triggered`);
  }

  async run(dag: string, run: string, signal?: AbortSignal): Promise<DagRun> {
    return runShape.parse(JSON.parse(this.#checked(await this.#call("GET", runPath(dag, run), signal), `run ${run}`)));
  }

  /** The runs of a DAG, newest first, at most 100. */
  async runs(dag: string, signal?: AbortSignal): Promise<DagRun[]> {
    const path = `/dags/${encodeURIComponent(dag)}/dagRuns?order_by=-run_after&limit=100`;
    return runsShape.parse(JSON.parse(this.#checked(await this.#call("GET", path, signal), `runs of ${dag}`))).dag_runs;
  }

  async tasks(dag: string, run: string, signal?: AbortSignal): Promise<TaskInstance[]> {
    const answer = await this.#call("GET", `${runPath(dag, run)}/taskInstances`, signal);
    return tasksShape.parse(JSON.parse(this.#checked(answer, `tasks of run ${run}`))).task_instances;
  }

  /** The last lines of the log of one try of a task; why there are none, where the log can't be had. */
  async logTail(
    dag: string,
    run: string,
    task: Pick<TaskInstance, "task_id" | "try_number">,
    lines = 5,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const path = `${runPath(dag, run)}/taskInstances/${encodeURIComponent(task.task_id)}/logs/${task.try_number}`;
    const answer = await this.#call("GET", `${path}?full_content=true`, signal);
    if (answer.status >= 300) return [`(its log can't be had: ${wordsOfAnswer(answer)})`];
    const { content } = logShape.parse(JSON.parse(answer.text));
    const said = content.flatMap((entry) =>
      typeof entry === "string" ? [entry] : [entry.event, ...errorLines(entry)],
    );
    return said
      .flatMap((text) => text.split("\n"))
      .filter((text) => text.trim() !== "")
      .slice(-lines);
  }

  /** What Airflow says of its own parts; needs no login. */
  async health(signal?: AbortSignal): Promise<z.infer<typeof healthShape>> {
    const answer = await this.#http.send("GET", "/api/v2/monitor/health", { signal });
    return healthShape.parse(JSON.parse(mustSucceed(answer, `${this.where} does not tell its health`).text));
  }

  /** Ends a run, as one that has failed. */
  async failRun(dag: string, run: string, signal?: AbortSignal): Promise<void> {
    const path = `${runPath(dag, run)}?update_mask=state`;
    this.#checked(await this.#call("PATCH", path, signal, { state: "failed" }), `run ${run} can't be ended`);
  }

  /** Ends a run that is still under way, and removes it with its tasks. A run that is not there is none to remove. */
  async removeRun(dag: string, run: string, signal?: AbortSignal): Promise<void> {
    const first = await this.#call("DELETE", runPath(dag, run), signal);
    if (first.status === 404) return;
    if (first.status === 409) {
      await this.failRun(dag, run, signal);
      this.#checked(await this.#call("DELETE", runPath(dag, run), signal), `run ${run} can't be removed`);
      return;
    }
    this.#checked(first, `run ${run} can't be removed`);
  }

  /**
   * Airflow refuses every login while it can't read its accounts.
   * @throws {Error} when that is so
   */
  async #mustHaveDatabase(signal: AbortSignal | undefined): Promise<void> {
    const { metadatabase } = await this.health(signal);
    if (metadatabase.status !== "healthy") {
      throw new Error(`${this.where} takes no login: its database is ${metadatabase.status ?? "away"}`);
    }
  }

  #checked(answer: Answer, what: string): string {
    return mustSucceed(answer, `${this.where}: ${what}`).text;
  }

  /**
   * A request that changes a run can end in a deadlock with the scheduler, which is at the same rows; PostgreSQL then ends
   * one of the two, and Airflow answers 500 "Database error". All that this client asks may be asked again.
   */
  async #call(method: string, path: string, signal: AbortSignal | undefined, json?: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#callOnce(method, path, signal, json);
      if (answer.status !== 500 || !answer.text.includes('"Database error"') || attempt === TRIES) return answer;
      await sleep(this.#options.pauseMs ?? pauseMs, undefined, { signal });
    }
  }

  async #callOnce(method: string, path: string, signal: AbortSignal | undefined, json: unknown): Promise<Answer> {
    if (this.#token === undefined) await this.logIn(signal);
    const answer = await this.#http.send(method, `/api/v2${path}`, {
      headers: { authorization: `Bearer ${this.#token ?? ""}`, accept: "application/json" },
      ...(json === undefined ? {} : { json }),
      signal,
    });
    if (answer.status !== 401) return answer;
    // A restarted server may have forgotten the key that it signed the token with.
    this.#token = undefined;
    throw new Error(`${this.where} does not know its token any more`);
  }
}

function runPath(dag: string, run: string): string {
  return `/dags/${encodeURIComponent(dag)}/dagRuns/${encodeURIComponent(run)}`;
}

const errorDetailShape = z.array(
  z.looseObject({ exc_type: z.string().default(""), exc_value: z.string().default("") }),
);

/** An exception travels beside its log line, in parts. */
function errorLines({ error_detail: detail }: { readonly error_detail?: unknown }): string[] {
  const parsed = errorDetailShape.safeParse(detail);
  return parsed.success ? parsed.data.map((error) => `${error.exc_type}: ${error.exc_value}`) : [];
}
