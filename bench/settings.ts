/** What all measurements share: where the platform is, and how much is sent. */

export interface BenchSettings {
  /** Records a second. */
  readonly rate: number;
  /** How long they are sent. */
  readonly seconds: number;
  /** Time for the last of them to arrive, in seconds. */
  readonly settle: number;
  /** `host:port` */
  readonly kafka: string;
  /** `http://host:port` */
  readonly presto: string;
  readonly catalog: string;
  /** Leaves the rows of the run. */
  readonly keep: boolean;
  /** For people, as it goes on. */
  readonly log: (line: string) => void;
}

/** What a measurement ends with. */
export interface BenchResult {
  /** Everything, as one JSON document. */
  readonly document: {
    readonly bench: "ok" | "failed";
    /** Bars, and whether each is met. */
    readonly verdicts: Readonly<Record<string, boolean>>;
    readonly [key: string]: unknown;
  };
  /** The same for people. */
  readonly text: string;
  /** What `--against` compares. @default - the measurement can't be compared */
  readonly figures?: readonly Figure[];
}

/** One number of a measurement; less is better unless it says otherwise. */
export interface Figure {
  /** What it is, in words; the same in each run. */
  readonly measure: string;
  /** `null`: there was nothing to measure. */
  readonly value: number | null;
  readonly unit: "cores" | "MiB" | "s" | "CPU-s" | "records/s" | "records" | "MB/s";
}

/** Seconds with two digits; `null`: there is no such figure. */
export const shown = (ms: number | null): string => (ms === null ? "none" : `${(ms / 1000).toFixed(2)} s`);
