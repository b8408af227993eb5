/** Whether what a producer measures reaches the broker, told by the records' own times and by source. */
import type { KafkaMessage, RecordSource } from "./record.ts";

interface Origin {
  readonly source: RecordSource;
  /** Time of the measurement, in ms since 1970. */
  readonly measuredAt: number;
}

export interface FreshnessOptions {
  /** Age of a source's newest acknowledged record at which it is not fresh any more, in ms. */
  readonly limitMs: number;
  /** Sources that must measure. Others count from their first measurement on. */
  readonly required: readonly RecordSource[];
  /** @default Date.now */
  readonly now?: () => number;
}

/** An acknowledgement that comes late says nothing of now: a record counts by the time when it was measured. */
export class Freshness {
  readonly #options: Required<FreshnessOptions>;
  readonly #origins = new WeakMap<KafkaMessage, Origin>();
  /** When the newest acknowledged record of a source was measured. */
  readonly #newest = new Map<RecordSource, number>();

  constructor(options: FreshnessOptions) {
    this.#options = { now: Date.now, ...options };
    for (const source of options.required) this.#newest.set(source, -Infinity);
  }

  /** A record that is on its way to the broker. */
  measured(message: KafkaMessage, origin: Origin): void {
    this.#origins.set(message, origin);
    if (!this.#newest.has(origin.source)) this.#newest.set(origin.source, -Infinity);
  }

  /** Records that the broker has. */
  acknowledged(batch: readonly KafkaMessage[]): void {
    for (const message of batch) {
      const origin = this.#origins.get(message);
      if (origin === undefined) continue;
      this.#newest.set(origin.source, Math.max(this.#newest.get(origin.source) ?? -Infinity, origin.measuredAt));
    }
  }

  /** Sources whose measurements do not arrive; empty when all is well. */
  stale(): RecordSource[] {
    const oldest = this.#options.now() - this.#options.limitMs;
    return [...this.#newest].filter(([, newest]) => newest < oldest).map(([source]) => source);
  }
}
