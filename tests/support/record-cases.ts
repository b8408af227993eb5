/**
 * The table of records that every reader must take alike: `tests/components/telemetry/programs/record-cases.json`.
 *
 * A case changes the ordinary record `record`: `with` gives fields as JSON (null: without it), `raw` the whole value (null:
 * no value; `$GOOD`: the ordinary record), `base64` its bytes, `longKey` and `padTo` a field that makes a key or the value so
 * long, `aheadMs` a time after Kafka's. A text is also a list of texts and of `[text, times]`. `valid` has the fields that
 * differ from the ordinary record's; `error` is the reason of a dead letter, whose `run` is `$RUN` unless given.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

type Text = string | readonly (string | readonly [string, number])[];

interface Case {
  readonly name: string;
  readonly with?: Readonly<Record<string, Text | null>>;
  readonly raw?: Text | null;
  readonly base64?: string;
  readonly longKey?: number;
  readonly padTo?: number;
  readonly aheadMs?: number;
  /** Name and value of each: base64, or `$RUN`. @default - the run's */
  readonly headers?: readonly (readonly [string, string])[];
  /** base64 @default - the case's name */
  readonly key?: string;
  readonly valid?: Readonly<Record<string, string | number | null>>;
  readonly error?: string;
  readonly run?: string | null;
}

interface Table {
  readonly record: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

/** What a valid record holds; `ts` in UTC with microseconds and without zone. */
export interface Fields {
  readonly id: string;
  readonly run: string | null;
  readonly source: string;
  readonly node: string;
  readonly ts: string;
  readonly metric: string;
  readonly value: number;
}

export interface RecordCase {
  readonly name: string;
  readonly key: Buffer;
  readonly value: Buffer | null;
  readonly headers: Record<string, Buffer>;
  readonly expected: Fields | { readonly error: string; readonly run: string | null };
}

const path = join(import.meta.dirname, "../components/telemetry/programs/record-cases.json");

/**
 * @param kafkaTime Kafka's time of the records.
 * @param idOf Id of the case of this number.
 */
export function recordCases(
  run: string,
  kafkaTime: Date,
  idOf = (index: number): string => `id-${index}`,
): RecordCase[] {
  const table = JSON.parse(readFileSync(path, "utf8")) as Table;
  return table.cases.map((one, index) => {
    const time = new Date(kafkaTime.getTime() + (one.aheadMs ?? 0)).toISOString();
    const filled = (text: string): string =>
      text.replaceAll("$RUN", run).replaceAll("$ID", idOf(index)).replaceAll("$TIME", time);
    const fields = { ...table.record, ...(one.aheadMs === undefined ? {} : { ts: '"$TIME"' }) };
    const ordinary = JSON.parse(filled(objectOf(fields))) as Fields;
    const valid = {
      ...ordinary,
      ts: one.aheadMs === undefined ? "2025-03-02T12:00:00.123000" : `${time.slice(0, -1)}000`,
    };
    return {
      name: one.name,
      key: one.key === undefined ? Buffer.from(one.name) : Buffer.from(one.key, "base64"),
      value: valueOf(one, fields, filled),
      headers: Object.fromEntries(
        (one.headers ?? [["millrace-run", "$RUN"]]).map(([name, value]) => [
          name,
          value === "$RUN" ? Buffer.from(run) : Buffer.from(value, "base64"),
        ]),
      ),
      expected:
        one.error === undefined
          ? (pick({ ...valid, ...one.valid }) satisfies Fields)
          : { error: filled(one.error), run: one.run === undefined || one.run === "$RUN" ? run : one.run },
    };
  });
}

function pick({ id, run, source, node, ts, metric, value }: Fields): Fields {
  return { id, run, source, node, ts, metric, value };
}

function valueOf(one: Case, record: Readonly<Record<string, string>>, filled: (text: string) => string): Buffer | null {
  if (one.raw === null) return null;
  if (one.base64 !== undefined) return Buffer.from(one.base64, "base64");
  const fields: Record<string, string> = { ...record };
  for (const [name, text] of Object.entries(one.with ?? {})) {
    if (text === null) Reflect.deleteProperty(fields, name);
    else fields[name] = repeated(text);
  }
  if (one.longKey !== undefined) fields["k".repeat(one.longKey)] = "1";
  const text = filled(
    one.raw === undefined ? objectOf(fields) : repeated(one.raw).replaceAll("$GOOD", objectOf(fields)),
  );
  if (one.padTo === undefined) return Buffer.from(text);
  const pad = one.padTo - Buffer.byteLength(text) - Buffer.byteLength(',"pad":""');
  return Buffer.from(`${text.slice(0, -1)},"pad":"${"p".repeat(pad)}"}`);
}

function objectOf(fields: Readonly<Record<string, string>>): string {
  return `{${Object.entries(fields)
    .map(([name, json]) => `${JSON.stringify(name)}:${json}`)
    .join()}}`;
}

function repeated(text: Text): string {
  if (typeof text === "string") return text;
  return text.map((part) => (typeof part === "string" ? part : part[0].repeat(part[1]))).join("");
}
