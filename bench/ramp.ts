/** The highest rate at which no reader of Kafka falls behind, and what breaks first above it. */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../cli/errors.ts";
import { onInterrupt } from "../cli/interrupt.ts";
import { type OptionSpecs, type OptionValues, text } from "../cli/options.ts";
import { table } from "../cli/table.ts";
import { type GroupLag, readLags } from "../components/kafka/lag.ts";
import { kafkaClient } from "../components/kafka/programs/kafka-client.ts";
import { sqlText } from "../components/presto/programs/presto-client.ts";
import { cpuMillis } from "../platform/quantity.ts";
import type { Bench } from "./bench.ts";
import { type SentList, sendLoad } from "./load.ts";
import { loadOptions, loadTargets, readNumbers } from "./options.ts";
import { highestFlat, isFlat, LagSamples, type PodLoad, type Step, whatBreaks, worstLag } from "./ramp-step.ts";
import { lakeClient, removeRuns } from "./rows.ts";
import type { BenchResult, BenchSettings } from "./settings.ts";
import { type Site, siteOf, siteOptions } from "./site.ts";
import {
  machineCores,
  podEvents,
  type PodState,
  type Snapshot,
  takeSnapshot,
  throttledShare,
  type Throttling,
  throttlingOf,
  usageBetween,
} from "./usage.ts";

const TABLES = ["random_numbers.samples", "telemetry.samples", "streaming.windows"];
const LOOK_MS = 5000;
/** Java compiles, and readers find their pace. */
const WARM_UP_S = 30;
/** Millions of rows are counted and removed. */
const SQL_LIMIT_MS = 300_000;
const PODS_SHOWN = 5;

const options = {
  ...siteOptions,
  kafka: loadOptions.kafka,
  presto: loadOptions.presto,
  catalog: loadOptions.catalog,
  keep: loadOptions.keep,
  rates: {
    type: "string",
    value: "list",
    help: "records to send each second, one step after the other (default: 500,1000,2000,3000,4000,6000,8000)",
  },
  seconds: { type: "string", value: "s", help: "how long the lag must stay flat at each rate (default: 180)" },
  settle: { ...loadOptions.settle, help: "seconds that readers get after a step to catch up (default: 300)" },
  topic: { type: "string", value: "name", help: "topic to send to (default: random-numbers)" },
} as const satisfies OptionSpecs;

interface RampSettings extends Omit<BenchSettings, "rate"> {
  readonly rates: readonly number[];
  readonly topic: string;
}

export const ramp: Bench = {
  name: "ramp",
  summary: "highest rate at which no reader of Kafka falls behind, and what breaks first",
  options,
  profile: "pipeline",
  run: async (values, log) => await benchRamp(await siteOf(values), settingsOf(values, log)),
  onTrial: async (values, trial, log) => {
    const settings = settingsOf(values, log);
    await trial.up();
    return await benchRamp(trial.site(), { ...settings, ...trial.addresses(), keep: true });
  },
};

function settingsOf(values: OptionValues, log: (line: string) => void): RampSettings {
  const numbers = readNumbers(values, {
    seconds: { byDefault: 180, least: 30 },
    settle: { byDefault: 300, least: 0 },
  });
  const targets = loadTargets(values);
  refuseRemote(targets.kafka);
  const topic = text(values, "topic") ?? "random-numbers";
  return { ...numbers, ...targets, rates: ratesOf(text(values, "rates")), topic, log };
}

/** @throws UserError when they do not rise, or are no numbers */
export function ratesOf(given = "500,1000,2000,3000,4000,6000,8000"): number[] {
  const rates = given.split(",").map((word) => (word.trim() === "" ? Number.NaN : Number(word)));
  const areGood = rates.every((rate, at) => Number.isFinite(rate) && rate >= 1 && rate > (rates[at - 1] ?? 0));
  if (!areGood) {
    throw new UserError(`--rates "${given}" is not allowed: give numbers from 1 that rise, such as 500,1000,2000`);
  }
  return rates;
}

/** @throws UserError when Kafka is not on this machine: what is sent grows until something breaks */
export function refuseRemote(kafka: string): void {
  const host = kafka.replace(/:\d+$/, "");
  if (/^(localhost|127(\.\d+){3}|\[?::1\]?)$/.test(host)) return;
  throw new UserError(
    `--kafka "${kafka}" is not on this machine: ramp sends until something breaks, so it sends only to localhost and 127.0.0.1`,
  );
}

/** @throws UserError when the topic is not there: sending would make nothing but errors */
async function refuseMissingTopic({ kafka, topic, log }: RampSettings): Promise<void> {
  const admin = kafkaClient({ bootstrapServers: kafka, clientId: "bench", log, retries: 1 }).admin();
  try {
    await admin.connect();
    const message = missingTopicWords(topic, await admin.listTopics());
    if (message !== undefined) throw new UserError(message);
  } finally {
    await admin.disconnect();
  }
}

