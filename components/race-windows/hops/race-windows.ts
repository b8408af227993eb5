/**
 * Hops `race-spark` and `race-flink`: an engine has put the windows of the marked samples into Cassandra, each once, and right; Flink
 * has put them into the lake too.
 */
import { describeError, poll } from "../../../platform/hops/errors.ts";
import type { CleanupStep, Hop } from "../../../platform/hops/hop.ts";
import { shortPauseMs, standstillMs } from "../../../platform/hops/limits.ts";
import type { Cassandra, CassandraValue } from "../../cassandra/hops/cassandra-client.ts";
import { isMissingTable, msOf, runsCleanup } from "../../presto/hops/presto.ts";
import { type PrestoClient, type PrestoValue, sqlText } from "../../presto/programs/presto-client.ts";
import { figuresOfSamples, type MarkedSamples } from "../../race-car/hops/marked-samples.ts";
import type { Sample } from "../../race-car/programs/sample.ts";
import {
  type RaceWindow,
  type WindowLength,
  windowsDifference,
  windowsOf,
  type WindowSample,
  windowStart,
} from "../programs/reference.ts";
import type { Engine } from "../programs/names.ts";

export interface WindowsHopOptions {
  readonly name: string;
  readonly engine: Engine;
  /** The hop's own client, which it closes. */
  readonly cassandra: Cassandra;
  /** Table of the lake that has the windows too. @default - none has */
  readonly lake?: LakeTable;
  readonly marked: Pick<MarkedSamples, "samples" | "run">;
  readonly length: WindowLength;
  /** Longest time from the end of a window to its rows, beside its lateness, in seconds. @default 0 */
  readonly writeSeconds?: number;
  /** What is at fault when rows are missing, in words. */
  readonly fault: (signal: AbortSignal) => Promise<string>;
  /** Longest pause between two looks, in ms. @default `shortPauseMs` */
  readonly pauseMs?: number;
}

export interface LakeTable {
  readonly presto: PrestoClient;
  /** `schema.table`, a row for each window. */
  readonly table: string;
  /** Whether rows of a run are the proof's, or what an older one has left. */
  readonly isOurs: (run: string) => boolean;
}

const HOUR_MS = 3_600_000;
/** The figures of a row, as its columns are named. */
const FIGURES = [
  ...(["count", "speed_mean", "speed_min", "speed_max", "battery_min", "engine_temp_max"] as const),
  ...(["tyre_temp_max", "distance_max", "lap_max"] as const),
];
const COLUMNS = FIGURES.map((name) => `"${name}"`).join(", ");

/** Each look reads the partitions of the proof's cars anew, whole. */
export function windowsHop(options: WindowsHopOptions): Hop {
  const { name, engine, lake, marked, length, writeSeconds = 0 } = options;
  return {
    name,
    // While a window is open there is nothing new to see.
    timeoutMs: standstillMs + (length.windowSeconds + length.latenessSeconds + writeSeconds) * 1000,
    run: async ({ signal, onProgress, onCleanup }) => {
      onCleanup(cleanupOf(options), ...(lake ? [runsCleanup(lake.presto, lake.table, marked.run, lake.isOurs)] : []));
      return await poll(
        async () => {
          if (marked.samples.length === 0) return "no marked samples were sent";
          const right = windowsOf(marked.samples.map(asWindowSample), length).windows;
          const wrong = (await inCassandra(options, right, signal)) ?? (await inLake(options, right, signal));
          if (wrong !== undefined) return `${wrong}: ${await options.fault(signal)}`;
          const windows = `${right.length} window${right.length === 1 ? "" : "s"}`;
          const places = ["race.windows", ...(lake ? [`the lake's ${lake.table}`] : [])].join(" and in ");
          return { ...figuresOfSamples(marked.samples), message: `${windows} by ${engine} in ${places}, as computed` };
        },
        { signal, onProgress, pauseMs: options.pauseMs ?? shortPauseMs },
      );
    },
  };
}

/** @returns what is wrong with the rows there, in words; `undefined`: nothing */
async function inCassandra(
  options: WindowsHopOptions,
  right: readonly RaceWindow[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const { cassandra, engine } = options;
  const difference = windowsDifference(await rowsOf(options, signal), right);
  return difference && `${cassandra.where} answers, but its table race.windows holds of engine ${engine} ${difference}`;
}

/** The same of the lake, which has rows a while after Cassandra. */
async function inLake(
  { lake, marked, length }: WindowsHopOptions,
  right: readonly RaceWindow[],
  signal: AbortSignal,
): Promise<string | undefined> {
  if (lake === undefined) return undefined;
  const { presto, table } = lake;
  const columns = `car, CAST(window_start AS varchar) AS start, ${COLUMNS}`;
  const where = `run = ${sqlText(marked.run)} AND window_seconds = ${length.windowSeconds}`;
  try {
    const rows = await presto.query(`SELECT ${columns} FROM ${table} WHERE ${where}`, signal);
    const seen = rows.map((row) => windowIn(String(row["car"]), msOf(row["start"]), row));
    const difference = windowsDifference(seen, right);
    return difference && `Cassandra has all windows, but the lake's table ${table} holds ${difference}`;
  } catch (error) {
    if (!isMissingTable(error)) throw error;
    return `the lake's table ${table} is missing or is not what it should be (${describeError(error)})`;
  }
}

/** Removes the rows of the proof's cars. */
function cleanupOf({ engine, cassandra, marked, length }: WindowsHopOptions): CleanupStep {
  return {
    what: `windows of the proof's cars by ${engine} in Cassandra`,
    run: async (signal) => {
      const cql = "DELETE FROM race.windows WHERE engine = ? AND car = ? AND hour = ?";
      try {
        for (const { car, hour } of partitionsOf(marked.samples.map(asWindowSample), length.windowSeconds)) {
          await cassandra.query(cql, [engine, car, hour], signal);
        }
      } finally {
        await cassandra.close();
      }
    },
  };
}

export function asWindowSample(sample: Sample): WindowSample {
  return { ...sample, ts: Date.parse(sample.ts) };
}

async function rowsOf(
  { engine, cassandra, length, marked }: WindowsHopOptions,
  signal: AbortSignal,
): Promise<RaceWindow[]> {
  const cql = `SELECT window_start, window_seconds, ${COLUMNS} FROM race.windows WHERE engine = ? AND car = ? AND hour = ?`;
  const { windowSeconds } = length;
  const partitions = partitionsOf(marked.samples.map(asWindowSample), windowSeconds);
  const rows = await Promise.all(
    partitions.map(async ({ car, hour }) => {
      const found = await cassandra.query(cql, [engine, car, hour], signal);
      return found
        .filter((row) => row["window_seconds"] === windowSeconds)
        .map((row) => windowIn(car, row["window_start"] instanceof Date ? row["window_start"].getTime() : NaN, row));
    }),
  );
  return rows.flat();
}

function windowIn(car: string, start: number, row: Readonly<Record<string, CassandraValue | PrestoValue>>): RaceWindow {
  const figures = Object.fromEntries(FIGURES.map((name) => [name, Number(row[name])]));
  return { car, start, ...figures } as RaceWindow;
}

/** The partitions that windows of samples lie in. */
export function partitionsOf(samples: readonly WindowSample[], windowSeconds: number): { car: string; hour: Date }[] {
  const places = new Map<string, { car: string; hour: Date }>();
  for (const { car, ts } of samples) {
    const hour = Math.floor(windowStart(ts, windowSeconds) / HOUR_MS) * HOUR_MS;
    places.set(`${car} ${hour}`, { car, hour: new Date(hour) });
  }
  return [...places.values()];
}
