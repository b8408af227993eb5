/** How long `up` takes from nothing to the proof, and when nothing has changed. */
import { setTimeout as sleep } from "node:timers/promises";
import { type OptionSpecs, type OptionValues, stackOptions } from "../cli/options.ts";
import { duration, table } from "../cli/table.ts";
import { measureAlone } from "./against.ts";
import type { Bench } from "./bench.ts";
import { readNumbers } from "./options.ts";
import type { BenchResult, Figure } from "./settings.ts";
import type { Trial, UpFigures } from "./trial.ts";

/** Seconds of an unchanged `up` at rest, by profile. */
const bars: Readonly<Record<string, number>> = { core: 15, pipeline: 25 };

const options = {
  profile: { ...stackOptions.profile, help: "set of services to bring up (default: core)" },
  settle: { type: "string", value: "s", help: "seconds of rest before the unchanged up (default: 120)" },
  rounds: { type: "string", value: "count", help: "rounds, of whose figures the middle one is printed (default: 1)" },
} as const satisfies OptionSpecs;

export const start: Bench = {
  name: "start",
  summary: "time, CPU and memory of `up` from nothing, and of one that changes nothing; makes a platform of its own",
  options,
  run: (values, log) => measureAlone(start, values, log),
  onTrial: async (values, trial, log) => {
    const { settle } = settleOf(values);
    const first = await warmUp(trial, log);
    log(`${trial.copy.label}: ${duration(settle * 1000)} of rest before the unchanged up`);
    await sleep(settle * 1000);
    return resultOf(first, await trial.up(), trial.site().profile);
  },
};

const settleOf = (values: OptionValues) => readNumbers(values, { settle: { byDefault: 120, least: 0 } });

/** An `up` from nothing with warm caches: one that had to build images is done again. */
async function warmUp(trial: Trial, log: (line: string) => void): Promise<UpFigures> {
  const figures = await trial.up();
  if (figures.builtImages === 0) return figures;
  log(`${trial.copy.label}: that up built ${figures.builtImages} images, so it does not count`);
  await trial.down();
  return await trial.up();
}

export function resultOf(first: UpFigures, unchanged: UpFigures, profile: string): BenchResult {
  const bar = bars[profile];
  const verdicts = {
    isWarm: first.builtImages === 0,
    changesNothing: unchanged.changes === 0,
    ...(bar === undefined ? {} : { unchangedUp: unchanged.seconds <= bar }),
  };
  const figures: Figure[] = [
    { measure: "up from nothing", value: first.seconds, unit: "s" },
    { measure: "up from nothing, CPU of the machine", value: first.cpuSeconds, unit: "CPU-s" },
    { measure: "up from nothing, highest memory", value: first.peakMemoryBytes / 2 ** 20, unit: "MiB" },
    { measure: "unchanged up", value: unchanged.seconds, unit: "s" },
    { measure: "unchanged up, CPU of the machine", value: unchanged.cpuSeconds, unit: "CPU-s" },
  ];
  const bench = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  return {
    document: { bench, profile, first, unchanged, bar: bar ?? null, verdicts },
    text: table(
      ["measure", "figure"],
      figures.map(({ measure, value, unit }) => [measure, value === null ? "-" : `${value.toFixed(1)} ${unit}`]),
    ),
    figures,
  };
}
