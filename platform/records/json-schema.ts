/** A topic's records as JSON Schema, for programs in other languages, people, and whoever compares two versions. */
import type { Field, RecordDefinition } from "./definition.ts";

/** The parts of JSON Schema that records are described by, with what it has no word for behind `x-`. */
export interface RecordSchema {
  readonly $schema: string;
  readonly title: string;
  readonly type: "object";
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, PropertySchema>>;
  readonly "x-version": number;
  readonly "x-version-field": string;
  readonly "x-key": string;
  readonly "x-time": string;
  readonly "x-most-bytes": number;
  readonly "x-ahead-seconds": number;
  readonly "x-decimals"?: number;
}

export interface PropertySchema {
  readonly description?: string;
  readonly type?: JsonType | readonly [JsonType, "null"];
  readonly const?: string | number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly "x-unit"?: string;
  /** What is allowed, in words. */
  readonly "x-allowed"?: string;
}

export type JsonType = "string" | "number" | "integer";

export function jsonSchemaOf(definition: RecordDefinition): RecordSchema {
  const { title, version, key, time, mostBytes, aheadSeconds, decimals, fields } = definition;
  const required = Object.entries(fields).flatMap(([name, { isOptional }]) => (isOptional === true ? [] : [name]));
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title,
    type: "object",
    required: [version.field, ...required],
    properties: {
      [version.field]: { description: "Version of the schema.", const: version.value },
      ...Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, propertyOf(field)])),
    },
    "x-version": version.number,
    "x-version-field": version.field,
    "x-key": key,
    "x-time": time,
    "x-most-bytes": mostBytes,
    "x-ahead-seconds": aheadSeconds,
    ...(decimals !== undefined && { "x-decimals": decimals }),
  };
}

function propertyOf(field: Field): PropertySchema {
  const description = field.meaning;
  const type = (one: JsonType): Pick<PropertySchema, "type"> => ({
    type: field.isOptional === true ? [one, "null"] : one,
  });
  if (field.kind === "text") {
    const { pattern, characters, words } = field;
    return {
      description,
      ...type("string"),
      ...(pattern && { pattern: pattern.source }),
      ...(characters !== undefined && { minLength: 1, maxLength: characters }),
      "x-allowed": words,
    };
  }
  if (field.kind === "time") {
    return { description, ...type("string"), format: "date-time", pattern: field.pattern.source };
  }
  const { kind, least, most, unit } = field;
  return {
    description,
    ...type(kind === "whole" ? "integer" : "number"),
    minimum: least,
    maximum: most,
    ...(unit && { "x-unit": unit }),
  };
}
