/**
 * What a record of a topic looks like, as data. From it follow its JSON Schema, its page in the docs, who takes it and who refuses it,
 * and the reasons of dead letters.
 */

/** A text, a time, a whole number or a number. */
export type Field = Described & (TextField | TimeField | NumberField);

export interface Described {
  readonly meaning: string;
  /** Whether it may be `null`, or left out. @default false */
  readonly isOptional?: boolean;
}

export interface TextField {
  readonly kind: "text";
  /** What the whole of it matches. @default - anything */
  readonly pattern?: RegExp;
  /** What is allowed, in words. */
  readonly words: string;
  /** Most characters, with one as the least. @default - as the pattern has it */
  readonly characters?: number;
}

export interface TimeField {
  readonly kind: "time";
  /** What the whole of it matches, besides being a time. */
  readonly pattern: RegExp;
}

export interface NumberField {
  readonly kind: "whole" | "number";
  readonly least: number;
  readonly most: number;
  /** @default - a fraction, or a count */
  readonly unit?: "m" | "m/s" | "°C" | "s" | "1/min";
}

/** One version of a topic's records. */
export interface RecordDefinition {
  /** What one record is, in words. */
  readonly title: string;
  /** A change that a reader of this version can't take is another version. */
  readonly version: {
    readonly number: number;
    /** The field that says it, and what stands in it. */
    readonly field: string;
    readonly value: string | number;
  };
  /** The field that is its key in Kafka. */
  readonly key: string;
  /** Most bytes of a record as JSON. */
  readonly mostBytes: number;
  /** The field that says when it was made. */
  readonly time: string;
  /** How much its time may be ahead of Kafka's, in seconds. */
  readonly aheadSeconds: number;
  /** Most decimals of numbers, so that sums are exact. @default - any */
  readonly decimals?: number;
  /** All but that of the version, in the order of its JSON. Others are left out by readers. */
  readonly fields: Readonly<Record<string, Field>>;
}

/** The earliest time that a record may have, in ms since 1970: a far-off one is a clock that was never set. */
export const EARLIEST_MS = Date.UTC(2000, 0);
