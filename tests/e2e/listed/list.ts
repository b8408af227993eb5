/** The faults of docs/faults.md in their order, and how they are tried. */
import { table } from "../../../cli/table.ts";
import type { Runner } from "../runner.ts";
import { cluster, terminating } from "./cluster.ts";
import { type Fault, Site } from "./fault.ts";
import { inputs } from "./inputs.ts";
import { interrupted } from "./interrupted.ts";
import { pods } from "./pods.ts";

export const faults: readonly Fault[] = [...inputs, ...cluster, ...pods, ...interrupted, terminating];

/** What came of a fault. */
export interface Outcome extends Pick<Fault, "number" | "done" | "expected"> {
  /** What was seen, or why it is not what is expected. */
  readonly seen: string;
  readonly ms: number;
  readonly ok: boolean;
}

/** Tries faults one after the other; what was made for them is gone afterwards. */
export async function tryFaults(runner: Runner, chosen: readonly Fault[], site = new Site()): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  try {
    for (const { number, done, expected, limitSeconds, run } of chosen) {
      const started = Date.now();
      let seen = "";
      const name = `fault ${number}: ${done}`;
      const ok = await runner.step(name, limitSeconds * 1000, async () => (seen = await run(site)));
      // `✗ name (time): why`
      if (!ok) seen = (runner.failures.at(-1) ?? "").slice(name.length).replace(/^.*?\): /s, "");
      outcomes.push({ number, done, expected, seen, ms: Date.now() - started, ok });
    }
  } finally {
    await site.end();
  }
  return outcomes;
}

/** Tries all of those that need the same, as a part of a run. */
export function faultsThatNeed(needs: Fault["needs"]): (runner: Runner) => Promise<void> {
  const chosen = faults.filter((fault) => fault.needs === needs);
  return async (runner) => {
    await tryFaults(runner, chosen);
  };
}

/**
 * The faults that a text like `3,9` or `1-6,19` names.
 * @throws Error with all that is no number of the list, before anything is tried
 */
export function faultsOf(text: string): readonly Fault[] {
  const wrong: string[] = [];
  const numbers = text.split(",").flatMap((word) => {
    const [, from = "", to = from] = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(word) ?? [];
    const [first, last] = [Number(from), Number(to)];
    const isKnown = (wanted: number): boolean => faults.some(({ number }) => number === wanted);
    if (isKnown(first) && isKnown(last) && first <= last) return numbersFrom(first, last);
    wrong.push(word.trim());
    return [];
  });
  if (wrong.length > 0) {
    throw new Error(
      `--only ${text}: "${wrong.join('", "')}" is no fault; there are 1 to ${faults.length}: --list has them`,
    );
  }
  return faults.filter(({ number }) => numbers.includes(number));
}

const numbersFrom = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

export function listText(): string {
  const rows = faults.map(({ number, done, expected, needs }) => [String(number), done, expected, needs]);
  return table(["", "what is wrong or done", "expected", "needs"], rows);
}

export function outcomeText(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ number, done, seen, ms, ok }) => [
    String(number),
    ok ? "ok" : "FAILED",
    `${(ms / 1000).toFixed(1)} s`,
    done,
    seen,
  ]);
  return table(["", "", "took", "what is wrong or done", "seen"], rows);
}
