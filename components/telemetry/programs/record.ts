/** The telemetry record: what one measurement looks like on the topic. */
import { randomUUID } from "node:crypto";
import type { Described, RecordDefinition, TextField } from "../../../platform/records/definition.ts";

/** Name and version of the record's schema; the stream sends any other to the dead-letter table. */
export const recordSchema = "millrace.telemetry/1";

const name = (meaning: string): Described & TextField => ({
  kind: "text",
  meaning,
  characters: 256,
  words: "1 to 256 characters",
});

/** What makes a record valid: the readers in TypeScript and in Spark are held to it. */
export const telemetryRecord = {
  title: "A measurement",
  version: { number: 1, field: "schema", value: recordSchema },
  key: "node",
  mostBytes: 65_536,
  time: "ts",
  aheadSeconds: 300,
  fields: {
    id: name("UUID; the identity by which readers count distinct records."),
    run: {
      kind: "text",
      isOptional: true,
      meaning: "Run that the record belongs to; without one it is ordinary telemetry.",
      pattern: /^[A-Za-z0-9._:-]{1,64}$/,
      words: "1 to 64 letters, digits, dots, dashes, colons and underscores",
    },
    source: name("What has measured: `vmstat`, `iostat`, `random-numbers`, `proof` or `bench`."),
    node: name("Machine that was measured, or pod that made the number; also the key in Kafka."),
    ts: {
      kind: "time",
      meaning: "Time of the measurement.",
      pattern:
        /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.(\d{1,9}))?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d|[+-]14:00)$/,
    },
    metric: name("What was measured: `vmstat.free`, `iostat.vda.util`."),
    // Sums and squares of greater ones would be no numbers any more.
    value: { kind: "number", meaning: "The figure.", least: -1e100, most: 1e100 },
  },
} as const satisfies RecordDefinition;

/** Kafka header that carries the run id of marked records, also on records whose value can't be read. */
export const runHeader = "millrace-run";

export type RecordSource = "vmstat" | "iostat" | "random-numbers" | "proof" | "bench";

/** One measurement. */
export interface TelemetryRecord {
  readonly schema: typeof recordSchema;
  /** UUID; the identity by which readers count distinct records. */
  readonly id: string;
  /** Run that the record belongs to; `null`: ordinary telemetry. */
  readonly run: string | null;
  readonly source: RecordSource;
  /** Name of the machine that was measured, or of the pod that made the number. */
  readonly node: string;
  /** Time of the measurement: ISO 8601, UTC, milliseconds. */
  readonly ts: string;
  /** `vmstat.free`, `iostat.vda.util`. */
  readonly metric: string;
  readonly value: number;
}

/** What a tool measured, before it is a record. */
export interface Measurement {
  readonly metric: string;
  readonly value: number;
}

/** What all records of one moment share. */
export interface RecordOrigin {
  readonly source: RecordSource;
  readonly node: string;
  readonly at: Date;
  /** @default - no run: ordinary telemetry */
  readonly run?: string;
}

export function makeRecord(origin: RecordOrigin, measurement: Measurement): TelemetryRecord {
  return {
    schema: recordSchema,
    id: randomUUID(),
    run: origin.run ?? null,
    source: origin.source,
    node: origin.node,
    ts: origin.at.toISOString(),
    metric: measurement.metric,
    value: measurement.value,
  };
}

/** A message as the Kafka client takes it. */
export interface KafkaMessage {
  readonly key: string;
  readonly value: string | null;
  readonly headers: Record<string, string>;
}

export function toMessage(record: TelemetryRecord): KafkaMessage {
  return {
    key: record.node,
    value: JSON.stringify(record),
    headers: record.run === null ? {} : { [runHeader]: record.run },
  };
}
