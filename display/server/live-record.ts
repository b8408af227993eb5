/** Records as they come from Kafka: what of them is shown, and what is no record. */
import { isValid, type Message, readRecord } from "../../components/telemetry/programs/read-record.ts";
import type { Stream } from "../protocol.ts";

/** Series of ordinary random numbers: all pumps are one. */
const PUMPS = "pumps";

export interface LiveRecord {
  readonly series: string;
  /** Whether it belongs to a run, which is its series. */
  readonly marked: boolean;
  readonly metric: string;
  /** ms since 1970. */
  readonly ts: number;
  readonly value: number;
}

/** What is no valid record; `run` is the one that it says it belongs to. */
export interface Unreadable {
  readonly run: string | null;
}

export function readLiveRecord(stream: Stream, message: Message): LiveRecord | Unreadable {
  const record = readRecord(message);
  if (!isValid(record)) return { run: record.run };
  const { run, node, metric, ts, value } = record;
  const ordinary = stream === "random-numbers" ? PUMPS : node;
  return { series: run ?? ordinary, marked: run !== null, metric, ts, value };
}

export function isReadable(record: LiveRecord | Unreadable): record is LiveRecord {
  return "series" in record;
}
