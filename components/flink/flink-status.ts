/** What `npm run status` tells of Flink's jobs. */
import { z } from "zod";
import type { Running, StatusAnswer } from "../../platform/operating.ts";

const LIMIT_MS = 8000;
/** Share of its time that a part of a job waits for the next one, from which on the job is said to be held up. */
const HELD_UP = 0.5;
/** Metric of samples that came after their window had closed. */
const LATE = /\.numLateRecordsDropped$/;

const overviewShape = z.object({
  jobs: z.array(
    z.object({
      jid: z.string(),
      name: z.string(),
      state: z.string(),
      "start-time": z.number(),
      "last-modification": z.number(),
    }),
  ),
});
const checkpointsShape = z.object({
  counts: z.object({ failed: z.number(), completed: z.number() }),
  latest: z.object({
    completed: z.object({ latest_ack_timestamp: z.number() }).nullish(),
    failed: z.object({ failure_message: z.string().nullish(), failure_timestamp: z.number() }).nullish(),
  }),
});
const verticesShape = z.object({
  vertices: z.array(
    z.object({ id: z.string(), parallelism: z.number(), tasks: z.record(z.string(), z.number()).default({}) }),
  ),
});
const metricsShape = z.array(
  z.object({ id: z.string(), value: z.string().optional(), sum: z.number().optional(), max: z.number().optional() }),
);
const exceptionsShape = z.object({
  exceptionHistory: z
    .object({ entries: z.array(z.object({ stacktrace: z.string(), timestamp: z.number() })) })
    .optional(),
});

/** A job, as far as people look at it. */
export interface FlinkJobStatus {
  readonly name: string;
  readonly state: string;
  /** Parts of it, and how many of them are at work: a job that waits for a TaskManager is said to run, too. */
  readonly parts: { readonly all: number; readonly running: number };
  /** Of the last whole checkpoint, in ISO 8601; `null`: there was none. */
  readonly checkpoint: string | null;
  /** Checkpoints that failed since the last whole one began; with the last one's words. */
  readonly checkpointFailure?: string;
  /** Times that it started again by itself. */
  readonly restarts: number;
  /** Why it did so the last time. */
  readonly lastFailure?: string;
  /** Largest share of time that a part waits for the next one, from 0 to 1. */
  readonly backPressure: number;
  /** Records that came after their window had closed. */
  readonly late: number;
}

type Ask = <T>(shape: z.ZodType<T>, path: string) => Promise<T>;

/** @throws Error when the JobManager does not answer */
export async function flinkStatus(
  own: { readonly enabled?: boolean | undefined },
  running: Running,
): Promise<StatusAnswer | undefined> {
  if (own.enabled !== true) return undefined;
  const ask: Ask = async (shape, path) =>
    shape.parse(await running.ask<unknown>("GET", "flink:8081", path, { timeoutMs: LIMIT_MS }));
  const { jobs } = await ask(overviewShape, "/jobs/overview");
  // Of runs with one name the last one tells.
  const last = new Map(
    jobs.sort((left, right) => left["start-time"] - right["start-time"]).map((job) => [job.name, job]),
  );
  const shown = [...last.values()].filter(({ state }) => !["FINISHED", "CANCELED"].includes(state));
  return flinkAnswer(await Promise.all(shown.map((job) => statusOf(job, ask))));
}

