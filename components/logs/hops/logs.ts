/** Hop `logs`: lines that the proof writes to its own log are found in the store, each once, and other pods' lines come too. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { poll } from "../../../platform/hops/errors.ts";
import { HopFailure, type Hop, type HopFigures } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed } from "../../../platform/hops/http-session.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";

export interface LogsHopOptions {
  /** `http://host:port` of the store. */
  readonly store: string;
  /** The same of what reads the pods' logs. */
  readonly collector: string;
  readonly run: string;
  /** Writes a line to the proof's own log. @default - to stderr */
  readonly write?: (line: string) => void;
  /** Lines that are written. @default 20 */
  readonly lines?: number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

/** What is written: a trace of several lines, too, which must be one entry. */
export function markedLines(run: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const line = `log mark ${run} ${index + 1}`;
    return index === count - 1 ? `ERROR ${line}\n    at the proof's own trace of ${run}` : `INFO ${line}`;
  });
}

const rowSchema = z.looseObject({ _msg: z.string(), service: z.string().optional(), level: z.string().optional() });
const reportSchema = z.looseObject({
  since: z.string().nullable(),
  problem: z.string().optional(),
  containers: z.int(),
});

export function logsHop({ store, collector, run, write, lines = 20, pauseMs }: LogsHopOptions): Hop {
  const session = new HttpSession({ service: "the logs' store", url: store });
  const reading = new HttpSession({ service: "what reads the pods' logs", url: collector });
  const toLog = write ?? ((line: string): void => void process.stderr.write(`${line}\n`));
  return {
    name: "logs",
    timeoutMs: standstillMs,
    run: ({ signal, onProgress }) => {
      const wanted = markedLines(run, lines);
      wanted.forEach(toLog);
      let most = 0;
      return poll(
        async () => {
          const report = reportSchema.parse(await json(reading, "/report", signal));
          if (report.since === null) throw new Error(`nothing is read now: ${report.problem ?? "it has just begun"}`);
          const found = await entries(session, `_time:1h "log mark ${run}"`, signal);
          if (found.length > most) {
            most = found.length;
            onProgress(`${most} of ${lines} lines are in the store`);
          }
          const figures = figuresOf(
            wanted,
            found.map(({ _msg }) => _msg),
            report.containers,
          );
          const [first] = found;
          if (first?.service !== "proof")
            throw new HopFailure(`the lines of the proof are said to be of ${first?.service ?? "nobody"}`);
          return figures;
        },
        { signal, onProgress, pauseMs },
      );
    },
  };
}

/** @throws Error while some are missing; HopFailure where there are more, or others */
export function figuresOf(wanted: readonly string[], found: readonly string[], containers: number): HopFigures {
  const distinct = new Set(found);
  const strangers = [...distinct].filter((line) => !wanted.includes(line));
  if (strangers.length > 0) throw new HopFailure(`an entry is not as it was written: ${JSON.stringify(strangers[0])}`);
  if (found.length > distinct.size) {
    throw new HopFailure(
      `${found.length} entries of ${distinct.size} different lines are in the store: some are there twice`,
    );
  }
  const missing = wanted.filter((line) => !distinct.has(line));
  if (missing.length > 0) throw new Error(`${missing.length} of ${wanted.length} lines are missing in the store`);
  const checksum = createHash("sha256")
    .update([...distinct].sort().join("\n"))
    .digest("hex");
  return {
    count: found.length,
    distinct: distinct.size,
    checksum,
    message: `lines of the proof's own log; ${containers} containers are read`,
  };
}

async function json(session: HttpSession, path: string, signal: AbortSignal): Promise<unknown> {
  const answer = await session.send("GET", path, { signal });
  return JSON.parse(mustSucceed(answer, `${session.where} does not say how far it is`).text);
}

async function entries(
  session: HttpSession,
  query: string,
  signal: AbortSignal,
): Promise<z.output<typeof rowSchema>[]> {
  const answer = await session.send("POST", "/select/logsql/query", { form: { query }, signal });
  const { text } = mustSucceed(answer, `${session.where} does not answer a query`);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => rowSchema.parse(JSON.parse(line)));
}
