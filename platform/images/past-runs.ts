/** Adds to what a long step reports how much time is left, and remembers what it took on this machine. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { cacheDir } from "./cache.ts";
import { FIRST_RUN, repositoryDir } from "./files.ts";
import { type Begun, Countdown, isComplete, type Past, pastOf, secondsLeft } from "./time-left.ts";

/** Between reports of a unit that goes on. */
const REPORT_MS = 5_000;
/** Shorter steps need no forecast. */
const SHORT_SECONDS = 5;

const past = z.object({
  seconds: z.number().positive(),
  marks: z.array(z.tuple([z.string(), z.number().nonnegative()])),
});

/**
 * What a step took when it last ran on this machine; if it never did, what it took elsewhere.
 * @param folder Where its sources lie, relative to the repository: `first-run.json` there says what it took on two cores, with empty
 * caches and everything else beside it. @default - nobody knows
 */
export function pastRun(step: string, folder?: string): Past | undefined {
  return readRun(fileOf(step)) ?? (folder === undefined ? undefined : readRun(join(repositoryDir, folder, FIRST_RUN)));
}

function readRun(file: string): Past | undefined {
  try {
    return past.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** A step with many units, and the folder of its sources. */
export interface LongStep {
  readonly step: string;
  /** Relative to the repository. @default - none says what the step took elsewhere */
  readonly folder?: string;
}

/** Runs a step; what it reports is passed on with the time that is left. A step that succeeds is what the next one is judged by. */
export async function withTimeLeft<T>(
  { step, folder }: LongStep,
  report: (detail: string) => void,
  work: (report: (detail: string) => void) => Promise<T>,
  now: () => number = () => performance.now() / 1000,
): Promise<T> {
  const before = pastRun(step, folder);
  const countdown = new Countdown();
  const begun: Begun[] = [];
  const names = new Set<string>();
  let start: number | undefined;
  let detail = "";
  const say = (): void => {
    if (start === undefined) return;
    const seconds = now() - start;
    const left = before === undefined ? undefined : countdown.words(secondsLeft(before, begun, seconds), seconds);
    // First, since a narrow terminal cuts lines.
    report(left === undefined ? detail : `${left}; ${detail}`);
  };
  const timer = setInterval(say, REPORT_MS);
  timer.unref();
  try {
    const result = await work((text) => {
      // A step may have waited for its turn until now.
      start ??= now();
      const name = unitOf(text);
      if (!names.has(name)) begun.push([name, now() - start]);
      names.add(name);
      detail = text;
      say();
    });
    const seconds = start === undefined ? 0 : now() - start;
    if (seconds >= SHORT_SECONDS && (before === undefined || isComplete(before, begun))) {
      keep(step, pastOf(begun, seconds));
    }
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** `crate 12 of at most 30, serde` is about `serde`: the number is another one each time. */
function unitOf(detail: string): string {
  return detail.slice(detail.lastIndexOf(", ") + 1).trim();
}

function keep(step: string, run: Past): void {
  try {
    const file = fileOf(step);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(run));
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A forecast is not worth a failed step.
  }
}

const fileOf = (step: string): string => cacheDir("runs", `${step.replaceAll(/[^\w-]+/g, "-")}.json`);
