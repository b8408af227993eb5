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
  readonly document: { readonly bench: "ok" | "failed"; readonly verdicts: Readonly<Record<string, boolean>> };
  /** The same for people. */
  readonly text: string;
}

/** Seconds with two digits; `null`: there is no such figure. */
export const shown = (ms: number | null): string => (ms === null ? "none" : `${(ms / 1000).toFixed(2)} s`);
