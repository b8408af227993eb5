/** Asks all services for their figures, each by itself: one that hangs holds up no other, and is said not to answer. */
import { within } from "../../../platform/within.ts";
import type { Sample } from "../../../platform/watching.ts";
import { describeError } from "../../../platform/describe-error.ts";

export interface Source {
  /** Name of the service. */
  readonly service: string;
  readonly ask: (signal: AbortSignal) => Promise<Sample[]>;
}

export interface AskedOptions {
  readonly sources: readonly Source[];
  readonly log: (line: string) => void;
  /** Time that an answer has, in ms. @default 10000 */
  readonly limitMs?: number;
}

export class Asked {
  readonly #options: AskedOptions;
  readonly #known = new Map<string, readonly Sample[]>();
  readonly #problems = new Map<string, string>();

  constructor(options: AskedOptions) {
    this.#options = options;
  }

  /** Asks each once. It throws nothing. */
  async look(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#options.sources.map((source) => this.#askOne(source, signal)));
  }

  samples(): Sample[] {
    return [...this.#known.values()].flat();
  }

  async #askOne({ service, ask }: Source, signal: AbortSignal): Promise<void> {
    const { log, limitMs = 10_000 } = this.#options;
    const began = Date.now();
    const told = (samples: readonly Sample[], isUp: boolean): void => {
      const labels = { service };
      this.#known.set(service, [
        ...samples,
        { name: "millrace_watch_up", labels, value: Number(isUp) },
        { name: "millrace_watch_seconds", labels, value: (Date.now() - began) / 1000 },
      ]);
    };
    try {
      told(await within(limitMs, signal, ask), true);
      this.#problems.delete(service);
    } catch (error) {
      told([], false);
      const words = `${service}: ${describeError(error)}`;
      if (this.#problems.get(service) !== words && !signal.aborted) log(words);
      this.#problems.set(service, words);
    }
  }
}
