/** What one rate of the ramp shows: which readers fall behind, and what holds them back. */
import type { GroupLag } from "../components/kafka/lag.ts";
import { lineThrough, type Sample } from "./slope.ts";

/** Share of the records sent by which a lag may grow and still counts as flat: readers work in batches, so no lag is a straight line. */
export const FLAT = 0.02;
/** Share of a limit from which a pod or the machine counts as at it. */
const AT_LIMIT = 0.9;
const MACHINE_FULL = 0.95;
/** Share of its periods in which a pod that is held back was stopped. */
const HELD_BACK = 0.25;
/** Share of the wanted rate that Kafka must have taken. */
const TAKEN = 0.98;

/** A reader of Kafka over the time of a step. */
export interface Reader {
  readonly group: string;
  readonly topic: string;
  readonly meanLag: number;
  readonly mostLag: number;
  /** Records a second by which the lag grows; negative: it falls. */
  readonly growth: number;
}

export interface PodLoad {
  readonly name: string;
  readonly cores: number;
  /** CPU limit in cores; `null`: none. */
  readonly limit: number | null;
  /** Share of the time in which it was stopped at its limit, 0 to 1; `null`: not known. */
  readonly throttled: number | null;
}

export interface Step {
  /** Records a second that were to be sent. */
  readonly rate: number;
  /** That Kafka has acknowledged. */
  readonly taken: number;
  readonly readers: readonly Reader[];
  /** Most cores first. */
  readonly pods: readonly PodLoad[];
  /** Cores of the machine that were busy; `null`: not known. */
  readonly machine: number | null;
  /** Cores that the sender took. */
  readonly sender: number;
  /** What happened to pods meanwhile, in words: a reader that was started anew has fallen behind for that. */
  readonly events: readonly string[];
}

/** Lags as they are looked at, by group and topic. */
export class LagSamples {
  readonly #of = new Map<string, { group: string; topic: string; samples: Sample[] }>();

  /** Takes a look; a group that writes down no offsets has no lag. */
  add(at: number, lags: readonly Pick<GroupLag, "group" | "topic" | "lag">[]): void {
    for (const { group, topic, lag } of lags) {
      if (lag === null) continue;
      const key = `${group} ${topic}`;
      const known = this.#of.get(key) ?? { group, topic, samples: [] };
      known.samples.push({ at, value: lag });
      this.#of.set(key, known);
    }
  }

  /** Readers with what their lag did, that which grows most first; one that was seen once only is left out. */
  readers(): Reader[] {
    return [...this.#of.values()]
      .flatMap(({ group, topic, samples }): Reader[] => {
        const line = lineThrough(samples);
        const [first, last] = [samples[0], samples.at(-1)];
        if (line === undefined || first === undefined || last === undefined) return [];
        const growth = line.rise / ((last.at - first.at) / 1000);
        return [{ group, topic, meanLag: line.mean, mostLag: Math.max(...samples.map(({ value }) => value)), growth }];
      })
      .sort((a, b) => b.growth - a.growth);
  }
}

/** The largest lag of a look. */
export const worstLag = (lags: readonly Pick<GroupLag, "lag">[]): number =>
  Math.max(0, ...lags.map(({ lag }) => lag ?? 0));

const fallsBehind = (rate: number, { growth }: Reader): boolean => growth > FLAT * rate;

/** Whether Kafka took the rate and every reader kept up with it. */
export const isFlat = ({ rate, taken, readers }: Step): boolean =>
  taken >= TAKEN * rate && readers.length > 0 && !readers.some((reader) => fallsBehind(rate, reader));

/** The highest rate up to which every step was flat; `null`: none was. */
export function highestFlat(steps: readonly Step[]): number | null {
  const end = steps.findIndex((step) => !isFlat(step));
  return (end < 0 ? steps : steps.slice(0, end)).at(-1)?.rate ?? null;
}

/**
 * What breaks at a step, in words, in the order in which it must be mended; nothing where it is flat.
 * @param cores - of the machine
 */
export function whatBreaks(step: Step, cores: number): string[] {
  if (isFlat(step)) return [];
  const { rate, taken, readers, pods, machine, sender, events } = step;
  const behind = readers.filter((reader) => fallsBehind(rate, reader));
  return [
    ...(readers.length === 0 ? ["no reader of Kafka says how far it is"] : []),
    ...(taken < TAKEN * rate ? [`Kafka took ${whole(taken)} of ${whole(rate)} records/s`] : []),
    ...behind.map(({ group, topic, growth }) => `${group} falls behind on ${topic} by ${whole(growth)} records/s`),
    ...events.map((event) => `pods ${event}`),
    ...pods.flatMap((pod) => limitWords(pod)),
    ...(machine !== null && machine >= MACHINE_FULL * cores
      ? [
          `the machine has no CPU left: ${machine.toFixed(2)} of ${cores} cores, of which the sender takes ${sender.toFixed(2)}`,
        ]
      : []),
  ];
}

function limitWords({ name, cores, limit, throttled }: PodLoad): string[] {
  const isAt = limit !== null && cores >= AT_LIMIT * limit;
  const isHeld = throttled !== null && throttled >= HELD_BACK;
  if (!isAt && !isHeld) return [];
  const held = throttled === null ? "" : `, and was held back in ${Math.round(throttled * 100)} % of the time`;
  return [`${name} takes ${cores.toFixed(2)} of its limit of ${limit?.toFixed(2) ?? "?"} cores${held}`];
}

const whole = (value: number): string => Math.round(value).toLocaleString("en-US");
