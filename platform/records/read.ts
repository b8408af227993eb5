/** Whether a value is a record of a topic, and if not why: the reasons of dead letters, which `ReadRecord.java` has for Spark in the same words. */
import { EARLIEST_MS, type Field, type RecordDefinition } from "./definition.ts";

const SHOWN_CHARACTERS = 80;

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** What is wrong with a value that is no object of JSON; else that object. */
export function jsonOf(bytes: Uint8Array | null, mostBytes: number): Json | string {
  if (bytes === null) return "null value";
  if (bytes.length > mostBytes) return `value too big: ${bytes.length} bytes, allowed ${mostBytes}`;
  const text = textOf(bytes);
  if (text === undefined) return "not UTF-8";
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Json) : "no JSON object";
  } catch {
    return "not JSON";
  }
}

/** Bytes as text; `undefined`: they are no UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * The first thing that is wrong with an object; `undefined`: it is a record.
 * @param now Time of whoever takes it, in ms since 1970: Kafka's of a message, a client's clock else.
 */
export function recordProblem(json: Json, definition: RecordDefinition, now: number): string | undefined {
  const { version, fields } = definition;
  const given = json[version.field];
  if (given !== version.value) return `unknown version: ${shown(given ?? null)}, known ${version.value}`;
  for (const [name, field] of Object.entries(fields)) {
    const value = json[name] ?? null;
    if (value === null && field.isOptional === true) continue;
    const problem = fieldProblem(name, value, field, now + definition.aheadSeconds * 1000);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function fieldProblem(name: string, value: unknown, field: Field, latest: number): string | undefined {
  const isNumber = field.kind === "whole" || field.kind === "number";
  if (typeof value !== (isNumber ? "number" : "string")) return `field missing or of a wrong type: ${name}`;
  if (field.kind === "text") return textProblem(name, value as string, field);
  if (field.kind === "time") return timeProblem(value as string, field.pattern, latest);
  if (field.kind === "whole" && !Number.isInteger(value)) return `no whole number: ${name}`;
  const { least, most } = field;
  const isIn = (value as number) >= least && (value as number) <= most;
  return isIn ? undefined : `${name} out of range: ${shown(value)}, allowed ${least} to ${most}`;
}

function textProblem(
  name: string,
  value: string,
  { pattern, characters, words }: Field & { kind: "text" },
): string | undefined {
  const length = characters === undefined ? undefined : Array.from(value).length;
  const fits = length === undefined || (length >= 1 && length <= (characters ?? 0));
  return fits && (pattern?.test(value) ?? true) ? undefined : `bad ${name}: ${shown(value)}, allowed ${words}`;
}

function timeProblem(value: string, pattern: RegExp, latest: number): string | undefined {
  const time = microsecondsOf(value, pattern);
  if (time === undefined) return `bad time: ${shown(value)}`;
  return time < EARLIEST_MS * 1000 || time > latest * 1000 ? `time out of range: ${shown(value)}` : undefined;
}

/** Since 1970, as fine as Spark's; `undefined`: it does not match, or is no day of a calendar. */
export function microsecondsOf(text: string, pattern: RegExp): number | undefined {
  if (!pattern.test(text)) return undefined;
  const day = text.slice(0, 10);
  const midnight = new Date(`${day}T00:00:00Z`);
  // JavaScript takes 30 February for 2 March.
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const [, fraction = ""] = /\.(\d+)/.exec(text) ?? [];
  return Date.parse(text.replace(/\.\d+/, "")) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

/** Half of a pair of surrogates is no character: Java writes a question mark. */
export function asWritten(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "?");
}

function shown(value: unknown): string {
  if (typeof value === "string") return Array.from(asWritten(value)).slice(0, SHOWN_CHARACTERS).join("");
  // Neither is written out: it may be deeper than a stack is.
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  return String(value);
}
