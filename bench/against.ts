/** Measures two commits in turn on one machine, each on a platform that is made for it and taken away after. */
import { UserError } from "../cli/errors.ts";
import { onInterrupt } from "../cli/interrupt.ts";
import { type OptionSpecs, type OptionValues, stackOptions, text } from "../cli/options.ts";
import { describeError } from "../platform/hops/errors.ts";
import type { Bench } from "./bench.ts";
import { compared, comparisonTable } from "./comparison.ts";
import { commitOf, type Copy, copyOfCommit, copyOfNow, removeCopy } from "./copy.ts";
import { readNumbers } from "./options.ts";
import type { BenchResult, Figure } from "./settings.ts";
import { refuseBesideOthers, removalOf, trialOf } from "./trial.ts";

type Log = (line: string) => void;

/** Options of each measurement that can be compared. */
export const againstOptions = {
  against: {
    type: "string",
    value: "commit",
    help: "measure this commit too, in turn, each on a platform of its own; prints the ratios",
  },
  rounds: {
    type: "string",
    value: "count",
    help: "with --against: rounds, of which the middle figures count (default: 1)",
  },
  profile: {
    ...stackOptions.profile,
    help: "with --against: set of services to bring up (default: core; of ramp: pipeline)",
  },
} as const satisfies OptionSpecs;

/** One measurement of one side. */
export interface Run {
  readonly round: number;
  readonly side: string;
  readonly document: BenchResult["document"];
  readonly figures: readonly Figure[];
}

/** What a series of rounds has come to. */
export interface Series {
  readonly runs: readonly Run[];
  /** Why it ended early; `undefined`: it did not. */
  readonly failure: string | undefined;
}

/** `before, now, before, now, …`: what changes on the machine with time meets both. */
export function turns<Side>(rounds: number, sides: readonly Side[]): { readonly round: number; readonly side: Side }[] {
  return Array.from({ length: rounds }, (_, index) => sides.map((side) => ({ round: index + 1, side }))).flat();
}

interface Plan {
  readonly rounds: number;
  readonly profile: string;
}

function planOf(bench: Bench, values: OptionValues): Plan {
  const { rounds } = readNumbers(values, { rounds: { byDefault: 1, least: 1, whole: true } });
  return { rounds, profile: text(values, "profile") ?? bench.profile ?? "core" };
}

/** @throws UserError where another platform runs, or the word names no commit */
export async function measureAgainst(bench: Bench, word: string, values: OptionValues, log: Log): Promise<BenchResult> {
  const plan = planOf(bench, values);
  const commit = await commitOf(word);
  await refuseBesideOthers();
  const copies = [(): Promise<Copy> => copyOfCommit(commit), (): Promise<Copy> => Promise.resolve(copyOfNow())];
  const series = await measureInTurn(bench, { copies, plan, values, log });
  const of = (label: string): (readonly Figure[])[] =>
    series.runs.filter(({ side }) => side === label).map(({ figures }) => figures);
  const rows = compared(of(commit.label), of("now"));
  return resultOf(series, plan, { only: bench.name, against: commit.id, rows }, [
    `${bench.name}, profile ${plan.profile}, ${roundsDone(series, 2)} of ${plan.rounds} rounds`,
    comparisonTable(rows, commit.label),
  ]);
}

/** Measures this folder's sources only, on a platform that is made for it. @throws UserError where another platform runs */
export async function measureAlone(bench: Bench, values: OptionValues, log: Log): Promise<BenchResult> {
  const plan = planOf(bench, values);
  await refuseBesideOthers();
  const series = await measureInTurn(bench, { copies: [() => Promise.resolve(copyOfNow())], plan, values, log });
  const rows = compared(
    [],
    series.runs.map(({ figures }) => figures),
  );
  return resultOf(series, plan, { only: bench.name, rows }, [
    `${bench.name}, profile ${plan.profile}, ${roundsDone(series, 1)} of ${plan.rounds} rounds`,
    comparisonTable(rows, undefined),
  ]);
}

