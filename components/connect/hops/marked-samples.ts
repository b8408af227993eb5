/** The records that the hop sends through Connect, and what is wrong with those that come back. */
import { difference, figuresOf, type HopFigures } from "../../../platform/hops/hop.ts";

/** A record as its value has it. */
export interface MarkedSample {
  readonly id: string;
  readonly run: string;
  /** One of few, so that records are in several partitions; also the key. */
  readonly series: string;
  readonly ts: string;
  readonly value: number;
}

const SERIES = 5;

export interface MarkedSamples {
  readonly samples: readonly MarkedSample[];
  /** Values that no sink can take, each with its reason. */
  readonly bad: readonly { readonly value: string; readonly reason: string }[];
  readonly expected: Omit<HopFigures, "message">;
}

export function markedSamples(run: string, count: number, now: Date): MarkedSamples {
  const samples = Array.from({ length: count }, (_, index) => ({
    id: `${run}-${index}`,
    run,
    series: `series-${index % SERIES}`,
    ts: new Date(now.getTime() - index).toISOString(),
    value: 1000 + index * 7,
  }));
  const bad = [
    { value: `{"run":"${run}"`, reason: "not JSON" },
    { value: `["${run}"]`, reason: "no JSON object" },
  ];
  return { samples, bad, expected: figuresOf(samples) };
}

/** @returns what differs from the samples that were sent, in any field of any of them; `undefined`: nothing */
export function samplesDifference(
  seen: readonly MarkedSample[],
  { samples, expected }: MarkedSamples,
): string | undefined {
  const problem = difference(figuresOf(seen), expected);
  if (problem !== undefined) return problem;
  const byId = new Map(seen.map((sample) => [sample.id, sample]));
  for (const sent of samples) {
    const found = byId.get(sent.id);
    if (found === undefined) return `no record ${sent.id}, which was sent, and another one instead`;
    const other = (["run", "series", "ts", "value"] as const).find((field) => found[field] !== sent[field]);
    if (other !== undefined) return `record ${sent.id} with the ${other} ${found[other]}, sent was ${sent[other]}`;
  }
  return undefined;
}
