/**
 * A sample of a race car's telemetry: the one definition that the ingest, the hops, the reasons of dead letters, the
 * packed form, the JSON Schema and the docs are made from. A value in topic `race` is a sample as JSON.
 */
import type {
  Described,
  Field,
  NumberField,
  RecordDefinition,
  TextField,
} from "../../../platform/records/definition.ts";
import { type Json, jsonOf, recordProblem } from "../../../platform/records/read.ts";

export type { Field } from "../../../platform/records/definition.ts";

/** Version of the schema, in field `v`. A change that a reader of this version can't take is another version. */
export const sampleVersion = 1;

/** Most bytes of a sample as JSON. */
export const mostSampleBytes = 4096;
/** Decimals of a number: more are rounded by the ingest, so that sums are exact as decimals. */
export const sampleDecimals = 3;

const text = (meaning: string, most: number): Described & TextField & { readonly pattern: RegExp } => ({
  kind: "text",
  meaning,
  pattern: new RegExp(`^[A-Za-z0-9._:-]{1,${most}}$`),
  words: `1 to ${most} letters, digits, dots, dashes, colons and underscores`,
});
const whole = (meaning: string, least: number, most: number, unit?: NumberField["unit"]): Described & NumberField => ({
  kind: "whole",
  meaning,
  least,
  most,
  ...(unit && { unit }),
});
const number = (meaning: string, least: number, most: number, unit?: NumberField["unit"]): Described & NumberField => ({
  kind: "number",
  meaning,
  least,
  most,
  ...(unit && { unit }),
});
const tyreTemp = (where: string) => number(`Temperature of the ${where} tyre.`, -50, 500, "°C");
const tyreWear = (where: string) => number(`Wear of the ${where} tyre: 0 is new, 1 is gone.`, 0, 1);

/** The fields of a sample but its version, in the order of its JSON. */
export const sampleFields = {
  id: text("Unique for each sample, and the same when it is sent again.", 128),
  car: text("Which car; also the key in Kafka.", 32),
  seq: whole("Number of the sample since the car's session began.", 0, 4_294_967_295),
  ts: {
    kind: "time",
    meaning: "When it was measured, in UTC with milliseconds: `2026-11-28T10:00:00.020Z`.",
    pattern: /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/,
  },
  run: { ...text("Marks of a proof.", 64), isOptional: true },
  lap: whole("Number of the lap; the first is 1.", 0, 65_535),
  sector: whole("Sector of the lap.", 1, 9),
  distance: number("Distance driven since the session began.", 0, 1e9, "m"),
  x: number("Position to the east of the track's origin.", -100_000, 100_000, "m"),
  y: number("Position to the north of the track's origin.", -100_000, 100_000, "m"),
  speed: number("Speed.", 0, 200, "m/s"),
  rpm: whole("Revolutions of the engine.", 0, 30_000, "1/min"),
  gear: whole("Gear: -1 is reverse, 0 is neutral.", -1, 10),
  throttle: number("Throttle.", 0, 1),
  brake: number("Brake.", 0, 1),
  steering: number("Steering: -1 is full left, 1 is full right.", -1, 1),
  battery: number("Charge of the battery.", 0, 1),
  engineTemp: number("Temperature of the engine.", -50, 500, "°C"),
  tyreTempFl: tyreTemp("front left"),
  tyreTempFr: tyreTemp("front right"),
  tyreTempRl: tyreTemp("rear left"),
  tyreTempRr: tyreTemp("rear right"),
  tyreWearFl: tyreWear("front left"),
  tyreWearFr: tyreWear("front right"),
  tyreWearRl: tyreWear("rear left"),
  tyreWearRr: tyreWear("rear right"),
  lapTime: number("Time since the lap began.", 0, 86_400, "s"),
  lastLapTime: { ...number("Time of the lap before.", 0, 86_400, "s"), isOptional: true },
} as const satisfies Readonly<Record<string, Field>>;

export const sampleRecord: RecordDefinition = {
  title: "A sample of a race car's telemetry",
  version: { number: sampleVersion, field: "v", value: sampleVersion },
  key: "car",
  mostBytes: mostSampleBytes,
  time: "ts",
  // A sample closes all windows before its time, those of the other cars too: a clock that is ahead must not.
  aheadSeconds: 2,
  decimals: sampleDecimals,
  fields: sampleFields,
};

type Fields = typeof sampleFields;
type ValueOf<F> = F extends { readonly kind: "text" | "time" } ? string : number;
type Optional = {
  [Name in keyof Fields]: Fields[Name] extends { readonly isOptional: true } ? Name : never;
}[keyof Fields];

/** A valid sample; what is optional and not there is `null`. */
export type Sample = { readonly v: typeof sampleVersion } & {
  readonly [Name in keyof Fields]: Name extends Optional ? ValueOf<Fields[Name]> | null : ValueOf<Fields[Name]>;
};

/** What is no sample. */
export interface BadSample {
  /** What is wrong with it, in the words of dead letters. */
  readonly reason: string;
  /** The run that it says it belongs to. */
  readonly run: string | null;
}

export function isSample(read: Sample | BadSample): read is Sample {
  return !("reason" in read);
}

/**
 * @param bytes A sample as JSON.
 * @param now Time of whoever takes it, in ms since 1970: Kafka's of a message, a client's clock else.
 */
export function readSample(bytes: Uint8Array | null, now: number): Sample | BadSample {
  const json = jsonOf(bytes, mostSampleBytes);
  return typeof json === "string" ? { reason: json, run: null } : sampleOf(json, now);
}

/** As {@link readSample}, of an object. Other fields than a sample's are left out, and numbers rounded. */
export function sampleOf(json: Json, now: number): Sample | BadSample {
  const reason = recordProblem(json, sampleRecord, now);
  if (reason !== undefined) return { reason, run: runOf(json["run"]) };
  const values = Object.entries(sampleFields as Readonly<Record<string, Field>>).map(([name]) => {
    const value = json[name] ?? null;
    return [name, typeof value === "number" ? rounded(value) : value];
  });
  return { v: sampleVersion, ...Object.fromEntries(values) } as Sample;
}

/** A number with the decimals of a sample. */
export function rounded(value: number): number {
  const factor = 10 ** sampleDecimals;
  // A zero has no sign.
  return Math.round(value * factor) / factor + 0;
}

/** The sample as one of another car, and of a run. */
export function asCar(sample: Sample, car: string, run: string): Sample {
  return { ...sample, id: sample.id.replace(sample.car, car), car, run };
}

/** A sample as it lies in Kafka. */
export function sampleText(sample: Sample): string {
  return JSON.stringify(sample);
}

function runOf(value: unknown): string | null {
  return typeof value === "string" && sampleFields.run.pattern.test(value) ? value : null;
}
