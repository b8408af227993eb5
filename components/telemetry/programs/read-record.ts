/**
 * What makes a record of a stream valid, for readers in TypeScript. `components/spark/programs/stream_rules.py` has the same rules for
 * Spark. Both are held to one table of cases: `tests/components/telemetry/programs/record-cases.json`.
 */
import type { KafkaMessage } from "kafkajs";
import { recordSchema, runHeader } from "./record.ts";

const MAX_VALUE_BYTES = 65_536;
const MAX_NAME_CHARACTERS = 256;
const SHOWN_CHARACTERS = 80;
/** Sums and squares of greater ones would be no numbers any more. */
const GREATEST_VALUE = 1e100;
const EARLIEST_MS = Date.UTC(2000, 0);
/** A record is made before it is sent. Kafka's time of it, and not the reader's, so that every reader says the same. */
const AHEAD_MS = 5 * 60_000;
/** Limits of Spark's reader of JSON. */
const MAX_DEPTH = 999;
const MAX_DIGITS = 1000;
const MAX_KEY_CHARACTERS = 50_000;

const RUN = /^[A-Za-z0-9._:-]{1,64}$/;
const TIME =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,9}))?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)$/;

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

type Json = Readonly<Record<string, unknown>>;

export function isValid(read: ReadRecord | DeadLetter): read is ReadRecord {
  return !("error" in read);
}

export function readRecord(message: Message): ReadRecord | DeadLetter {
  const read = parse(message.value);
  const json: Json = typeof read === "string" ? {} : read;
  const problem = typeof read === "string" ? read : problemOf(json, Number(message.timestamp));
  if (problem === undefined) return recordOf(json);
  return { error: problem, run: headerRun(message.headers) ?? runOf(json["run"]) };
}

/** What is wrong with a value that is no JSON; else what it holds, which is nothing where it is no object. */
function parse(value: Buffer | null): Json | string {
  if (value === null) return "null value";
  if (value.length > MAX_VALUE_BYTES) return `value too big: ${value.length} bytes, allowed ${MAX_VALUE_BYTES}`;
  const text = textOf(value);
  if (text === null) return "not UTF-8";
  try {
    const json: unknown = JSON.parse(text);
    if (isTooMuch(text)) return "not JSON";
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Json) : {};
  } catch {
    return "not JSON";
  }
}

/** Whether JSON goes beyond what Spark reads. Anything as short as a record of ours can't. */
function isTooMuch(json: string): boolean {
  if (json.length <= MAX_DIGITS) return false;
  const texts = /"(?:[^"\\]|\\.)*"(?<colon>\s*:)?/gs;
  for (const { 0: text, groups } of json.matchAll(texts)) {
    if (groups?.["colon"] !== undefined && text.length - groups["colon"].length - 2 > MAX_KEY_CHARACTERS) return true;
  }
  const bare = json.replace(texts, '""');
  let depth = 0;
  for (const character of bare) {
    if (character === "[" || character === "{") depth++;
    else if (character === "]" || character === "}") depth--;
    if (depth > MAX_DEPTH) return true;
  }
  const numbers = bare.match(/[-+.\deE]{1000,}/g) ?? [];
  // A zero before the point is not counted.
  return numbers.some((number) => number.replace(/^-?0(?=\D)|\D/g, "").length > MAX_DIGITS);
}

function problemOf(json: Json, kafkaTime: number): string | undefined {
  const schema = stringOf(json["schema"]);
  if (schema !== recordSchema) return `unknown schema: ${shown(schema ?? "null")}`;
  for (const field of ["id", "source", "node", "ts", "metric"]) {
    if (typeof json[field] !== "string") return wrongType(field);
  }
  if (typeof json["value"] !== "number") return wrongType("value");
  const run = json["run"] ?? null;
  if (run !== null && typeof run !== "string") return wrongType("run");
  for (const field of ["id", "source", "node", "metric"]) {
    const { length } = Array.from(String(json[field]));
    if (length < 1 || length > MAX_NAME_CHARACTERS) return `${field} must have 1 to ${MAX_NAME_CHARACTERS} characters`;
  }
  const text = stringOf(json["ts"]) ?? "";
  const ts = microsecondsOf(text);
  if (ts === undefined) return `bad time: ${shown(text)}`;
  if (ts < EARLIEST_MS * 1000 || ts > (kafkaTime + AHEAD_MS) * 1000) return `time out of range: ${shown(text)}`;
  if (Math.abs(json["value"]) > GREATEST_VALUE) return "value out of range: allowed up to 1e+100 either way";
  if (run !== null && !RUN.test(run)) return `bad run: ${shown(stringOf(run) ?? "")}`;
  return undefined;
}

function recordOf(json: Json): ReadRecord {
  const text = (field: string): string => stringOf(json[field]) ?? "";
  return {
    id: text("id"),
    run: runOf(json["run"]),
    source: text("source"),
    node: text("node"),
    ts: Math.floor((microsecondsOf(text("ts")) ?? 0) / 1000),
    metric: text("metric"),
    // Spark knows no negative zero.
    value: Number(json["value"]) + 0,
  };
}

function wrongType(field: string): string {
  return `field missing or of a wrong type: ${field}`;
}

/** Half of a pair of surrogates is no character: Spark reads a question mark. */
function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "?") : undefined;
}

function shown(text: string): string {
  return Array.from(text).slice(0, SHOWN_CHARACTERS).join("");
}

/** Since 1970, as fine as Spark's; `undefined`: no time with its zone, or no day of a calendar. */
function microsecondsOf(text: string): number | undefined {
  const [, day, fraction = ""] = TIME.exec(text) ?? [];
  if (day === undefined) return undefined;
  const midnight = new Date(`${day}T00:00:00Z`);
  // JavaScript takes 30 February for 2 March.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const seconds = Date.parse(text.replace(/\.\d+/, ""));
  return seconds * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

function runOf(value: unknown): string | null {
  return typeof value === "string" && RUN.test(value) ? value : null;
}

/** The run by the first header of that name. */
function headerRun(headers: Message["headers"]): string | null {
  const given = headers?.[runHeader];
  const first = Array.isArray(given) ? given[0] : given;
  if (first === undefined) return null;
  return runOf(typeof first === "string" ? first : textOf(first));
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
