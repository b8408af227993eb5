/** The connectors of a stack, as its file has them: typed by their kind. Loads no Pulumi. */
import * as z from "zod";

/** Types of columns by Iceberg's names; `json` is any value as its text. */
export const columnTypes = ["string", "boolean", "int", "long", "double", "timestamp", "json"] as const;

const topicName = () =>
  z
    .string()
    .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/)
    .meta({ "x-range": "a topic: up to 249 letters, digits, dots, dashes and underscores" });
const topics = () =>
  z
    .array(topicName())
    .min(1)
    .max(100)
    .meta({ "x-range": 'a list of topics, for example ["race"]' })
    .describe("Topics that it reads, from their first record on.");
const columnName = () =>
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/)
    .meta({ "x-range": "letters, digits and underscores, with no digit first" });
const bucketName = () =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
    .optional()
    .meta({ "x-range": "a bucket: lower-case letters, digits, dots and dashes" });
const prefix = () =>
  z
    .string()
    .regex(/^(?!\/)(?!.*(\/\/|\/$))[A-Za-z0-9!_.*'()=\-/]{1,400}$/)
    .meta({ "x-range": "a prefix of letters, digits, dots, dashes and slashes, with none at its ends" });
const tasks = () => z.int().min(1).max(100).default(1).describe("Most tasks; more than partitions have nothing to do.");

/** Settings by kind, in the words of the stack's file. */
export const connectorSetting = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("icebergSink").describe("Topics into a table of the lake, exactly once."),
      topics: topics(),
      table: z
        .string()
        .regex(/^[a-z][a-z0-9_]{0,127}\.[a-z][a-z0-9_]{0,127}$/)
        .meta({ "x-range": 'a table with its namespace, in small letters, for example "race.samples"' })
        .describe("Table of the lake, which is made: `namespace.table`."),
      columns: z
        .record(columnName(), z.enum(columnTypes))
        .refine((columns) => Object.keys(columns).length > 0)
        .meta({ "x-range": 'columns with their types, for example {"id": "string", "ts": "timestamp"}' })
        .describe(
          "Columns by the names of the fields, with their types: `string`, `boolean`, `int`, `long`, `double`, `timestamp` (ISO 8601 " +
            "with its zone, or milliseconds since 1970; stored in UTC) or `json` (any value as text). Other fields are left out.",
        ),
      required: z
        .array(columnName())
        .default([])
        .meta({ "x-range": "a list of columns" })
        .describe("Columns that each record must have; one without them is a dead letter."),
      partitionBy: z
        .array(z.string().min(1))
        .default([])
        .meta({ "x-range": 'a list of columns, or hour, day, month or year of one, for example ["day(ts)"]' })
        .describe("How a new table is partitioned: columns, or `hour(…)`, `day(…)`, `month(…)`, `year(…)` of one."),
      commitSeconds: z
        .int()
        .min(1)
        .max(3600)
        .default(30)
        .describe("Time between two commits of the table, in seconds."),
      tasks: tasks(),
    }),
    z.strictObject({
      kind: z.literal("jsonSink").describe("Topics into objects of JSON lines in S3, by date, each record once."),
      topics: topics(),
      bucket: bucketName().describe(
        "Bucket, which is made where the platform runs S3. Default: the platform's bucket `connect`.",
      ),
      prefix: prefix()
        .optional()
        .describe("Begin of the objects' names. Default: the connector's name. `<topic>/date=<day>/` follows."),
      maxRecords: z.int().min(1).max(1_000_000).default(10_000).describe("Most records of an object."),
      flushSeconds: z
        .int()
        .min(1)
        .max(86_400)
        .default(60)
        .describe("Longest time that a record waits for others, in seconds."),
      tasks: tasks(),
    }),
    z.strictObject({
      kind: z.literal("replay").describe("Objects of JSON lines below a prefix into a topic, each line once."),
      bucket: bucketName().describe("Bucket. Default: the platform's bucket `connect`."),
      prefix: prefix().describe("Begin of the objects' names; a slash follows."),
      topic: topicName().describe("Topic that the lines go to, which Connect makes if it is not there."),
      recordsPerSecond: z
        .int()
        .min(1)
        .max(1_000_000)
        .optional()
        .meta({ "x-also-called": ["rate", "speed"] })
        .describe("Speed. Default: as fast as possible."),
      keyField: z
        .string()
        .min(1)
        .optional()
        .describe("Field whose text is the record's key, so that records of one key stay in order. Default: no key."),
    }),
  ])
  .meta({ "x-range": "settings with kind icebergSink, jsonSink or replay" });

export type ConnectorSettings = z.output<typeof connectorSetting>;
export type Connectors = Readonly<Record<string, ConnectorSettings>>;

/** Names of connectors: they are part of topics', groups' and transactions' names. */
export const connectorName = () =>
  z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
    .meta({ "x-range": "lower-case letters, digits and dashes, at most 63" });

const PART = /^(?:(?:hour|day|month|year)\((.+)\)|(.+))$/;

/** Connectors that can't work, by their settings alone; empty when there is none. */
export function connectorProblems(connectors: Connectors, at: string): string[] {
  const all = Object.entries(connectors);
  return [
    ...all.flatMap(([name, settings]) =>
      settings.kind === "icebergSink" ? columnProblems(`${at}.${name}`, settings) : [],
    ),
    ...all.flatMap(([name, settings], index) =>
      all.slice(0, index).flatMap(([other, before]) => pairProblems(at, [other, before], [name, settings])),
    ),
  ];
}

function columnProblems(at: string, sink: Extract<ConnectorSettings, { kind: "icebergSink" }>): string[] {
  const columns = Object.keys(sink.columns);
  const given = `its columns are ${columns.join(", ")}`;
  const lacking = (setting: string, names: readonly string[]) =>
    names.filter((name) => !columns.includes(name)).map((name) => `${at}.${setting}: "${name}" is no column; ${given}`);
  const parts = sink.partitionBy.map((part) => PART.exec(part)).map((found) => found?.[1] ?? found?.[2] ?? "");
  return [...lacking("required", sink.required), ...lacking("partitionBy", parts)];
}

type Named = readonly [string, ConnectorSettings];

/** What two connectors would do to each other. */
function pairProblems(at: string, [name, one]: Named, [other, second]: Named): string[] {
  const [sink, replay] = one.kind === "replay" ? [second, one] : [one, second];
  if (one.kind === "jsonSink" && second.kind === "jsonSink") {
    const both = one.topics.filter((topic) => second.topics.includes(topic));
    const isSame = both.length > 0 && placeOf(name, one) === placeOf(other, second);
    return isSame
      ? [`${at}.${other}: writes the objects of topic ${both.join(", ")} that ${name} writes; give it another prefix`]
      : [];
  }
  if (sink.kind !== "jsonSink" || replay.kind !== "replay") return [];
  const sinkName = sink === one ? name : other;
  const isLoop =
    sink.topics.includes(replay.topic) && `${placeOf("", replay)}/`.startsWith(`${placeOf(sinkName, sink)}/`);
  return isLoop
    ? [
        `${at}.${other}: topic ${replay.topic} is replayed from the objects that it is written to; give it another topic`,
      ]
    : [];
}

/** Bucket and prefix of a connector to S3. */
function placeOf(
  name: string,
  { bucket = "", prefix = name }: { readonly bucket?: string | undefined; readonly prefix?: string | undefined },
): string {
  return `${bucket}/${prefix}`;
}
