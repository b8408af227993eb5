/** From a record's making until Presto first shows it. */
import { type OptionSpecs, text } from "../cli/options.ts";
import type { PrestoClient } from "../components/presto/programs/presto-client.ts";
import type { Bench } from "./bench.ts";
import { type LatencyFigures, VisibilityWatch } from "./latency.ts";
import { sendLoad, type SentRecord } from "./load.ts";
import { loadOptions, loadTargets, readNumbers } from "./options.ts";
import { lakeClient, removeRuns } from "./rows.ts";
import { type BenchResult, type BenchSettings, shown } from "./settings.ts";

/** The stream commits every 3 s; looking oftener than this takes CPU from what is measured. */
const pollPauseMs = 500;
const targets = { p50Ms: 3000, p99Ms: 6000 };

export interface LakeSettings extends BenchSettings {
  readonly topic: string;
  /** Of the table `samples`. */
  readonly namespace: string;
}

const options = {
  ...loadOptions,
  seconds: { type: "string", value: "s", help: "how long to send (default: 300)" },
  topic: { type: "string", value: "name", help: "topic to send to (default: telemetry)" },
  namespace: { type: "string", value: "name", help: "namespace of the table samples (default: telemetry)" },
} as const satisfies OptionSpecs;

export const lake: Bench = {
  name: "lake",
  summary: "time from a record's making until Presto shows it, losses and duplicates",
  options,
  run: async (values, log) => {
    const numbers = readNumbers(values, {
      rate: { byDefault: 1000, least: 1 },
      seconds: { byDefault: 300, least: 1 },
      settle: { byDefault: 60, least: 0 },
    });
    const topic = text(values, "topic") ?? "telemetry";
    const namespace = text(values, "namespace") ?? "telemetry";
    return await benchLake({ ...numbers, ...loadTargets(values), topic, namespace, log });
  },
  onTrial: async (values, trial, log) => {
    await trial.up();
    return await lake.run({ ...values, ...trial.addresses(), keep: true }, log);
  },
};

export async function benchLake(settings: LakeSettings): Promise<BenchResult> {
  const { rate, seconds, log } = settings;
  const run = `bench-${Date.now()}`;
  const presto = lakeClient(settings, settings.namespace);
  log(`lake, run ${run}: ${rate} records/s for ${seconds} s`);
  const figures = await measure(settings, run, presto);
  const verdicts = {
    noLoss: figures.lost === 0,
    noDuplicates: figures.duplicates === 0,
    p50: (figures.p50Ms ?? Infinity) <= targets.p50Ms,
    p99: (figures.p99Ms ?? Infinity) <= targets.p99Ms,
  };
  const bench: "ok" | "failed" = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  await removeRuns(settings, presto, ["samples"], [run]);
  return {
    document: { bench, run, rate, seconds, ...figures, targets, verdicts },
    text: textOf(figures),
    figures: [
      { measure: "Kafka to Presto, p50", value: inSeconds(figures.p50Ms), unit: "s" },
      { measure: "Kafka to Presto, p99", value: inSeconds(figures.p99Ms), unit: "s" },
      { measure: "lost", value: figures.lost, unit: "records" },
      { measure: "twice", value: figures.duplicates, unit: "records" },
    ],
  };
}

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

async function measure(settings: LakeSettings, run: string, presto: PrestoClient): Promise<LatencyFigures> {
  const stop = new AbortController();
  const watch = new VisibilityWatch(presto, run);
  const watching = watch.watch(stop.signal, pollPauseMs);
  const sent: SentRecord[] = [];
  try {
    const seen = { seen: (): number => watch.seen, seenWord: "visible" };
    await sendLoad(settings, { run, topic: settings.topic, sent, watch: seen });
  } finally {
    stop.abort();
    await watching;
  }
  return await watch.figures(sent);
}

function textOf(figures: LatencyFigures): string {
  return (
    `sent ${figures.sent}, rows ${figures.rows}, distinct ${figures.distinct}, lost ${figures.lost}, ` +
    `duplicates ${figures.duplicates}\nrecord made -> visible in Presto: p50 ${shown(figures.p50Ms)}, ` +
    `p99 ${shown(figures.p99Ms)}, max ${shown(figures.maxMs)} (${figures.polls} looks, ${figures.pollErrors} ` +
    `failed; wanted p50 <= ${targets.p50Ms / 1000} s, p99 <= ${targets.p99Ms / 1000} s)`
  );
}
