/** What figures are read from, whichever sink it is: the lake's tables and Cassandra hold the same. */
import type { CensusFigure, Stream } from "../protocol.ts";

/** One metric of one series. */
export interface SeriesRow {
  readonly series: string;
  /** Run of marked records; `null` for ordinary ones. */
  readonly run: string | null;
  readonly metric: string;
  /** Time of its newest record, in ms since 1970. */
  readonly lastAt: number;
}

/** Figures of some records of a window: what one batch of the stream has seen of it. */
export interface WindowPart {
  /** Begin of the window, in ms since 1970. */
  readonly start: number;
  /** From 1. */
  readonly count: number;
  readonly mean: number;
  /** Of the sample; `null` for one record. */
  readonly deviation: number | null;
  readonly minimum: number;
  readonly maximum: number;
  /** Time of the newest of its records, in ms since 1970. */
  readonly lastAt: number;
}

export interface WindowQuestion {
  readonly stream: Stream;
  readonly series: string;
  readonly metric: string;
  /** Begin of the first window, in ms since 1970. */
  readonly since: number;
}

export interface CensusRun {
  readonly run: string;
  /** When the batch made its figures, in ms since 1970. */
  readonly madeAt: number;
}

/** Each gives nothing where a table does not exist yet. */
export interface FigureSource {
  /** Metrics with a record since a time, in ms since 1970. */
  series(stream: Stream, since: number): Promise<readonly SeriesRow[]>;
  windows(question: WindowQuestion): Promise<readonly WindowPart[]>;
  censusRuns(): Promise<readonly CensusRun[]>;
  censusFigures(run: string): Promise<readonly CensusFigure[]>;
}