async function statusOf(job: z.output<typeof overviewShape>["jobs"][number], ask: Ask): Promise<FlinkJobStatus> {
  const path = `/jobs/${job.jid}`;
  const [checkpoints, { vertices }, restarts, exceptions] = await Promise.all([
    ask(checkpointsShape, `${path}/checkpoints`),
    ask(verticesShape, path),
    ask(metricsShape, `${path}/metrics?get=numRestarts`),
    ask(exceptionsShape, `${path}/exceptions?maxExceptions=1`),
  ]);
  const parts = await Promise.all(vertices.map(({ id }) => partOf(`${path}/vertices/${id}/subtasks/metrics`, ask)));
  const ofVertices = (count: (vertex: (typeof vertices)[number]) => number): number =>
    vertices.reduce((sum, vertex) => sum + count(vertex), 0);
  const { completed, failed } = checkpoints.latest;
  const done = completed?.latest_ack_timestamp;
  const [failure] = exceptions.exceptionHistory?.entries ?? [];
  return {
    name: job.name,
    state: job.state,
    parts: {
      all: ofVertices(({ parallelism }) => parallelism),
      running: ofVertices(({ tasks }) => (tasks["RUNNING"] ?? 0) + (tasks["FINISHED"] ?? 0)),
    },
    checkpoint: done === undefined ? null : new Date(done).toISOString(),
    ...(failed &&
      failed.failure_timestamp > (done ?? 0) && {
        checkpointFailure: firstLine(failed.failure_message ?? "no reason"),
      }),
    restarts: Number(restarts[0]?.value ?? 0),
    ...(failure && { lastFailure: firstLine(failure.stacktrace) }),
    backPressure: Math.max(0, ...parts.map((part) => part.backPressure)),
    late: parts.reduce((sum, part) => sum + part.late, 0),
  };
}

/** What the parts of a job tell of themselves. */
async function partOf(path: string, ask: Ask): Promise<{ readonly backPressure: number; readonly late: number }> {
  const late = (await ask(metricsShape, path)).map(({ id }) => id).filter((id) => LATE.test(id));
  const wanted = ["backPressuredTimeMsPerSecond", ...late];
  const told = await ask(metricsShape, `${path}?get=${wanted.map((id) => encodeURIComponent(id)).join(",")}`);
  const of = (id: string) => told.find((metric) => metric.id === id);
  return {
    backPressure: (of("backPressuredTimeMsPerSecond")?.max ?? 0) / 1000,
    late: late.reduce((sum, id) => sum + (of(id)?.sum ?? 0), 0),
  };
}

function firstLine(text: string): string {
  const causes = [...text.matchAll(/Caused by: (.+)/g)].map(([, cause = ""]) => cause);
  const line = causes.at(-1) ?? text.split("\n")[0] ?? "";
  return line.replaceAll(/\b(?:[a-z_$][\w$]*\.)+(?=[A-Z])/g, "").slice(0, 300);
}

/** A line for each job, and a sentence for each that does not get on. @param now In ms since 1970. */
export function flinkAnswer(jobs: readonly FlinkJobStatus[], now = Date.now()): StatusAnswer {
  if (jobs.length === 0) return { json: jobs };
  const rows = jobs.map(({ name, state, checkpoint, restarts, backPressure, late }) => [
    name,
    state.toLowerCase(),
    checkpoint === null ? "none yet" : `${Math.max(0, Math.round((now - Date.parse(checkpoint)) / 1000))} s ago`,
    String(restarts),
    `${Math.round(backPressure * 100)}%`,
    String(late),
  ]);
  const faults = jobs.flatMap(({ name, state, parts: { all, running }, lastFailure }) => {
    if (state === "CREATED" || (state === "RUNNING" && running === all)) return [];
    const still = state === "RUNNING" ? `, but ${running} of its ${all} parts work` : "";
    return [
      `Flink's job ${name} is ${state.toLowerCase()}${still}${lastFailure === undefined ? "" : `: ${lastFailure}`}`,
    ];
  });
  const below = jobs.flatMap(({ name, backPressure, checkpointFailure }) => [
    ...(backPressure >= HELD_UP
      ? [`${name} is held up: a part of it waits ${Math.round(backPressure * 100)}% of its time for the next one`]
      : []),
    ...(checkpointFailure === undefined ? [] : [`${name}: its last checkpoint failed: ${checkpointFailure}`]),
  ]);
  const header = ["Flink job", "state", "checkpoint", "restarts", "back-pressure", "late records"];
  return { json: jobs, ...(faults.length > 0 && { faults }), table: { header, rows, below } };
}
