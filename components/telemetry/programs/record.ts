/** The telemetry record: what one measurement looks like on the topic. */
import { randomUUID } from "node:crypto";

/** Name and version of the record's schema; the stream sends any other to the dead-letter table. */
export const recordSchema = "millrace.telemetry/1";

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