/** Why nothing is sent to a topic, in words; `undefined`: it is there. */
export function missingTopicWords(topic: string, topics: readonly string[]): string | undefined {
  if (topics.includes(topic)) return undefined;
  const own = topics.filter((name) => !name.startsWith("__")).sort();
  return (
    `Kafka has no topic "${topic}"; it has ${own.length === 0 ? "none" : own.join(", ")}. Numbers that go through samples, windows and ` +
    "Cassandra need profile pipeline or full; --topic telemetry measures the samples alone"
  );
}

export async function benchRamp(site: Site, settings: RampSettings): Promise<BenchResult> {
  const { rates, log } = settings;
  await refuseMissingTopic(settings);
  const steps: Step[] = [];
  const runs = new Map<string, number>();
  const interrupt = onInterrupt(() => {
    log("stopping: the rows are removed first; press Ctrl-C again to leave them");
  });
  try {
    for (const rate of rates) {
      const run = `bench-${Date.now()}-ramp-${rate}`;
      log(`ramp, run ${run}: ${rate} records/s for ${settings.seconds} s after ${WARM_UP_S} s`);
      const step = await measureStep(site, settings, { run, rate, runs, signal: interrupt.signal });
      steps.push(step);
      log(stepLine(step));
      if (!isFlat(step)) break;
    }
    return resultOf(steps, await countsOf(settings, runs), machineCores());
  } finally {
    const presto = lakeClient(settings, "telemetry", SQL_LIMIT_MS);
    if (runs.size > 0) await removeRuns(settings, presto, TABLES, [...runs.keys()], SQL_LIMIT_MS);
    interrupt.release();
  }
}

interface StepOrder {
  readonly run: string;
  readonly rate: number;
  /** Gets how many records of the run were made. */
  readonly runs: Map<string, number>;
  readonly signal: AbortSignal;
}

