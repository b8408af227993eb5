/** Small clients of a Flink cluster: of its JobManager, and of its SQL gateway. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { HttpSession } from "../../../platform/hops/http-session.ts";
import { answerMs } from "../../../platform/hops/limits.ts";
import { asQuestion, isWork, type Statement } from "./statements.ts";

/** A statement or a job is at fault, not the moment. */
export class FlinkRefusal extends Error {}

/** A savepoint's state has no place in the job that was to go on from it. */
export class StateRefusal extends FlinkRefusal {}

/** States in which a job has not ended. */
const LIVE = ["INITIALIZING", "CREATED", "RUNNING", "FAILING", "CANCELLING", "RESTARTING", "RECONCILING", "SUSPENDED"];

const overviewShape = z.object({
  jobs: z.array(z.object({ jid: z.string(), name: z.string(), state: z.string(), "start-time": z.number() })),
});
const jobShape = z.object({
  state: z.string(),
  vertices: z.array(z.object({ status: z.string() })),
});
const exceptionsShape = z.object({
  "root-exception": z.string().nullish(),
  exceptionHistory: z.object({ entries: z.array(z.object({ stacktrace: z.string() })) }).optional(),
});
const triggerShape = z.object({ "request-id": z.string() });
const savepointShape = z.object({
  status: z.object({ id: z.string() }),
  operation: z
    .object({ location: z.string().nullish(), "failure-cause": z.object({ "stack-trace": z.string() }).nullish() })
    .nullish(),
});

export interface LiveJob {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

/** How long something is waited for, in ms. */
export interface Patience {
  readonly runsMs: number;
  readonly savepointMs: number;
  /** @default 1000 */
  readonly pauseMs?: number;
}

export class JobManager {
  readonly #http: HttpSession;
  readonly #patience: Patience;

  constructor(url: string, patience: Patience) {
    this.#http = new HttpSession({ service: "Flink", url, timeoutMs: answerMs });
    this.#patience = patience;
  }

  /** Jobs that have not ended, the youngest last. */
  async jobs(): Promise<LiveJob[]> {
    const { jobs } = await this.#ask(overviewShape, "GET", "/jobs/overview");
    return jobs
      .filter(({ state }) => LIVE.includes(state))
      .sort((left, right) => left["start-time"] - right["start-time"])
      .map(({ jid, name, state }) => ({ id: jid, name, state }));
  }

  /**
   * Ends a job when its state is in a savepoint.
   * @returns where it lies
   * @throws {FlinkRefusal} when there could be none; the job goes on then
   */
  async stop(id: string, folder: string): Promise<string> {
    const json = { targetDirectory: folder, drain: false };
    const { "request-id": request } = await this.#ask(triggerShape, "POST", `/jobs/${id}/stop`, json);
    return await this.#until(this.#patience.savepointMs, `job ${id} has no savepoint`, async () => {
      const { status, operation } = await this.#ask(savepointShape, "GET", `/jobs/${id}/savepoints/${request}`);
      if (status.id !== "COMPLETED") return undefined;
      if (operation?.location !== undefined && operation.location !== null) return operation.location;
      throw new FlinkRefusal(causeOf(operation?.["failure-cause"]?.["stack-trace"] ?? "no savepoint was made"));
    });
  }

  /** Ends a job; its last checkpoint stays. */
  async cancel(id: string): Promise<void> {
    const { status, text } = await this.#http.send("PATCH", `/jobs/${id}?mode=cancel`);
    if (status >= 300 && status !== 404 && status !== 409) throw new Error(`can't cancel job ${id}: ${causeOf(text)}`);
    await this.#until(this.#patience.runsMs, `job ${id} does not end`, async () => {
      const live = await this.jobs();
      return live.some((job) => job.id === id) ? undefined : true;
    });
  }

  /**
   * Waits until all of a job runs.
   * @throws {StateRefusal} when it can't go on from the state that it was given; {FlinkRefusal} when it has failed or does not run
   */
  async runs(id: string): Promise<void> {
    let cause = "it has told nothing";
    await this.#until(
      this.#patience.runsMs,
      () => `it does not run: ${cause}`,
      async () => {
        const { state, vertices } = await this.#ask(jobShape, "GET", `/jobs/${id}`);
        if (state === "RUNNING" && vertices.every(({ status }) => ["RUNNING", "FINISHED"].includes(status)))
          return true;
        if (state === "FINISHED") return true;
        const told = await this.#failure(id);
        if (told !== undefined) {
          cause = causeOf(told);
          if (isOfState(told)) throw new StateRefusal(cause);
        }
        if (!LIVE.includes(state)) throw new FlinkRefusal(`it has ended as ${state}: ${cause}`);
        return undefined;
      },
    );
  }

  async #failure(id: string): Promise<string | undefined> {
    const told = await this.#ask(exceptionsShape, "GET", `/jobs/${id}/exceptions?maxExceptions=1`);
    return told.exceptionHistory?.entries[0]?.stacktrace ?? told["root-exception"] ?? undefined;
  }

  async #until<T>(ms: number, words: string | (() => string), look: () => Promise<T | undefined>): Promise<T> {
    const deadline = Date.now() + ms;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) {
        const told = typeof words === "string" ? words : words();
        throw new FlinkRefusal(`${told} (after ${Math.round(ms / 1000)} s)`);
      }
      await sleep(this.#patience.pauseMs ?? 1000);
    }
  }

  async #ask<T>(shape: z.ZodType<T>, method: string, path: string, json?: unknown): Promise<T> {
    const { status, text } = await this.#http.send(method, path, json === undefined ? {} : { json });
    if (status >= 300) throw new Error(`${this.#http.where} answers ${status} to ${path}: ${causeOf(text)}`);
    return shape.parse(JSON.parse(text));
  }
}

