/** The job that computes the windows in Flink. */
import * as pulumi from "@pulumi/pulumi";
import { programText } from "../../platform/program.ts";
import { EARLIEST_MS, type Field } from "../../platform/records/definition.ts";
import type { CassandraEndpoint } from "../cassandra/endpoint.ts";
import type { FlinkJob } from "../flink/endpoint.ts";
import type { TopicEndpoint } from "../kafka/endpoint.ts";
import { sampleRecord } from "../race-car/programs/sample.ts";
import { FLINK_JOB } from "./programs/names.ts";

const FILE = "race_windows.sql";

export function raceWindowsJob(
  { windowSeconds, latenessSeconds }: { readonly windowSeconds: number; readonly latenessSeconds: number },
  topic: TopicEndpoint,
  cassandra: CassandraEndpoint,
): FlinkJob {
  const text = programText(import.meta.dirname, FILE);
  return {
    name: FLINK_JOB,
    sql: topic.topic.apply((name) => filled(text, { topic: name, windowSeconds, latenessSeconds, ...sampleSql() })),
    ready: [...topic.ready, ...cassandra.ready],
  };
}

/** What a sample is, in SQL: its columns, and the condition that a row must meet. A field of another type is read as NULL. */
export function sampleSql(): Readonly<Record<"columns" | "isSample" | "aheadSeconds", string>> {
  const { fields, version, time, aheadSeconds } = sampleRecord;
  const named = Object.entries<Field>(fields);
  const columns = named.map(([name, { kind }]) => `\`${name}\` ${COLUMN_TYPES[kind]}`);
  const conditions = named.map(([name, field]) => {
    const condition = conditionOf(`\`${name}\``, field);
    return field.isOptional === true ? `(\`${name}\` IS NULL OR ${condition})` : condition;
  });
  const all = [`\`${version.field}\` = ${version.value}`, `event_time = \`${time}\``, ...conditions];
  return { columns: columns.join(",\n  "), isSample: all.join("\n  AND "), aheadSeconds: String(aheadSeconds) };
}

/** Numbers are decimals, whole ones too: else Flink would cut off what makes them none. */
const COLUMN_TYPES = {
  text: "STRING",
  time: "TIMESTAMP_LTZ(3)",
  number: "DECIMAL(13, 3)",
  whole: "DECIMAL(13, 3)",
} as const satisfies Readonly<Record<Field["kind"], string>>;

function conditionOf(column: string, field: Field): string {
  switch (field.kind) {
    case "text":
      return `REGEXP(${column}, '${(field.pattern?.source ?? "").replace(/\$$/, "\\z").replaceAll("'", "''")}')`;
    case "time":
      return `${column} >= TO_TIMESTAMP_LTZ(${EARLIEST_MS}, 3)`;
    case "number":
      return `${column} BETWEEN ${field.least} AND ${field.most}`;
    case "whole":
      return `${column} BETWEEN ${field.least} AND ${field.most} AND FLOOR(${column}) = ${column}`;
  }
}

/** @throws RunError where the text names a value that is not there */
function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  // What stays as it is, Flink's room fills in.
  const known = new Map(Object.entries<string | number>({ kafka: "${kafka}", ...values }));
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = known.get(name);
    if (value === undefined) throw new pulumi.RunError(`${FILE} names \${${name}}, which has no value`);
    return String(value);
  });
}
