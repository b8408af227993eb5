/** Hop `cassandra`: the stream has put each number and the figures of its windows into Cassandra, each once. */
import type { Stream } from "../../../display/protocol.ts";
import type { Cassandra, CassandraValue } from "./cassandra-client.ts";
import { poll } from "../../../platform/hops/errors.ts";
import { figuresOf } from "../../../platform/hops/hop.ts";
import type { CleanupStep, Hop } from "../../../platform/hops/hop.ts";
import { shortPauseMs, standstillMs } from "../../../platform/hops/limits.ts";
import { numbersMetric } from "../../random-numbers/hops/marked-numbers.ts";
import type { MarkedNumbers, NumberRecord } from "../../random-numbers/hops/marked-numbers.ts";
import { markedMetric } from "../../telemetry/hops/marked-records.ts";
import { startOf } from "../../../platform/hops/run.ts";
import { mergedParts, windowsDifference, windowsOf } from "../../windows/hops/windows.ts";
import type { Window } from "../../windows/hops/windows.ts";

export interface CassandraHopOptions {
  readonly cassandra: Cassandra;
  readonly numbers: MarkedNumbers;
  readonly windowSeconds: number;
  /** Longest pause between two looks, in ms. @default `shortPauseMs` */
  readonly pauseMs?: number;
}

const stream: Stream = "random-numbers";
export const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Each look reads the partitions of the run anew, whole. */
export function cassandraHop(options: CassandraHopOptions): Hop {
  const { cassandra, numbers, windowSeconds } = options;
  return {
    name: "cassandra",
    // A driver that has just started takes most of a minute for its first batch.
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) => {
      const missing = (words: string): string =>
        `${cassandra.where} answers, but ${words}: the stream windows or its checkpoint is at fault`;
      return await poll(
        async () => {
          const samples = await samplesOf(options, signal);
          const problem = numbers.differenceOf(samples);
          if (problem !== undefined) return missing(`its table streaming.records holds ${problem}`);
          const parts = await partsOf(options, signal);
          const computed = windowsOf(numbers.records, windowSeconds);
          const difference = windowsDifference(mergedParts(parts), computed);
          if (difference !== undefined) return missing(`its table streaming.windows holds ${difference}`);
          const windows = `${computed.length} window${computed.length === 1 ? "" : "s"}`;
          const message = `in streaming.records, and ${windows} of ${parts.length} parts as computed from them`;
          return { ...figuresOf(samples), message };
        },
        { signal, onProgress, pauseMs: options.pauseMs ?? shortPauseMs },
      );
    },
  };
}

async function samplesOf({ cassandra, numbers }: CassandraHopOptions, signal: AbortSignal): Promise<NumberRecord[]> {
  const cql = "SELECT id, ts, metric, value FROM streaming.records WHERE stream = ? AND series = ? AND minute = ?";
  const minutes = timesOf(numbers.records, minuteMs);
  const rows = await Promise.all(minutes.map((minute) => cassandra.query(cql, [stream, numbers.run, minute], signal)));
  return rows
    .flat()
    .filter(({ metric }) => metric === numbersMetric)
    .map(({ id, ts, value }) => ({ id: String(id), ts: msOf(ts), value: Number(value) }));
}

async function partsOf(
  { cassandra, numbers, windowSeconds }: CassandraHopOptions,
  signal: AbortSignal,
): Promise<Window[]> {
  const cql =
    'SELECT window_start, window_seconds, part, "count", mean, deviation, minimum, maximum FROM streaming.windows ' +
    "WHERE stream = ? AND series = ? AND metric = ? AND hour = ?";
  const hours = timesOf(
    windowsOf(numbers.records, windowSeconds).map(({ start }) => ({ ts: start })),
    hourMs,
  );
  const rows = await Promise.all(
    hours.map((hour) => cassandra.query(cql, [stream, numbers.run, numbersMetric, hour], signal)),
  );
  return rows
    .flat()
    .filter((row) => row["window_seconds"] === windowSeconds)
    .map(partOf);
}

function partOf(row: Readonly<Record<string, CassandraValue>>): Window {
  return {
    start: msOf(row["window_start"]),
    count: Number(row["count"]),
    mean: Number(row["mean"]),
    deviation: row["deviation"] == null ? null : Number(row["deviation"]),
    minimum: Number(row["minimum"]),
    maximum: Number(row["maximum"]),
  };
}

function msOf(value: CassandraValue | undefined): number {
  return value instanceof Date ? value.getTime() : NaN;
}

/** The whole minutes or hours from the first record to the last. */
export function timesOf(records: readonly { readonly ts: number }[], stepMs: number): Date[] {
  const times = records.map(({ ts }) => ts);
  const first = Math.floor(Math.min(...times) / stepMs) * stepMs;
  const count = times.length === 0 ? 0 : Math.floor((Math.max(...times) - first) / stepMs) + 1;
  return Array.from({ length: count }, (_, index) => new Date(first + index * stepMs));
}

/** How long after its begin a proof may send; its clock and the pump's may differ a little. */
const runLengthMs = 10 * minuteMs;
const clockSlackMs = minuteMs;

/** Under which the proof's records travel in each stream. */
const metricOf: Readonly<Record<Stream, string>> = { "random-numbers": numbersMetric, monitoring: markedMetric };

/**
 * Removes what the proof has in Cassandra, of both streams, and what others have left: partition by partition, which are
 * known from the run's id.
 */
export function cassandraCleanup(cassandra: Cassandra, numbers: MarkedNumbers): CleanupStep {
  return {
    what: `rows of run ${numbers.run} and of older proofs in Cassandra`,
    run: async (signal) => {
      try {
        for (const name of ["random-numbers", "monitoring"] satisfies Stream[]) {
          const cql = "SELECT series, metric FROM streaming.series WHERE stream = ?";
          const listed = (await cassandra.query(cql, [name], signal))
            .map((row) => ({ series: String(row["series"]), metric: String(row["metric"]) }))
            .filter(({ series }) => numbers.isOurs(series) && !numbers.runs.includes(series));
          const own = numbers.runs.map((series) => ({ series, metric: metricOf[name] }));
          for (const one of [...own, ...listed]) await removeSeries(cassandra, name, one, signal);
        }
      } finally {
        await cassandra.close();
      }
    },
  };
}

/** The name goes last: without it, nobody would find the rest. */
async function removeSeries(
  cassandra: Cassandra,
  name: Stream,
  { series, metric }: { readonly series: string; readonly metric: string },
  signal: AbortSignal,
): Promise<void> {
  const began = startOf(series)?.getTime() ?? 0;
  const spanned = [{ ts: began - clockSlackMs }, { ts: began + runLengthMs }];
  const samples = "DELETE FROM streaming.records WHERE stream = ? AND series = ? AND minute = ?";
  const windows = "DELETE FROM streaming.windows WHERE stream = ? AND series = ? AND metric = ? AND hour = ?";
  await Promise.all([
    ...timesOf(spanned, minuteMs).map((minute) => cassandra.query(samples, [name, series, minute], signal)),
    ...timesOf(spanned, hourMs).map((hour) => cassandra.query(windows, [name, series, metric, hour], signal)),
  ]);
  await cassandra.query(
    "DELETE FROM streaming.series WHERE stream = ? AND series = ? AND metric = ?",
    [name, series, metric],
    signal,
  );
}
