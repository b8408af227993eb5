/** Hop `spark-history`: the history server has the batch whose figures SQL shows, with its jobs. */
import { z } from "zod";
import { poll } from "../../../platform/hops/errors.ts";
import { HopFailure, HopSkipped } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed } from "../../../platform/hops/http-session.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { sqlText } from "../../presto/programs/presto-client.ts";
import { type BatchJob, runningBatch } from "../../census/hops/census-batch.ts";
import type { PrestoClient } from "../../presto/programs/presto-client.ts";
import { isMissingTable, msOf } from "../../presto/hops/presto.ts";

export interface SparkHistoryHopOptions {
  /** Of the history server: `http://host:port`. */
  readonly url: string;
  readonly presto: PrestoClient;
  /** Table of the figures, in Presto: `catalog.schema.table`. */
  readonly table: string;
  /** Run of the batch. */
  readonly run: string;
  readonly batch: BatchJob;
  /** Time after which the history server removes logs, in days. */
  readonly keepDays: number;
  /** @default Date.now */
  readonly now?: () => number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

const dayMs = 86_400_000;

const applicationsShape = z.array(
  z.looseObject({
    id: z.string(),
    name: z.string(),
    attempts: z.array(
      z.looseObject({
        attemptId: z.string().optional(),
        completed: z.boolean(),
        startTimeEpoch: z.number(),
        endTimeEpoch: z.number(),
      }),
    ),
  }),
);
const jobsShape = z.array(z.looseObject({ jobId: z.number(), status: z.string(), numCompletedTasks: z.number() }));

export function sparkHistoryHop(options: SparkHistoryHopOptions): Hop {
  const { run, keepDays, now = Date.now, pauseMs } = options;
  const http = new HttpSession({ service: "Spark's history server", url: options.url });
  const read = async <T>(shape: z.ZodType<T>, path: string, signal: AbortSignal): Promise<T> => {
    const answer = mustSucceed(await http.send("GET", `/api/v1/${path}`, { signal }), `${http.where} ${path}`);
    return shape.parse(JSON.parse(answer.text));
  };
  return {
    name: "spark-history",
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) => {
      const { madeAt } = await poll(() => madeAtOf(options, signal), { signal, onProgress, pauseMs });
      if (now() - madeAt > keepDays * dayMs) {
        throw new HopSkipped(
          `the batch of run ${run} is of ${new Date(madeAt).toISOString()}, and its log was kept for ${keepDays} days`,
        );
      }
      return await poll(
        async () => {
          const applications = await read(applicationsShape, "applications?status=completed", signal);
          const found = applications
            .filter(({ name }) => name === `census-batch ${run}`)
            .flatMap(({ id, attempts }) => attempts.map((attempt) => ({ id, ...attempt })))
            .find((one) => one.completed && one.startTimeEpoch <= madeAt && madeAt <= one.endTimeEpoch);
          if (found === undefined) {
            const made = new Date(madeAt).toISOString();
            return `${http.where} has ${applications.length} ended applications, not the one that made the figures of run ${run} at ${made}`;
          }
          const attempt = found.attemptId === undefined ? "" : `/${found.attemptId}`;
          const jobs = await read(jobsShape, `applications/${found.id}${attempt}/jobs`, signal);
          if (jobs.length === 0)
            throw new HopFailure(`${http.where} shows ${found.id} without a job: its log is not whole`);
          const tasks = jobs.reduce((sum, job) => sum + job.numCompletedTasks, 0);
          return {
            count: jobs.length,
            distinct: new Set(jobs.map(({ jobId }) => jobId)).size,
            checksum: String(tasks),
            message: `${found.id}, which made the figures of run ${run}: ${jobs.length} jobs, ${tasks} tasks`,
          };
        },
        { signal, onProgress, pauseMs },
      );
    },
  };
}

/** When the batch wrote its figures, or in words that it still runs. */
async function madeAtOf(
  { presto, table, run, batch }: SparkHistoryHopOptions,
  signal: AbortSignal,
): Promise<{ readonly madeAt: number } | string> {
  const running = await runningBatch(batch, signal);
  if (running !== undefined) return running;
  const sql = `SELECT CAST(max(made_at) AS varchar) AS made_at FROM ${table} WHERE run = ${sqlText(run)}`;
  try {
    const [row] = await presto.query(sql, signal);
    const madeAt = msOf(row?.["made_at"]);
    if (!Number.isNaN(madeAt)) return { madeAt };
  } catch (error) {
    if (!isMissingTable(error)) throw error;
  }
  throw new HopSkipped(`the batch has written no figures of run ${run} yet`);
}
