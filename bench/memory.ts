/** Memory of the display while it is under load. */
import { setTimeout as sleep } from "node:timers/promises";
import { lineThrough, type Sample } from "./slope.ts";

const pauseMs = 5000;
/** A server that has just got its clients fills its buffers: the line begins after this time. */
const warmUpMs = 60_000;

interface Sources {
  /** `http://host:port` */
  readonly display: string;
  /** Bytes that the display's pods use now; `null`: not known. */
  readonly podMemory: () => Promise<number | null>;
}

export interface MemoryFigures {
  readonly samples: number;
  readonly minutes: number;
  /** Where the figures are from: the kubelet's word on the pod, or the process's own where that is not known. */
  readonly source: "pod" | "process";
  readonly meanBytes: number | null;
  /** By how much the line through the samples rises from the first to the last. */
  readonly riseBytes: number | null;
  /** The same as a share of the mean. */
  readonly rise: number | null;
  /** First, last and largest. */
  readonly firstBytes: number | null;
  readonly lastBytes: number | null;
  readonly mostBytes: number | null;
}

export class MemorySamples {
  readonly #sources: Sources;
  readonly #started = Date.now();
  readonly #pod: Sample[] = [];
  readonly #process: Sample[] = [];

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  /** Looks until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look().catch(() => undefined);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  get figures(): MemoryFigures {
    const source = this.#pod.length > 1 ? "pod" : "process";
    const samples = settled(source === "pod" ? this.#pod : this.#process, this.#started);
    const line = lineThrough(samples);
    const values = samples.map(({ value }) => value);
    const [first, last] = [samples[0], samples.at(-1)];
    return {
      samples: samples.length,
      minutes: Math.round(((last?.at ?? 0) - (first?.at ?? 0)) / 6000) / 10,
      source,
      meanBytes: line?.mean ?? null,
      riseBytes: line?.rise ?? null,
      rise: line === undefined ? null : line.rise / line.mean,
      firstBytes: first?.value ?? null,
      lastBytes: last?.value ?? null,
      mostBytes: values.length === 0 ? null : Math.max(...values),
    };
  }

  async #look(): Promise<void> {
    const used = await this.#sources.podMemory();
    if (used !== null) this.#pod.push({ at: Date.now(), value: used });
    const answer = await fetch(`${this.#sources.display}/healthz`, { signal: AbortSignal.timeout(pauseMs) });
    const { rssBytes } = (await answer.json()) as { readonly rssBytes: number };
    this.#process.push({ at: Date.now(), value: rssBytes });
  }
}

/** Those after the warm-up; all of a run that was shorter. */
export function settled(samples: readonly Sample[], startedAt: number): readonly Sample[] {
  const later = samples.filter(({ at }) => at >= startedAt + warmUpMs);
  return later.length > 1 ? later : samples;
}
