/** Records of telemetry, for readers in TypeScript. Spark reads them by the same schema (`components/spark/programs/stream_rules.py`). */
import type { KafkaMessage } from "kafkajs";
import { asWritten, type Json, jsonOf, microsecondsOf, recordProblem, textOf } from "../../../platform/records/read.ts";
import { runHeader, telemetryRecord } from "./record.ts";

const { fields, mostBytes } = telemetryRecord;

/** A valid record. */
export interface ReadRecord {
  readonly id: string;
  readonly run: string | null;
  readonly source: string;
  readonly node: string;
  /** ms since 1970, what is finer cut off. */
  readonly ts: number;
  readonly metric: string;
  readonly value: number;
}

/** What is no valid record. */
export interface DeadLetter {
  /** What is wrong with it, in the words of the dead-letter tables. */
  readonly error: string;
  /** The run that it says it belongs to. */
  readonly run: string | null;
}

export type Message = Pick<KafkaMessage, "value" | "headers" | "timestamp">;

export function isValid(read: ReadRecord | DeadLetter): read is ReadRecord {
  return !("error" in read);
}

export function readRecord(message: Message): ReadRecord | DeadLetter {
  const json = jsonOf(message.value, mostBytes);
  if (typeof json === "string") return { error: json, run: headerRun(message.headers) };
  const error = recordProblem(json, telemetryRecord, Number(message.timestamp));
  return error === undefined ? recordOf(json) : { error, run: headerRun(message.headers) ?? runOf(json["run"]) };
}

function recordOf(json: Json): ReadRecord {
  const text = (field: string): string => asWritten(String(json[field]));
  return {
    id: text("id"),
    run: runOf(json["run"]),
    source: text("source"),
    node: text("node"),
    ts: Math.floor((microsecondsOf(text("ts"), fields.ts.pattern) ?? 0) / 1000),
    metric: text("metric"),
    // Spark is given no negative zero.
    value: Number(json["value"]) + 0,
  };
}

function runOf(value: unknown): string | null {
  return typeof value === "string" && fields.run.pattern.test(value) ? value : null;
}

/** The run by the first header of that name. */
function headerRun(headers: Message["headers"]): string | null {
  const given = headers?.[runHeader];
  const first = Array.isArray(given) ? given[0] : given;
  if (first === undefined) return null;
  return runOf(typeof first === "string" ? first : textOf(first));
}
