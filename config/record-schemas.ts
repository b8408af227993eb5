/**
 * The records of all topics as JSON Schema. What is released lies in the rooms' folders, and a change that breaks it is refused: by
 * `node config/generate.ts`, which writes these files, and by a spec.
 */
import { existsSync, readFileSync } from "node:fs";
import { format } from "prettier";
import { breakInWords, breaksOf } from "../platform/records/compatibility.ts";
import type { RecordDefinition } from "../platform/records/definition.ts";
import { jsonSchemaOf, type PropertySchema, type RecordSchema } from "../platform/records/json-schema.ts";
import { roomFolder } from "../platform/service.ts";
import { loadConfig } from "./index.ts";
import { rooms, settingsOf } from "./rooms.ts";

/** What the records of a topic look like. */
export interface TopicRecord {
  readonly topic: string;
  readonly record: RecordDefinition;
  /** Where the released schema of this version lies, in the project. */
  readonly file: string;
}

/** All of them, whichever services are enabled. */
export function topicRecords(): TopicRecord[] {
  const config = loadConfig({});
  return rooms.flatMap((room) =>
    Object.entries(room.topics?.(settingsOf(room.name, config)) ?? {}).flatMap(([topic, { record }]) => {
      if (record === undefined) return [];
      return [{ topic, record, file: `${roomFolder(room)}/schemas/${topic}.v${record.version.number}.json` }];
    }),
  );
}

/** What is wrong with a topic's records against what is released of their version; empty where nothing is. */
export function recordProblems({ topic, record }: TopicRecord, released: RecordSchema): string[] {
  return breaksOf(released, jsonSchemaOf(record)).map((one) => breakInWords(topic, record.version.number, one));
}

/** What is released of a topic's version; `undefined`: nothing yet. */
export function releasedSchema({ file }: TopicRecord): RecordSchema | undefined {
  const path = new URL(`../${file}`, import.meta.url);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as RecordSchema) : undefined;
}

/**
 * The files of all schemas, and the page about them.
 * @throws Error with each rule that a change breaks
 */
export async function recordDocuments(): Promise<{ readonly file: string; readonly text: string }[]> {
  const records = topicRecords();
  const problems = records.flatMap((one) => {
    const released = releasedSchema(one);
    return released === undefined ? [] : recordProblems(one, released);
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const files = records.map(async ({ record, file }) => ({
    file,
    text: await format(JSON.stringify(jsonSchemaOf(record)), { parser: "json", printWidth: 120 }),
  }));
  return [...(await Promise.all(files)), { file: "docs/records.md", text: recordsPage(records) }];
}

function recordsPage(records: readonly TopicRecord[]): string {
  return `<!-- prettier-ignore-start -->
<!-- Generated from the rooms' services by \`node config/generate.ts\`. -->

# Records

What the records of each topic look like. Each room declares it once, in \`topics\` of its \`service.ts\`. Who sends, who reads, the
proof, the reasons of dead letters and this page follow from it, and the JSON Schema that lies beside it for programs in other
languages. Numbers that are no JSON Schema stand behind \`x-\`: the most bytes of a record, and how far its time may be ahead of
that of the broker.

Within one version, old and new programs understand each other: new readers take all records that are in the topic already, and
readers that were not changed yet take all new ones. So an optional field may come or go, and nothing else changes. \`npm test\` compares the
definition with the schema that lies in the room's folder, and names the rule that a change breaks. Such a change is a new version:
another number and another value of the version's field, and a file of its own. After a change that breaks nothing,
\`node config/generate.ts\` writes the file anew.

A value that is no such record is a dead letter, with the first thing that is wrong with it as the reason: \`null value\`, \`value too
big\`, \`not UTF-8\`, \`not JSON\`, an unknown version, then the fields in the order of the tables below.

${records.map(({ topic }) => `- [\`${topic}\`](#${topic})`).join("\n")}

${records.map(section).join("\n")}
<!-- prettier-ignore-end -->
`;
}

function section({ topic, record, file }: TopicRecord): string {
  const schema = jsonSchemaOf(record);
  const rows = Object.entries(schema.properties).map(([name, property]) => {
    const isOptional = !schema.required.includes(name);
    return `| \`${name}\` | ${allowed(property)}${isOptional ? ", or null" : ""} | ${property.description ?? ""} |\n`;
  });
  return `## \`${topic}\`

${record.title}, as JSON; at most ${record.mostBytes} bytes. Its key is \`${record.key}\`, and its time \`${record.time}\`, which may be at most
${record.aheadSeconds} seconds ahead of the broker's. JSON Schema: [${file}](../${file}).

| Field | Allowed | Meaning |
| --- | --- | --- |
${rows.join("")}`;
}

function allowed(property: PropertySchema): string {
  const { const: only, format: form, minimum, maximum } = property;
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (form === "date-time") return "a time with its zone, ISO 8601";
  if (minimum === undefined || maximum === undefined) return property["x-allowed"] ?? "a text";
  const unit = property["x-unit"] === undefined ? "" : ` ${property["x-unit"]}`;
  const isWhole = [property.type].flat().includes("integer");
  return `${isWhole ? "a whole number" : "a number"} from ${minimum} to ${maximum}${unit}`;
}
