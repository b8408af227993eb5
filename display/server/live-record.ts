/** Records as they come from Kafka: what of them is shown, and what can't be read. */
import type { KafkaMessage } from "kafkajs";
import { z } from "zod";
import { recordSchema, runHeader } from "../../workloads/telemetry/record.ts";
import { longestName, type Stream } from "../protocol.ts";

/** Longer ones are not even tried: a record has some 250 bytes. */
const MAX_BYTES = 16_384;
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

/** A record that could not be read; `run` is its header's. */
export interface Unreadable {
  readonly run: string | null;
}

const name = z.string().min(1).max(longestName);
const schema = z.object({
  schema: z.literal(recordSchema),
  id: z.string().min(1),
  run: name.nullable(),
  node: name,
  ts: z.string().max(40),
  metric: name,
  value: z.number(),
});

export function readRecord(stream: Stream, message: Pick<KafkaMessage, "value" | "headers">): LiveRecord | Unreadable {
  const parsed = parse(message.value);
  const ts = parsed === undefined ? NaN : Date.parse(parsed.ts);
  if (parsed === undefined || Number.isNaN(ts)) return { run: headerOf(message) };
  const { run, node, metric, value } = parsed;
  const ordinary = stream === "random-numbers" ? PUMPS : node;
  return { series: run ?? ordinary, marked: run !== null, metric, ts, value };
}

export function isReadable(record: LiveRecord | Unreadable): record is LiveRecord {
  return "series" in record;
}

function parse(value: Buffer | null): z.infer<typeof schema> | undefined {
  if (value === null || value.length > MAX_BYTES) return undefined;
  try {
    return schema.safeParse(JSON.parse(value.toString())).data;
  } catch {
    return undefined;
  }
}

function headerOf({ headers }: Pick<KafkaMessage, "headers">): string | null {
  const value = headers?.[runHeader];
  const text = (Array.isArray(value) ? value[0] : value)?.toString();
  return text === undefined || text === "" || text.length > longestName ? null : text;
}
