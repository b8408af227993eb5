/** Hop `census`: the figures that Spark made of the census file are right, in both sinks. */
import type { Sink } from "../../../display/protocol.ts";
import { CensusSums, censusDifference } from "./census-figures.ts";
import { type BatchJob, runningBatch } from "./census-batch.ts";
import type { CensusFigure } from "./census-figures.ts";
import { type DisplayClient, problemsOf } from "../../display/hops/display-client.ts";
import { askEarly, describeError, poll } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import type { LineStore } from "../../object-store/hops/store-client.ts";

export interface CensusHopOptions {
  readonly display: DisplayClient;
  /** The bucket of the files. */
  readonly inputs: Pick<LineStore, "where" | "list" | "lines">;
  readonly config: {
    /** Of the files in the bucket, with its slash. */
    readonly prefix: string;
    /** People in all files together. */
    readonly rows: number;
    /** Under which Spark has written the figures. */
    readonly run: string;
  };
  readonly batch: BatchJob;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

const allSinks: readonly Sink[] = ["disk", "cassandra"];

/** The census is no marked data: it stays, and there is nothing to remove. */
export function censusHop(options: CensusHopOptions): Hop {
  const { display, inputs, config } = options;
  return {
    name: "census",
    timeoutMs: standstillMs,
    isEarly: true,
    run: async ({ signal, onProgress, needed }) => {
      const where = `${inputs.where}/${config.prefix}`;
      onProgress(`computes the figures of ${where}`);
      const read = (): Promise<RightFigures> =>
        poll(() => readFiles(options, where), { signal, onProgress, pauseMs: options.pauseMs });
      const right = await askEarly(read, needed);
      await needed;
      return await poll(
        async () => {
          const running = await runningBatch(options.batch, signal);
          if (running !== undefined) return running;
          const problems = await Promise.all(allSinks.map((sink) => problemOf(options, sink, right.figures, signal)));
          const words = problems.flat().join("; ");
          if (words !== "") return words;
          const count = right.figures.length * allSinks.length;
          const message = `figures of ${right.files} files in ${where}, from both sinks of the ${display.where}`;
          return { count, distinct: right.figures.length, checksum: String(config.rows), message };
        },
        { signal, onProgress, pauseMs: options.pauseMs },
      );
    },
  };
}

interface RightFigures {
  readonly figures: CensusFigure[];
  readonly files: number;
}

async function readFiles({ inputs, config }: CensusHopOptions, where: string): Promise<RightFigures | string> {
  const keys = (await inputs.list(config.prefix)).filter((key) => key.endsWith(".csv"));
  const sums = new CensusSums(config.rows);
  for (const key of keys) {
    try {
      await sums.add(inputs.lines(key));
    } catch (error) {
      // The store's own words begin with its name, whether it can't be reached or refuses.
      if (describeError(error).startsWith(inputs.where)) throw error;
      throw new HopFailure(`${inputs.where}/${key} is not the census file: ${describeError(error)}`, { cause: error });
    }
  }
  if (sums.rows === config.rows) return { figures: sums.figures(), files: keys.length };
  return `${where} has ${sums.rows} of ${config.rows} people in ${keys.length} files: the Job census-file has not made them`;
}

async function problemOf(
  { display, config }: CensusHopOptions,
  sink: Sink,
  right: readonly CensusFigure[],
  signal: AbortSignal,
): Promise<string[]> {
  return await problemsOf(`from ${sink}`, signal, async () => {
    const shown = await display.census(sink, config.run, signal);
    const problem = shown.run === config.run ? censusDifference(shown.figures, right) : `run ${shown.run}`;
    if (problem === undefined) return undefined;
    const known = shown.figures.length === 0 ? `; known are the runs ${shown.runs.join(", ") || "(none)"}` : "";
    return `the ${display.where} shows of the census from ${sink} ${problem} of run ${config.run}${known}`;
  });
}
