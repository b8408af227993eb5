/**
 * What becomes of a client's message: a sample for Kafka, a dead letter with its reason, or nothing where the client sends
 * more than it may. No sockets, no clock.
 */
import { runHeader, type KafkaMessage } from "../../telemetry/programs/record.ts";
import { unpackSample } from "./packed.ts";
import { isSample, mostSampleBytes, readSample, type Sample, sampleText } from "./sample.ts";

/** How a message came. */
export type Way = "websocket" | "udp";

export interface Figures {
  /** Samples taken, and of them those that came before, and those older than one of the same car. */
  readonly samples: number;
  readonly repeated: number;
  readonly outOfOrder: number;
  /** Messages that are no samples: dead letters. */
  readonly refused: number;
  /** Messages beyond a client's rate. */
  readonly dropped: number;
}

/** A message that was taken, whether it is good or not. */
export interface Taken {
  readonly kind: "sample" | "deadLetter";
  readonly message: KafkaMessage;
  /** Why it is a dead letter. */
  readonly reason?: string;
}

/** Cars of which the last samples are remembered; the one that was quiet longest goes first. */
const MOST_CARS = 1000;
/** Ids that are remembered of each car. */
const MOST_IDS = 256;

interface Seen {
  readonly ids: Set<string>;
  newest: string;
}

export class Intake {
  readonly #cars = new Map<string, Seen>();
  readonly #counts = { samples: 0, repeated: 0, outOfOrder: 0, refused: 0, dropped: 0 };

  get figures(): Figures {
    return { ...this.#counts };
  }

  /**
   * @param client Whom it is of, in words for dead letters.
   * @param now In ms since 1970.
   */
  take(bytes: Uint8Array, isPacked: boolean, from: { readonly client: string; readonly way: Way }, now: number): Taken {
    const read = isPacked ? unpackSample(bytes, now) : readSample(bytes, now);
    if (isSample(read)) {
      this.#counts.samples++;
      this.#note(read);
      return { kind: "sample", message: sampleMessage(read) };
    }
    this.#counts.refused++;
    return { kind: "deadLetter", reason: read.reason, message: deadLetter(bytes, read, from, now) };
  }

  /** A message that is not even looked at. */
  drop(): void {
    this.#counts.dropped++;
  }

  /** Both are taken all the same: readers count an id once, and windows have a time for what is late. */
  #note({ car, id, ts }: Sample): void {
    const seen = this.#cars.get(car) ?? { ids: new Set<string>(), newest: "" };
    this.#cars.delete(car);
    this.#cars.set(car, seen);
    if (this.#cars.size > MOST_CARS) this.#cars.delete(this.#cars.keys().next().value ?? "");
    if (seen.ids.has(id)) {
      this.#counts.repeated++;
      return;
    }
    seen.ids.add(id);
    if (seen.ids.size > MOST_IDS) seen.ids.delete(seen.ids.values().next().value ?? "");
    if (ts < seen.newest) this.#counts.outOfOrder++;
    else seen.newest = ts;
  }
}

/** A sample as it is sent to Kafka: keyed by its car, so that a car's samples stay in order. */
export function sampleMessage(sample: Sample): KafkaMessage {
  const headers: Record<string, string> = sample.run === null ? {} : { [runHeader]: sample.run };
  return { key: sample.car, value: sampleText(sample), headers };
}

function deadLetter(
  bytes: Uint8Array,
  { reason, run }: { readonly reason: string; readonly run: string | null },
  { client, way }: { readonly client: string; readonly way: Way },
  now: number,
): KafkaMessage {
  const kept = Buffer.from(bytes.subarray(0, mostSampleBytes));
  const letter = {
    v: 1,
    topic: "race",
    reason,
    run,
    client,
    way,
    at: new Date(now).toISOString(),
    bytes: bytes.length,
    base64: kept.toString("base64"),
  };
  return { key: client, value: JSON.stringify(letter), headers: run === null ? {} : { [runHeader]: run } };
}

/** How many messages a client may send: so many a second, and at once what it has not sent in the last second. */
export class Rate {
  readonly #perSecond: number;
  #left: number;
  #at: number;

  /** @param now In ms. */
  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
    this.#at = now;
  }

  /** Whether one more may come. */
  allows(now: number): boolean {
    const more = (Math.max(0, now - this.#at) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + more);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}