async function measureStep(site: Site, settings: RampSettings, { run, rate, runs, signal }: StepOrder): Promise<Step> {
  const { kafka, topic, seconds } = settings;
  let made = 0;
  const sent: SentList = {
    get length() {
      return made;
    },
    push: () => runs.set(run, ++made),
  };
  let latest: readonly GroupLag[] = [];
  let sender: { readonly sent: number } = { sent: 0 };
  const watch = {
    // A second's worth is what readers have between two batches: they are there.
    seen: (): number => (worstLag(latest) <= rate ? made : made - worstLag(latest)),
    seenWord: "read by the slowest reader",
    signal,
    onSender: (one: { readonly sent: number }): void => {
      sender = one;
    },
  };
  const stop = new AbortController();
  const samples = new LagSamples();
  const window = { isOpen: false };
  const looking = (async () => {
    while (!stop.signal.aborted) {
      const seen = await readLags(kafka, { protocol: "PLAINTEXT" }).catch(() => undefined);
      if (seen !== undefined) latest = seen;
      if (seen !== undefined && window.isOpen) samples.add(Date.now(), seen);
      await sleep(LOOK_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  })();
  const load = { ...settings, rate, seconds: seconds + WARM_UP_S };
  const sending = sendLoad(load, { run, topic, sent, watch });
  const measuring = (async () => {
    await sleep(WARM_UP_S * 1000, undefined, { signal });
    window.isOpen = true;
    const [from, before] = [{ at: Date.now(), sent: sender.sent, cpu: process.cpuUsage() }, await look(site)];
    await sleep(from.at + seconds * 1000 - Date.now(), undefined, { signal });
    window.isOpen = false;
    const [ms, cpu, acknowledged] = [Date.now() - from.at, process.cpuUsage(from.cpu), sender.sent - from.sent];
    return {
      before,
      after: await look(site),
      taken: acknowledged / (ms / 1000),
      cpu: (cpu.user + cpu.system) / 1000 / ms,
    };
  })();
  try {
    const [{ before, after, taken, cpu }] = await Promise.all([measuring, sending]);
    const usage = usageBetween(before.snapshot, after.snapshot);
    const pods = usage.pods.map(({ name, cores }): PodLoad => ({
      name,
      cores,
      limit: after.limits.get(name) ?? null,
      throttled: throttledShare(before.throttling.get(name), after.throttling.get(name)) ?? null,
    }));
    const events = podEvents(before.pods, after.pods);
    return { rate, taken, readers: samples.readers(), pods, machine: usage.machineCores, sender: cpu, events };
  } finally {
    stop.abort();
    await Promise.allSettled([looking, sending]);
  }
}

interface Look {
  readonly snapshot: Snapshot;
  readonly throttling: ReadonlyMap<string, Throttling>;
  /** CPU limits of pods in cores. */
  readonly limits: ReadonlyMap<string, number>;
  readonly pods: readonly PodState[];
}

interface LimitedPod extends PodState {
  readonly spec: {
    readonly containers: readonly { readonly resources?: { readonly limits?: { readonly cpu?: string } } }[];
  };
}

async function look(site: Site): Promise<Look> {
  const { kube } = site;
  const list = async <T>(path: string): Promise<readonly T[]> =>
    (await kube.get<{ readonly items: readonly T[] }>(path)).items;
  const nodes = await list<{ readonly metadata: { readonly name: string } }>("/api/v1/nodes");
  const [snapshot, pods, ...metrics] = await Promise.all([
    takeSnapshot(site),
    list<LimitedPod>("/api/v1/pods"),
    ...nodes.map(({ metadata }) =>
      // Who may not read them still learns the rest.
      kube.text(`/api/v1/nodes/${metadata.name}/proxy/metrics/cadvisor`).catch(() => ""),
    ),
  ]);
  const limits = pods.flatMap(({ metadata, spec }): [string, number][] => {
    const given = spec.containers.map(({ resources }) => resources?.limits?.cpu);
    if (given.some((limit) => limit === undefined)) return [];
    return [[metadata.name, given.reduce((sum, limit) => sum + cpuMillis(limit ?? "0") / 1000, 0)]];
  });
  return { snapshot, throttling: throttlingOf(metrics.join("\n")), limits: new Map(limits), pods };
}

/** What the lake has of the runs. */
export interface Counts {
  readonly sent: number;
  readonly rows: number;
  readonly distinct: number;
}

/** Counts what arrived; `null` where Presto does not say. */
async function countsOf(settings: RampSettings, runs: ReadonlyMap<string, number>): Promise<Counts | null> {
  const presto = lakeClient(settings, "telemetry", SQL_LIMIT_MS);
  const table = settings.topic === "random-numbers" ? "random_numbers.samples" : "telemetry.samples";
  const among = [...runs.keys()].map(sqlText).join(", ");
  const sql = `SELECT count(*) AS n, count(DISTINCT id) AS ids FROM ${table} WHERE run IN (${among})`;
  const sent = [...runs.values()].reduce((sum, made) => sum + made, 0);
  try {
    const [row] = await presto.query(sql);
    return { sent, rows: Number(row?.["n"]), distinct: Number(row?.["ids"]) };
  } catch (error) {
    settings.log(`warning: the rows were not counted: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function stepLine(step: Step): string {
  const readers = step.readers.map(
    ({ group, topic, growth, mostLag }) =>
      `  ${group}, ${topic}: lag ${growth >= 0 ? "+" : ""}${growth.toFixed(1)}/s, at most ${Math.round(mostLag)}`,
  );
  return [`${step.rate} records/s: ${isFlat(step) ? "flat" : "not flat"}`, ...readers].join("\n");
}

export function resultOf(steps: readonly Step[], counts: Counts | null, cores: number): BenchResult {
  const highest = highestFlat(steps);
  const broken = steps.find((step) => !isFlat(step));
  const breaks = broken === undefined ? [] : whatBreaks(broken, cores);
  const lost = counts === null ? null : counts.sent - counts.distinct;
  const duplicates = counts === null ? null : counts.rows - counts.distinct;
  const verdicts = { flat: highest !== null, noLoss: lost === 0, noDuplicates: duplicates === 0 };
  const bench = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  return {
    document: { bench, highest, broken: broken?.rate ?? null, breaks, steps, ...counts, lost, duplicates, verdicts },
    text: textOf(steps, { highest, broken, breaks, counts }),
    figures: [{ measure: "highest rate with flat lag", value: highest, unit: "records/s" }],
  };
}

interface Outcome {
  readonly highest: number | null;
  readonly broken: Step | undefined;
  readonly breaks: readonly string[];
  readonly counts: Counts | null;
}

function textOf(steps: readonly Step[], { highest, broken, breaks, counts }: Outcome): string {
  const rows = steps.map((step) => {
    const [worst] = step.readers;
    const pods = step.pods.slice(0, PODS_SHOWN).map(({ name, cores }) => `${name} ${cores.toFixed(2)}`);
    return [
      String(step.rate),
      String(Math.round(step.taken)),
      worst === undefined ? "-" : worst.growth.toFixed(1),
      worst?.group ?? "-",
      step.machine?.toFixed(2) ?? "-",
      pods.join(", "),
    ];
  });
  const header = ["records/s", "taken", "lag grows by /s", "of", "machine", "cores of the busiest pods"];
  return [
    table(header, rows),
    "",
    highest === null ? "no rate was flat" : `highest rate with flat lag: ${highest} records/s`,
    ...(broken === undefined
      ? ["no rate broke anything: give higher ones with --rates"]
      : [`at ${broken.rate} records/s:`, ...breaks.map((what) => `- ${what}`)]),
    counts === null
      ? "lost and twice: not known"
      : `sent ${counts.sent}, lost ${counts.sent - counts.distinct}, twice ${counts.rows - counts.distinct}`,
  ].join("\n");
}
