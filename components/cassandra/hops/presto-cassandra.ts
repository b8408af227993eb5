/** Hop `presto-cassandra`: SQL sees in Cassandra's tables the very numbers that hop `cassandra` has found there. */
import type { Stream } from "../../../display/protocol.ts";
import { PrestoError, sqlText } from "../../presto/programs/presto-client.ts";
import type { PrestoClient } from "../../presto/programs/presto-client.ts";
import { describeError, poll } from "../../../platform/hops/errors.ts";
import { figuresOf } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { numbersMetric } from "../../random-numbers/hops/marked-numbers.ts";
import type { MarkedNumbers, NumberRecord } from "../../random-numbers/hops/marked-numbers.ts";
import { minuteMs, timesOf } from "./cassandra.ts";
import { msOf } from "../../presto/hops/presto.ts";

export interface PrestoCassandraHopOptions {
  readonly presto: PrestoClient;
  /** Of Cassandra's tables in Presto. */
  readonly catalog: string;
  readonly numbers: MarkedNumbers;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

const stream: Stream = "random-numbers";

export function prestoCassandraHop(options: PrestoCassandraHopOptions): Hop {
  const { presto, catalog, numbers } = options;
  const table = `${catalog}.streaming.records`;
  return {
    name: "presto-cassandra",
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) =>
      await poll(
        async () => {
          const seen = await recordsOf(presto, table, numbers, signal);
          if (typeof seen === "string") return `${seen}: Presto's catalog ${catalog} is at fault`;
          const problem = numbers.differenceOf(seen);
          if (problem === undefined) return { ...figuresOf(seen), message: `by SQL on ${table}` };
          return `SQL sees ${problem} in ${table}, and Cassandra itself has them: Presto's catalog ${catalog} is at fault`;
        },
        { signal, onProgress, pauseMs: options.pauseMs },
      ),
  };
}

/** @returns the rows of the run; in words, why Presto can't answer, though it runs */
async function recordsOf(
  presto: PrestoClient,
  table: string,
  numbers: MarkedNumbers,
  signal: AbortSignal,
): Promise<NumberRecord[] | string> {
  const minutes = timesOf(numbers.records, minuteMs).map((minute) => `TIMESTAMP ${sqlText(timeOf(minute))}`);
  // The whole key of the partitions, so that Presto reads no others.
  const sql =
    `SELECT id, CAST(ts AS varchar) AS ts, metric, value FROM ${table} ` +
    `WHERE stream = ${sqlText(stream)} AND series = ${sqlText(numbers.run)} AND minute IN (${minutes.join(", ")})`;
  try {
    const rows = await presto.query(sql, signal);
    return rows
      .filter(({ metric }) => metric === numbersMetric)
      .map(({ id, ts, value }) => ({ id: String(id), ts: msOf(ts), value: Number(value) }));
  } catch (error) {
    if (!(error instanceof PrestoError)) throw error;
    return `Presto can't read ${table} (${describeError(error)})`;
  }
}

/** As Presto writes a time. */
function timeOf(date: Date): string {
  return date.toISOString().replace("T", " ").replace("Z", "");
}
