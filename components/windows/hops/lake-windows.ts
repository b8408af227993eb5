/** Hop `lake`: the stream has put each number, the figures of its windows and what it could not read into the lake. */
import type { Stream } from "../../../display/protocol.ts";
import { sqlText } from "../../presto/programs/presto-client.ts";
import type { PrestoClient, PrestoValue } from "../../presto/programs/presto-client.ts";
import { describeError, poll } from "../../../platform/hops/errors.ts";
import { figuresOf } from "../../../platform/hops/hop.ts";
import type { CleanupStep, Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { numbersMetric } from "../../random-numbers/hops/marked-numbers.ts";
import type { MarkedNumbers, NumberRecord } from "../../random-numbers/hops/marked-numbers.ts";
import { mergedParts, windowsDifference, windowsOf } from "./windows.ts";
import type { Window } from "./windows.ts";
import { isMissingTable, msOf, runsCleanup } from "../../presto/hops/presto.ts";

export interface LakeHopOptions {
  readonly presto: PrestoClient;
  readonly numbers: MarkedNumbers;
  readonly windowSeconds: number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

const samplesTable = "random_numbers.samples";
const deadLetterTable = "random_numbers.dead_letter";
const windowsTable = "streaming.windows";
const stream: Stream = "random-numbers";

/** Each look asks for the rows of the run anew, whole. */
export function lakeHop(options: LakeHopOptions): Hop {
  const { numbers } = options;
  return {
    name: "lake",
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) =>
      await poll(
        async () => {
          const found = await look(options, signal);
          if (typeof found !== "string") return { ...figuresOf(numbers.records), message: found.message };
          return `${found}: the stream windows or its checkpoint is at fault`;
        },
        { signal, onProgress, pauseMs: options.pauseMs },
      ),
  };
}

/** Removes what the proof has in the tables of the stream, and what others have left. */
export function lakeCleanups(presto: PrestoClient, numbers: MarkedNumbers): CleanupStep[] {
  return [samplesTable, deadLetterTable, windowsTable].map((table) =>
    runsCleanup(presto, table, numbers.run, (run) => numbers.isOurs(run)),
  );
}

/** @returns what is missing, in words, or that nothing is */
async function look(options: LakeHopOptions, signal: AbortSignal): Promise<string | { readonly message: string }> {
  const { numbers, windowSeconds } = options;
  const samples = await samplesOf(options, signal);
  if (typeof samples === "string") return samples;
  const wrongSamples = numbers.differenceOf(samples);
  if (wrongSamples !== undefined) return `SQL sees ${wrongSamples} in ${samplesTable}`;

  const [parts, reasons] = await Promise.all([partsOf(options, signal), reasonsOf(options, signal)]);
  if (typeof parts === "string") return parts;
  const computed = windowsOf(numbers.records, windowSeconds);
  const wrongWindows = windowsDifference(mergedParts(parts), computed);
  if (wrongWindows !== undefined) return `SQL sees ${wrongWindows} in ${windowsTable}`;

  if (typeof reasons === "string") return reasons;
  const wrongReasons = reasonsDifference(reasons, numbers);
  if (wrongReasons !== undefined) return `SQL sees ${wrongReasons} in ${deadLetterTable}`;

  const windows = `${computed.length} window${computed.length === 1 ? "" : "s"} of ${parts.length} parts as computed`;
  const poison = reasons.length === 0 ? "" : `, ${reasons.length} poison ones each with its reason`;
  return { message: `by SQL on ${samplesTable}, ${windows}${poison}` };
}

async function samplesOf({ presto, numbers }: LakeHopOptions, signal: AbortSignal): Promise<NumberRecord[] | string> {
  const columns = "id, CAST(ts AS varchar) AS ts, value";
  const where = `run = ${sqlText(numbers.run)} AND metric = ${sqlText(numbersMetric)}`;
  const rows = await rowsOf(presto, columns, samplesTable, where, signal);
  if (typeof rows === "string") return rows;
  return rows.map(({ id, ts, value }) => ({ id: String(id), ts: msOf(ts), value: Number(value) }));
}

async function partsOf(
  { presto, numbers, windowSeconds }: LakeHopOptions,
  signal: AbortSignal,
): Promise<Window[] | string> {
  const columns = 'CAST(window_start AS varchar) AS start, "count", mean, deviation, minimum, maximum';
  const where =
    `run = ${sqlText(numbers.run)} AND series = run AND stream = ${sqlText(stream)} ` +
    `AND metric = ${sqlText(numbersMetric)} AND window_seconds = ${windowSeconds}`;
  const rows = await rowsOf(presto, columns, windowsTable, where, signal);
  if (typeof rows === "string") return rows;
  return rows.map(({ start, count, mean, deviation, minimum, maximum }) => ({
    start: msOf(start),
    count: Number(count),
    mean: Number(mean),
    deviation: deviation === null ? null : Number(deviation),
    minimum: Number(minimum),
    maximum: Number(maximum),
  }));
}

async function reasonsOf({ presto, numbers }: LakeHopOptions, signal: AbortSignal): Promise<string[] | string> {
  const rows = await rowsOf(presto, "error", deadLetterTable, `run = ${sqlText(numbers.run)}`, signal);
  return typeof rows === "string" ? rows : rows.map(({ error }) => String(error));
}

type Row = Readonly<Record<string, PrestoValue>>;

/** The stream makes its tables when it starts: a table that is missing is told apart from one that is empty. */
async function rowsOf(
  presto: PrestoClient,
  columns: string,
  table: string,
  where: string,
  signal: AbortSignal,
): Promise<Row[] | string> {
  try {
    return await presto.query(`SELECT ${columns} FROM ${table} WHERE ${where}`, signal);
  } catch (error) {
    if (!isMissingTable(error)) throw error;
    return `table ${table} is missing or is not what it should be (${describeError(error)})`;
  }
}

/** @returns what is wrong with the reasons of the run's dead letters; `undefined`: nothing */
export function reasonsDifference(
  reasons: readonly string[],
  { poison }: Pick<MarkedNumbers, "poison">,
): string | undefined {
  if (reasons.length !== poison.length) return `${reasons.length} of ${poison.length} poison records`;
  const left = [...reasons];
  for (const { reason } of poison) {
    const index = left.findIndex((text) => text.startsWith(reason));
    if (index < 0)
      return `no poison record with the reason "${reason}", but ${left.map((text) => `"${text}"`).join(", ")}`;
    left.splice(index, 1);
  }
  return undefined;
}
