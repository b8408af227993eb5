/** Figures of the census: what the batch has written under one run. */
import type { CensusAnswer, CensusFigure, Sink } from "../protocol.ts";
import type { CensusRun, FigureSource } from "./figure-source.ts";

/** Most runs that a page offers. */
const MAX_RUNS = 200;
/** What is asked for while no batch has written anything: the run of the static file. */
const FIRST_RUN = "static-file";

export interface CensusQuestion {
  /** @default - the newest run */
  readonly run?: string;
}

export interface CensusOptions {
  readonly sink: Sink;
  readonly source: FigureSource;
  /** @default Date.now */
  readonly now?: () => number;
}

/** Answers a page: the runs that there are, and the figures of one of them. */
export async function answerCensus(question: CensusQuestion, options: CensusOptions): Promise<CensusAnswer> {
  const { sink, source, now = Date.now } = options;
  const runs = [...(await source.censusRuns())].sort((a, b) => b.madeAt - a.madeAt).slice(0, MAX_RUNS);
  const run = question.run ?? runs[0]?.run ?? FIRST_RUN;
  const figures = [...(await source.censusFigures(run))].sort(byPlace);
  return {
    sink,
    run,
    runs: runs.map((one) => one.run),
    figures,
    madeAt: figures.length === 0 ? null : madeAt(runs, run),
    readAt: new Date(now()).toISOString(),
  };
}

function madeAt(runs: readonly CensusRun[], run: string): string | null {
  const found = runs.find((one) => one.run === run);
  return found === undefined ? null : new Date(found.madeAt).toISOString();
}

function byPlace(a: CensusFigure, b: CensusFigure): number {
  const place = ({ grouping, member, measure }: CensusFigure): string => `${grouping}\n${member}\n${measure}`;
  return place(a) < place(b) ? -1 : 1;
}