const roundsDone = ({ runs }: Series, sides: number): number => Math.floor(runs.length / sides);

/** The document and the words of a series: good when no round failed and the sources of now met every bar. */
export function resultOf(
  { runs, failure }: Series,
  plan: Plan,
  more: Readonly<Record<string, unknown>>,
  lines: readonly string[],
): BenchResult {
  const verdicts = {
    complete: failure === undefined,
    now: runs.filter(({ side }) => side === "now").every(({ document }) => document.bench === "ok"),
  };
  const bench = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  const missed = runs.flatMap(({ side, round, document }) =>
    Object.entries(document.verdicts)
      .filter(([, isMet]) => !isMet)
      .map(([name]) => `${side}, round ${round}: ${name} is not met`),
  );
  return {
    document: { bench, ...more, ...plan, runs, failure: failure ?? null, verdicts },
    text: [...lines, ...missed, ...(failure === undefined ? [] : [failure])].join("\n"),
  };
}

export interface Work {
  readonly copies: readonly (() => Promise<Copy>)[];
  readonly plan: Plan;
  readonly values: OptionValues;
  readonly log: Log;
  /** @default - trialOf */
  readonly makeTrial?: typeof trialOf;
}

/** Makes the copies, measures each in turn, and removes them: also after a failure, and after Ctrl-C. */
export async function measureInTurn(
  bench: Bench,
  { copies: makers, plan, values, log, makeTrial = trialOf }: Work,
): Promise<Series> {
  const copies: Copy[] = [];
  const interrupt = onInterrupt(() => {
    log("stopping: the platform of the measurement is taken down first; press Ctrl-C again to leave it as it is");
    for (const copy of copies) log(`what would be left: ${removalOf(copy)}`);
  });
  const runs: Run[] = [];
  const kept = new Set<Copy>();
  try {
    for (const make of makers) copies.push(await make());
    for (const { round, side } of turns(plan.rounds, copies)) {
      const where = `round ${round} of ${side.label}`;
      log(where);
      const ended = await oneRun(bench, side, { plan, values, log, makeTrial, signal: interrupt.signal });
      if (ended.result !== undefined) {
        const { document, figures = [], text: words } = ended.result;
        runs.push({ round, side: side.label, document, figures });
        log(`${where}:\n${words}`);
      }
      if (ended.isLeft) kept.add(side);
      if (ended.failure !== undefined) return { runs, failure: `${where} failed: ${ended.failure}` };
    }
    return { runs, failure: undefined };
  } finally {
    interrupt.release();
    for (const copy of copies) if (!kept.has(copy)) removeCopy(copy);
  }
}

interface Ended {
  readonly result?: BenchResult;
  readonly failure?: string;
  /** Whether its platform is still there, and so its folder must be. */
  readonly isLeft: boolean;
}

async function oneRun(
  bench: Bench,
  copy: Copy,
  { plan, values, log, signal, makeTrial }: Required<Omit<Work, "copies">> & { readonly signal: AbortSignal },
): Promise<Ended> {
  const { onTrial } = bench;
  if (onTrial === undefined) throw new UserError(`bench: ${bench.name} can't be measured against another commit`);
  const trial = makeTrial({ copy, profile: plan.profile, log, signal });
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => {
    stopped.reject(new Error("interrupted"));
  };
  stopped.promise.catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  let result: BenchResult | undefined;
  let failure: string | undefined;
  try {
    signal.throwIfAborted();
    result = await Promise.race([onTrial(values, trial, log), stopped.promise]);
  } catch (error) {
    failure = describeError(error);
  } finally {
    signal.removeEventListener("abort", stop);
  }
  try {
    await trial.down();
    return { ...(result && { result }), ...(failure === undefined ? {} : { failure }), isLeft: false };
  } catch (error) {
    const words = `${describeError(error)}; to remove what is left: ${removalOf(copy)}`;
    return { ...(result && { result }), failure: failure === undefined ? words : `${failure}; ${words}`, isLeft: true };
  }
}
