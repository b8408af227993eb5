/** The records that one proof sends: good ones it must find again at every hop, and poison ones. */
import type { ProofContext } from "../../../platform/hops/define-hops.ts";
import { difference, figuresOf } from "../../../platform/hops/hop.ts";
import type { HopFigures } from "../../../platform/hops/hop.ts";
import { type ProofRun, startRun } from "../../../platform/hops/run.ts";
import { makeRecord, runHeader, toMessage } from "../programs/record.ts";
import type { KafkaMessage, TelemetryRecord } from "../programs/record.ts";

export interface MarkedRun extends ProofRun {
  readonly records: readonly TelemetryRecord[];
  readonly poison: readonly PoisonRecord[];
  /** What each hop must hold. */
  readonly expected: Omit<HopFigures, "message">;
}

/** A record that the stream must refuse, and the beginning of the reason it must give. */
export interface PoisonRecord {
  readonly message: KafkaMessage;
  readonly reason: string;
}

/** Metric of the good records. */
export const markedMetric = "proof.sequence";

/** The records of a proof, the same for all its hops. */
export function markedRecords({ run, counts }: ProofContext): MarkedRun {
  return makeMarkedRun(counts, run.startedAt, run);
}

export function makeMarkedRun(
  counts: { readonly records: number; readonly poison: number },
  now = new Date(),
  { run }: ProofRun = startRun(now),
): MarkedRun {
  const records = Array.from({ length: counts.records }, (_, index) =>
    makeRecord(
      // Times of their own, not later than now: a time that belongs to another record is seen.
      { source: "proof", node: `proof-${index % 7}`, at: new Date(now.getTime() - (index % 1000)), run },
      { metric: markedMetric, value: 1000 + index * 7 },
    ),
  );
  const poison = Array.from({ length: counts.poison }, (_, index) => makePoison(run, index, now));
  return { run, startedAt: now, records, poison, expected: figuresOf(records) };
}

/** A record as a store gives it back. */
export type SeenRecord = Pick<TelemetryRecord, "id" | "run" | "node" | "metric" | "value"> & {
  /** What the store says, which need not be a source. */
  readonly source: string;
  /** In ms since 1970. */
  readonly ts: number;
};

const textFields = ["run", "source", "node", "metric"] as const;

/** @returns what differs from the records sent, in any field of any record, in words; `undefined`: nothing */
export function recordsDifference(
  seen: readonly SeenRecord[],
  { records, expected }: Pick<MarkedRun, "records" | "expected">,
): string | undefined {
  const problem = difference(figuresOf(seen), expected);
  if (problem !== undefined) return problem;
  const byId = new Map(seen.map((record) => [record.id, record]));
  for (const sent of records) {
    const found = byId.get(sent.id);
    if (found === undefined) return `no record ${sent.id}, which was sent, and another one instead`;
    const other = textFields.find((field) => found[field] !== sent[field]);
    if (other !== undefined) return `record ${sent.id} with the ${other} ${found[other]}, sent was ${sent[other]}`;
    if (found.value !== sent.value) return `record ${sent.id} with the value ${found.value}, sent was ${sent.value}`;
    if (found.ts !== Date.parse(sent.ts)) return `record ${sent.id} of ${isoOf(found.ts)}, sent was ${sent.ts}`;
  }
  return undefined;
}

/** A time in words, also one that is none. */
export function isoOf(ts: number): string {
  return Number.isNaN(ts) ? "no time" : new Date(ts).toISOString();
}

const poisonKinds: readonly { reason: string; value: (good: TelemetryRecord) => string | null }[] = [
  { reason: "not JSON", value: () => "<telemetry>not JSON</telemetry>" },
  { reason: "unknown version", value: (good) => JSON.stringify({ ...good, schema: "millrace.telemetry/0" }) },
  { reason: "null value", value: () => null },
  { reason: "bad time", value: (good) => JSON.stringify({ ...good, ts: "yesterday, about noon" }) },
  { reason: "value too big", value: (good) => JSON.stringify({ ...good, metric: "x".repeat(70_000) }) },
  { reason: "field missing or of a wrong type: value", value: (good) => JSON.stringify({ ...good, value: "high" }) },
];

/** A record of one of the kinds of poison, in turn by `index`. */
export function makePoison(run: string, index: number, at: Date): PoisonRecord {
  const kind = poisonKinds[index % poisonKinds.length] ?? { reason: "not JSON", value: () => "not JSON" };
  const good = makeRecord({ source: "proof", node: "proof", at, run }, { metric: "proof.poison", value: index });
  return {
    reason: kind.reason,
    message: { key: `poison-${index}`, value: kind.value(good), headers: { [runHeader]: run } },
  };
}

export function messagesOf(marked: MarkedRun): KafkaMessage[] {
  return [...marked.records.map((record) => toMessage(record)), ...marked.poison.map(({ message }) => message)];
}
