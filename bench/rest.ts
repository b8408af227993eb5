/** What the platform takes while nobody uses it: cores and memory by pod and by process of the embedded node. */
import { existsSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { OptionSpecs, OptionValues } from "../cli/options.ts";
import { duration, table } from "../cli/table.ts";
import type { Bench } from "./bench.ts";
import { readNumbers } from "./options.ts";
import type { BenchResult } from "./settings.ts";
import { type Site, siteOf, siteOptions } from "./site.ts";
import {
  machineCores,
  podEvents,
  type PodState,
  takeSnapshot,
  type Usage,
  type UsageBetween,
  usageBetween,
} from "./usage.ts";

/** Cores at rest, by profile; other profiles are compared with another commit. */
const bars: Readonly<Record<string, number>> = { core: 0.3 };
/** Share of the machine that other programs may take before the platform is not alone. */
const OTHERS = 0.05;
/** Less than this is not worth a row. */
const SHOWN_CORES = 0.0005;

const options = {
  ...siteOptions,
  settle: { type: "string", value: "s", help: "seconds of rest before the measurement (default: 300)" },
  seconds: { type: "string", value: "s", help: "seconds to measure (default: 300)" },
} as const satisfies OptionSpecs;

export const rest: Bench = {
  name: "rest",
  summary: "cores and memory of each pod, and of the cluster itself, while nobody uses the platform",
  options,
  run: async (values, log) => await benchRest(await siteOf(values), { ...numbersOf(values), log }),
  onTrial: async (values, trial, log) => {
    const numbers = numbersOf(values);
    await trial.up();
    return await benchRest(trial.site(), { ...numbers, log });
  },
};

const numbersOf = (values: OptionValues) =>
  readNumbers(values, {
    settle: { byDefault: 300, least: 0 },
    seconds: { byDefault: 300, least: 30 },
  });

interface RestSettings {
  readonly settle: number;
  readonly seconds: number;
  readonly log: (line: string) => void;
}

async function benchRest(site: Site, { settle, seconds, log }: RestSettings): Promise<BenchResult> {
  log(`rest: ${duration(settle * 1000)} until the platform has settled, then ${duration(seconds * 1000)} of measuring`);
  await sleep(settle * 1000);
  const begin = { changed: changedAt(site.stateFile), pods: await podsOf(site), snapshot: await takeSnapshot(site) };
  await sleep(seconds * 1000);
  const usage = usageBetween(begin.snapshot, await takeSnapshot(site));
  const unrest = unrestOf(usage, {
    events: podEvents(begin.pods, await podsOf(site)),
    changed: changedAt(site.stateFile) !== begin.changed,
    machine: machineCores(),
  });
  return resultOf(usage, { profile: site.profile, seconds, settle, unrest });
}

const changedAt = (file: string): number => (existsSync(file) ? statSync(file).mtimeMs : 0);

const podsOf = async ({ kube }: Site): Promise<readonly PodState[]> =>
  (await kube.get<{ readonly items: readonly PodState[] }>("/api/v1/pods")).items;

interface Disturbance {
  /** What happened to pods, in words. */
  readonly events: readonly string[];
  /** Whether the stack's state was written. */
  readonly changed: boolean;
  /** Cores of the machine. */
  readonly machine: number;
}

/** Why the platform was not at rest, in words; none: it was. */
export function unrestOf({ otherCores }: UsageBetween, { events, changed, machine }: Disturbance): string[] {
  const reasons = events.map((event) => `pods ${event}`);
  if (changed) reasons.push("the stack's state was changed: an up or a down ran");
  if (otherCores !== null && otherCores > OTHERS * machine) {
    reasons.push(
      `other programs used ${otherCores.toFixed(2)} of ${machine} cores (${Math.round((otherCores / machine) * 100)} %; ` +
        `allowed are ${OTHERS * 100} %)`,
    );
  }
  return reasons;
}

interface RestOutcome {
  readonly profile: string;
  readonly seconds: number;
  readonly settle: number;
  readonly unrest: readonly string[];
}

export function resultOf(usage: UsageBetween, { profile, seconds, settle, unrest }: RestOutcome): BenchResult {
  const bar = bars[profile];
  const verdicts = {
    atRest: unrest.length === 0,
    ...(bar === undefined ? {} : { cores: usage.cores <= bar }),
  };
  const memoryMi = inMi(usage.memoryBytes);
  const document = {
    bench: Object.values(verdicts).every(Boolean) ? ("ok" as const) : ("failed" as const),
    profile,
    seconds,
    settle,
    cores: rounded(usage.cores),
    podCores: rounded(usage.podCores),
    memoryMi,
    machineCores: rounded(usage.machineCores),
    otherCores: rounded(usage.otherCores),
    pods: usage.pods.map(entry),
    processes: usage.processes.map(entry),
    unrest,
    bar: bar ?? null,
    verdicts,
  };
  return {
    document,
    text: textOf(usage, { bar, seconds, unrest }),
    figures: [
      { measure: "cores at rest", value: usage.cores, unit: "cores" },
      { measure: "cores of the pods at rest", value: usage.podCores, unit: "cores" },
      { measure: "memory at rest", value: memoryMi, unit: "MiB" },
    ],
  };
}

const inMi = (bytes: number): number => Math.round(bytes / 2 ** 20);
const rounded = (cores: number | null): number | null => (cores === null ? null : Math.round(cores * 1e4) / 1e4);
const entry = ({ name, cores, memoryBytes }: Usage) => ({ name, cores: rounded(cores), memoryMi: inMi(memoryBytes) });

function textOf(
  usage: UsageBetween,
  { bar, seconds, unrest }: { bar: number | undefined; seconds: number; unrest: readonly string[] },
): string {
  const rows = (usages: readonly Usage[]): string[][] =>
    usages
      .filter(({ cores, memoryBytes }) => cores >= SHOWN_CORES || memoryBytes > 0)
      .map(({ name, cores, memoryBytes }) => [name, cores.toFixed(3), `${inMi(memoryBytes)} MiB`]);
  const parts = [table(["pod", "cores", "memory"], rows(usage.pods))];
  if (usage.processes.length > 0) parts.push(table(["process of the node", "cores", "memory"], rows(usage.processes)));
  parts.push(
    `${usage.cores.toFixed(3)} cores over ${duration(seconds * 1000)}, of which pods ${usage.podCores.toFixed(3)}; ` +
      `${inMi(usage.memoryBytes)} MiB${bar === undefined ? "" : `; wanted <= ${bar} cores`}`,
  );
  if (unrest.length > 0) parts.push(`the platform was not at rest:\n${unrest.map((why) => `- ${why}`).join("\n")}`);
  return parts.join("\n\n");
}
