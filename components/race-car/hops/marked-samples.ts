/** The samples that one proof sends to the ingest, and what hops after it must find of them. */
import type { ProofContext } from "../../../platform/hops/define-hops.ts";
import { figuresOf, type HopFigures } from "../../../platform/hops/hop.ts";
import { newRun } from "../../../platform/hops/run.ts";
import { markedRecords } from "../../telemetry/hops/marked-records.ts";
import { Race } from "../programs/race.ts";
import { asCar, type Sample } from "../programs/sample.ts";

/** Cars of a proof. */
const CARS = 2;
/** Most samples of a proof: as many as a client may send at once. */
const MOST_SAMPLES = 600;
/** The newest is of the moment of sending, the oldest so much older, in ms: none is late for its window. */
const SPREAD_MS = 2000;
const SECONDS_BEFORE = 30;

/** A sample that the ingest must refuse, and the beginning of the reason that it must give. */
export interface PoisonSample {
  readonly text: string;
  readonly reason: string;
}

/** The samples of a proof, the same for all its hops. */
export function samplesOf(context: ProofContext): MarkedSamples {
  return new MarkedSamples(context.once(markedRecords));
}

export class MarkedSamples {
  readonly #count: number;
  readonly #runs: string[];
  #samples: readonly Sample[] = [];
  #poison: readonly PoisonSample[] = [];

  constructor({ run, records }: { readonly run: string; readonly records: readonly unknown[] }) {
    this.#count = Math.min(records.length, MOST_SAMPLES);
    this.#runs = [run];
  }

  /** Under which they travel: the proof's own, or, when a try to send them has failed, one of the next try. */
  get run(): string {
    return this.#runs.at(-1) ?? "";
  }

  /** All under which a try was made. */
  get runs(): readonly string[] {
    return this.#runs;
  }

  /** What was sent in {@link run}; nothing before. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  get poison(): readonly PoisonSample[] {
    return this.#poison;
  }

  /** Makes what is to be sent now: cars amid a race, so that no two samples are alike. */
  make(now: number): readonly Sample[] {
    const { run } = this;
    const rate = 20;
    const race = new Race({ cars: CARS, rate, seed: now % 2 ** 32, track: "mill", session: Math.floor(now / 1000) });
    for (let step = 0; step < SECONDS_BEFORE * rate; step++) race.next(now);
    const rounds = Math.ceil(this.#count / CARS);
    const made = Array.from({ length: rounds }, (_, round) => {
      const ts = now - SPREAD_MS + ((round + 1) * SPREAD_MS) / rounds;
      return race
        .next(ts)
        .map((sample) => asCar(sample, `${sample.car.replace("car", "proof")}-${run.slice(-8)}`, run));
    });
    this.#samples = made.flat().slice(0, this.#count);
    this.#poison = poisonOf(this.#samples[0]);
    return this.#samples;
  }

  /** A try that failed may have sent a part: the next one must be told from it. */
  startAnew(): void {
    this.#runs.push(newRun(new Date()));
    this.#samples = [];
    this.#poison = [];
  }

  /** @returns what differs from the samples sent, in any field of any of them, in words; `undefined`: nothing */
  differenceOf(seen: readonly Sample[]): string | undefined {
    const byId = new Map(seen.map((sample) => [sample.id, sample]));
    if (seen.length > byId.size) return `${seen.length} samples with ${byId.size} different ids: duplicates`;
    for (const sent of this.#samples) {
      const found = byId.get(sent.id);
      if (found === undefined) return `${seen.length} samples, and no sample ${sent.id}, which was sent`;
      const names = Object.keys(sent) as (keyof Sample)[];
      const other = names.find((name) => found[name] !== sent[name]);
      if (other !== undefined) {
        return `sample ${sent.id} with the ${other} ${String(found[other])}, sent was ${String(sent[other])}`;
      }
    }
    return seen.length > this.#samples.length ? `${seen.length} samples, ${this.#samples.length} sent` : undefined;
  }
}

/** Figures of samples: the checksum is of their speeds, in mm/s. */
export function figuresOfSamples(samples: readonly Sample[]): Omit<HopFigures, "message"> {
  return figuresOf(samples.map(({ id, speed }) => ({ id, value: speed * 1000 })));
}

function poisonOf(good: Sample | undefined): PoisonSample[] {
  if (good === undefined) return [];
  const poison = (change: object): string => JSON.stringify({ ...good, id: `${good.id}-poison`, ...change });
  return [
    { text: poison({ v: 2 }), reason: "unknown version: 2" },
    { text: poison({ speed: 9999 }), reason: "speed out of range: 9999" },
    { text: poison({ gear: "third" }), reason: "field missing or of a wrong type: gear" },
    { text: poison({ ts: "noon" }), reason: "bad time: noon" },
  ];
}
