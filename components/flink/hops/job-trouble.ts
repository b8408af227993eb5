/** What keeps a job of Flink from its work, in the words of its JobManager. */
import * as z from "zod";
import { describeError } from "../../../platform/hops/errors.ts";
import { HttpSession } from "../../../platform/hops/http-session.ts";
import { answerMs } from "../../../platform/hops/limits.ts";
import { causeOf } from "../programs/flink-client.ts";

const overviewShape = z.object({
  jobs: z.array(z.object({ jid: z.string(), name: z.string(), state: z.string(), "start-time": z.number() })),
});
const jobShape = z.object({
  vertices: z.array(z.object({ parallelism: z.number(), tasks: z.record(z.string(), z.number()) })),
});
const exceptionsShape = z.object({
  exceptionHistory: z.object({ entries: z.array(z.object({ stacktrace: z.string() })) }).optional(),
});

/** @returns why it does not work; `undefined`: all of its parts run */
export async function jobTrouble(url: string, name: string, signal: AbortSignal): Promise<string | undefined> {
  const http = new HttpSession({ service: "Flink", url, timeoutMs: answerMs });
  const ask = async <T>(shape: z.ZodType<T>, path: string): Promise<T> => {
    const { status, text } = await http.send("GET", path, { signal });
    if (status >= 300) throw new Error(`${http.where} answers ${status} to ${path}`);
    return shape.parse(JSON.parse(text));
  };
  try {
    const { jobs } = await ask(overviewShape, "/jobs/overview");
    const job = jobs
      .filter((one) => one.name === name)
      .sort((left, right) => left["start-time"] - right["start-time"])
      .at(-1);
    if (job === undefined) return `${http.where} knows no job ${name}`;
    const [{ vertices }, { exceptionHistory }] = await Promise.all([
      ask(jobShape, `/jobs/${job.jid}`),
      ask(exceptionsShape, `/jobs/${job.jid}/exceptions?maxExceptions=1`),
    ]);
    const all = vertices.reduce((sum, { parallelism }) => sum + parallelism, 0);
    const running = vertices.reduce((sum, { tasks }) => sum + (tasks["RUNNING"] ?? 0), 0);
    if (job.state === "RUNNING" && running === all) return undefined;
    const [last] = exceptionHistory?.entries ?? [];
    const why = last === undefined ? "" : `, at last for: ${causeOf(last.stacktrace)}`;
    return `of Flink's job ${name}, which is ${job.state.toLowerCase()}, ${running} of ${all} parts run${why}`;
  } catch (error) {
    return describeError(error);
  }
}