const sessionShape = z.object({ sessionHandle: z.string() });
const operationShape = z.object({ operationHandle: z.string() });
const statusShape = z.object({ status: z.string() });
const resultShape = z.object({
  resultType: z.string().optional(),
  jobID: z.string().optional(),
  results: z.object({ data: z.array(z.object({ fields: z.array(z.unknown()) })) }).optional(),
});

export class SqlGateway {
  readonly #http: HttpSession;
  readonly #pauseMs: number;

  constructor(url: string, pauseMs = 500) {
    this.#http = new HttpSession({ service: "Flink's SQL gateway", url, timeoutMs: answerMs });
    this.#pauseMs = pauseMs;
  }

  /** @throws Error when it does not answer */
  async answers(): Promise<void> {
    await this.#ask(z.unknown(), "GET", "/v1/info");
  }

  /**
   * Looks whether all statements of a job can run, in a session of its own; tables of the lake are made, no job is.
   * @throws {FlinkRefusal} naming the line of the one that can't
   */
  async check(statements: readonly Statement[], settings: Readonly<Record<string, string>>): Promise<void> {
    await this.#session(settings, async (session) => {
      for (const { sql, line } of statements) await this.#execute(session, isWork(sql) ? asQuestion(sql) : sql, line);
    });
  }

  /** Starts a job. @returns its id */
  async submit(statements: readonly Statement[], settings: Readonly<Record<string, string>>): Promise<string> {
    return await this.#session(settings, async (session) => {
      let id: string | undefined;
      for (const { sql, line } of statements) id = (await this.#execute(session, sql, line)) ?? id;
      if (id === undefined) throw new FlinkRefusal("its SQL has started no job");
      return id;
    });
  }

  async #session<T>(properties: Readonly<Record<string, string>>, work: (session: string) => Promise<T>): Promise<T> {
    const { sessionHandle } = await this.#ask(sessionShape, "POST", "/v1/sessions", { properties });
    try {
      return await work(sessionHandle);
    } finally {
      await this.#http.send("DELETE", `/v1/sessions/${sessionHandle}`).catch(() => undefined);
    }
  }

  /** @returns id of the job that the statement has started */
  async #execute(session: string, statement: string, line: number): Promise<string | undefined> {
    const path = `/v1/sessions/${session}`;
    const { operationHandle } = await this.#ask(operationShape, "POST", `${path}/statements`, { statement });
    const operation = `${path}/operations/${operationHandle}`;
    for (;;) {
      const { status } = await this.#ask(statusShape, "GET", `${operation}/status`);
      if (!["INITIALIZED", "PENDING", "RUNNING"].includes(status)) break;
      await sleep(this.#pauseMs);
    }
    const { status, text } = await this.#http.send("GET", `${operation}/result/0?rowFormat=JSON`);
    if (status < 300) {
      const { jobID, results } = resultShape.parse(JSON.parse(text));
      const first = results?.data[0]?.fields[0];
      return jobID ?? (typeof first === "string" && /^[0-9a-f]{32}$/.test(first) ? first : undefined);
    }
    const words = inText(causeOf(text), line);
    throw isOfState(text) ? new StateRefusal(words) : new FlinkRefusal(words);
  }

  async #ask<T>(shape: z.ZodType<T>, method: string, path: string, json?: unknown): Promise<T> {
    const { status, text } = await this.#http.send(method, path, json === undefined ? {} : { json });
    if (status >= 300) throw new Error(`${this.#http.where} answers ${status} to ${path}: ${causeOf(text)}`);
    return shape.parse(JSON.parse(text));
  }
}

/** What Flink says where the state of a savepoint has no place in a job, or another form. */
function isOfState(trace: string): boolean {
  return /StateMigrationException|Cannot map checkpoint\/savepoint state|Failed to rollback to checkpoint\/savepoint|new (?:key|state|namespace) serializer .* must (?:not )?be|max(?:imum)? parallelism.*(?:savepoint|checkpoint)/i.test(
    trace,
  );
}

/** The innermost cause of a Java stack trace, in a line; SQL's errors have theirs there. */
export function causeOf(text: string): string {
  const trace = unquoted(text);
  const causes = [...trace.matchAll(/Caused by: ([^]*?)(?=\n\s*at |\n\s*\.\.\. |\nCaused by: |$)/g)];
  const all = causes.map(([, cause = ""]) => cause);
  const told =
    all.findLast((cause) => /Exception: |Error: /.test(cause)) ?? all.at(-1) ?? trace.split(/\n\s*at /)[0] ?? "";
  const words = told
    .replaceAll(/\b(?:[a-z_$][\w$]*\.)+(?=[A-Z]\w*(?:Exception|Error)\b)/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return words.length > 600 ? `${words.slice(0, 600)}…` : words;
}

/** The gateway gives a list of texts in JSON, of which the last is the trace. */
function unquoted(text: string): string {
  try {
    const { errors } = z.object({ errors: z.array(z.string()) }).parse(JSON.parse(text));
    return errors.at(-1) ?? text;
  } catch {
    return text;
  }
}

/** Words with the line of the whole text where they name one of the statement. */
function inText(words: string, line: number): string {
  const found = /\b(?:at|From) line (\d+)/i.exec(words);
  return `line ${line + Number(found?.[1] ?? 1) - 1}: ${words}`;
}
