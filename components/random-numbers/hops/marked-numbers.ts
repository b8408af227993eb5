/** The numbers that one proof sends through the pumps, and what the pumps made of them. */
import { difference, figuresOf } from "../../../platform/hops/hop.ts";
import type { ProofContext } from "../../../platform/hops/define-hops.ts";
import { isLeftover, newRun } from "../../../platform/hops/run.ts";
import { isoOf, makePoison, markedRecords, type MarkedRun } from "../../telemetry/hops/marked-records.ts";
import type { TimedValue } from "../../windows/hops/windows.ts";

/** A number that a pump has sent and Kafka has acknowledged. */
export interface NumberRecord extends TimedValue {
  readonly id: string;
}

/** Metric under which the proof's numbers travel. */
export const numbersMetric = "uniform";

/** Most numbers of a run: fewer than the display thins out. */
const mostNumbers = 1000;

/** The numbers of a proof, the same for all its hops. */
export function numbersOf(context: ProofContext): MarkedNumbers {
  return new MarkedNumbers(context.once(markedRecords));
}

export class MarkedNumbers {
  readonly values: readonly number[];
  /** Texts that the stream must refuse, and the beginning of the reason it must give. */
  readonly poison: readonly { readonly value: string; readonly reason: string }[];
  readonly #startedAt: Date;
  readonly #runs: string[];
  #records: readonly NumberRecord[] = [];

  constructor(marked: Pick<MarkedRun, "run" | "startedAt" | "records" | "poison">) {
    const { run, startedAt, records, poison } = marked;
    // All digits of a double, so that each of them must arrive.
    this.values = Array.from({ length: Math.min(records.length, mostNumbers) }, () => Math.random() * 1000);
    this.poison = poison
      .map((_, index) => makePoison(run, index, startedAt))
      .flatMap(({ message: { value }, reason }) => (value === null ? [] : [{ value, reason }]));
    this.#startedAt = startedAt;
    this.#runs = [run];
  }

  /** Under which the numbers travel: the proof's own, or, when a try to send them has failed, one of the next try. */
  get run(): string {
    return this.#runs.at(-1) ?? "";
  }

  /** All under which a try was made. */
  get runs(): readonly string[] {
    return this.#runs;
  }

  /** What the pumps have sent in {@link run}. */
  get records(): readonly NumberRecord[] {
    return this.#records;
  }

  /** Takes what a pump has sent. */
  add(records: readonly NumberRecord[]): void {
    this.#records = [...this.#records, ...records];
  }

  /** A try that failed may have sent a part: the next one must be told from it. */
  startAnew(): void {
    this.#runs.push(newRun(new Date()));
    this.#records = [];
  }

  /** @returns whether a run is one of this proof, or what another one has left */
  isOurs(run: string): boolean {
    return this.#runs.includes(run) || isLeftover(run, this.#startedAt);
  }

  /** @returns what differs from the numbers sent, in words; `undefined`: nothing */
  differenceOf(seen: readonly NumberRecord[]): string | undefined {
    const problem = difference(figuresOf(seen), figuresOf(this.#records));
    if (problem !== undefined) return problem;
    const byId = new Map(seen.map((record) => [record.id, record]));
    for (const sent of this.#records) {
      const found = byId.get(sent.id);
      if (found === undefined) return `no record ${sent.id}, which was sent, and another one instead`;
      if (found.value !== sent.value) return `record ${sent.id} with the value ${found.value}, sent was ${sent.value}`;
      if (found.ts !== sent.ts) return `record ${sent.id} of ${isoOf(found.ts)}, sent was ${isoOf(sent.ts)}`;
    }
    return undefined;
  }
}
