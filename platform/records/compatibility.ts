/**
 * Whether a change of a topic's records breaks those who write or read it. Within one version both directions hold: a new reader takes
 * all records that are in the topic already (backward), and a reader that was not changed yet takes all new records (forward). What
 * breaks either needs a new version.
 */
import type { PropertySchema, RecordSchema } from "./json-schema.ts";

/** A rule that a change breaks. The names are those of Confluent's registry where it has one. */
export interface Break {
  readonly rule: Rule;
  /** The field; `undefined`: the record as a whole. */
  readonly field?: string;
  /** What was, and what is. */
  readonly change: string;
}

/** Each rule, with who is broken. */
export const rules = {
  FIELD_REMOVED: "readers that were not changed yet refuse records without it",
  REQUIRED_FIELD_ADDED: "records that are in the topic already lack it",
  FIELD_MADE_REQUIRED: "records that are in the topic already may lack it",
  FIELD_MADE_OPTIONAL: "readers that were not changed yet refuse records without it",
  TYPE_NARROWED: "records that are in the topic already may have the wider type",
  TYPE_WIDENED: "readers that were not changed yet refuse the wider type",
  TYPE_CHANGED: "neither side takes what the other one writes",
  MINIMUM_INCREASED: "records that are in the topic already may lie below",
  MINIMUM_DECREASED: "readers that were not changed yet refuse what lies below",
  MAXIMUM_DECREASED: "records that are in the topic already may lie above",
  MAXIMUM_INCREASED: "readers that were not changed yet refuse what lies above",
  MAX_LENGTH_DECREASED: "records that are in the topic already may be longer",
  MAX_LENGTH_INCREASED: "readers that were not changed yet refuse longer ones",
  PATTERN_CHANGED: "what one side writes, the other one may refuse",
  CONST_CHANGED: "neither side takes what the other one writes",
  UNIT_CHANGED: "readers take a number for another one, and nobody notices",
  KEY_CHANGED: "records of one key are no longer in one partition, in their order",
  TIME_CHANGED: "readers order records by another time",
} as const;
export type Rule = keyof typeof rules;

/** @returns what the change from `released` to `changed` breaks; empty: nothing */
export function breaksOf(released: RecordSchema, changed: RecordSchema): Break[] {
  const breaks: Break[] = [];
  for (const [field, before] of Object.entries(released.properties)) {
    const now = changed.properties[field];
    // Nobody asks for an optional field, so its readers go on without it.
    if (now === undefined) {
      if (released.required.includes(field)) breaks.push({ rule: "FIELD_REMOVED", field, change: "is gone" });
      continue;
    }
    breaks.push(...presenceBreaks(field, released.required.includes(field), changed.required.includes(field)));
    breaks.push(...propertyBreaks(field, before, now));
  }
  for (const field of changed.required.filter((name) => !(name in released.properties))) {
    breaks.push({ rule: "REQUIRED_FIELD_ADDED", field, change: "is new and required" });
  }
  return [...breaks, ...wholeBreaks(released, changed)];
}

function presenceBreaks(field: string, was: boolean, is: boolean): Break[] {
  if (was === is) return [];
  return [
    is
      ? { rule: "FIELD_MADE_REQUIRED", field, change: "was optional, is required" }
      : { rule: "FIELD_MADE_OPTIONAL", field, change: "was required, is optional" },
  ];
}

function propertyBreaks(field: string, before: PropertySchema, now: PropertySchema): Break[] {
  const breaks: Break[] = [];
  const add = (rule: Rule, was: unknown, is: unknown): void => {
    breaks.push({ rule, field, change: `was ${shown(was)}, is ${shown(is)}` });
  };
  const [was, is] = [typeOf(before), typeOf(now)];
  if (was !== is) add(typeRule(was, is), was, is);
  // What may be null, `required` tells.
  for (const [name, less, more] of bounds) {
    const [from, to] = [before[name], now[name]];
    if (from === to) continue;
    const [low, high] = [from ?? none[name], to ?? none[name]];
    add(high > low ? more : less, from, to);
  }
  if (before.pattern !== now.pattern || before.format !== now.format) {
    add("PATTERN_CHANGED", before.pattern ?? before.format, now.pattern ?? now.format);
  }
  if (before.const !== now.const) add("CONST_CHANGED", before.const, now.const);
  if (before["x-unit"] !== now["x-unit"]) add("UNIT_CHANGED", before["x-unit"], now["x-unit"]);
  return breaks;
}

/** Each bound with the rules that a lower and a higher one break. */
const bounds = [
  ["minimum", "MINIMUM_DECREASED", "MINIMUM_INCREASED"],
  ["maximum", "MAXIMUM_DECREASED", "MAXIMUM_INCREASED"],
  ["maxLength", "MAX_LENGTH_DECREASED", "MAX_LENGTH_INCREASED"],
] as const;
/** What the lack of a bound means. */
const none = { minimum: -Infinity, maximum: Infinity, maxLength: Infinity } as const;

function typeOf({ type, const: only }: PropertySchema): string {
  if (type === undefined) return typeof only === "number" ? "number" : "string";
  return typeof type === "string" ? type : type[0];
}

function typeRule(was: string, is: string): Rule {
  if (was === "number" && is === "integer") return "TYPE_NARROWED";
  if (was === "integer" && is === "number") return "TYPE_WIDENED";
  return "TYPE_CHANGED";
}

function wholeBreaks(released: RecordSchema, changed: RecordSchema): Break[] {
  const breaks: Break[] = [];
  const add = (rule: Rule, name: keyof RecordSchema): void => {
    if (released[name] !== changed[name]) {
      breaks.push({ rule, change: `${name} was ${shown(released[name])}, is ${shown(changed[name])}` });
    }
  };
  add("KEY_CHANGED", "x-key");
  add("TIME_CHANGED", "x-time");
  const sizes = ["x-most-bytes", "x-ahead-seconds"] as const;
  for (const name of sizes) {
    add(changed[name] < released[name] ? "MAXIMUM_DECREASED" : "MAXIMUM_INCREASED", name);
  }
  return breaks;
}

function shown(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value);
}

/** A break in words, with the way out. */
export function breakInWords(topic: string, version: number, { rule, field, change }: Break): string {
  const what = field === undefined ? "the record" : `field "${field}"`;
  return (
    `topic ${topic}, version ${version}: ${rule}: ${what} ${change}: ${rules[rule]}; put it back, ` +
    `or make it version ${version + 1} with a field of its own for the version, which readers tell apart`
  );
}
