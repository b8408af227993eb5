/** From a record's making until Presto first shows it. */
import type { PrestoClient } from "../components/presto/programs/presto-client.ts";
import { type LatencyFigures, VisibilityWatch } from "./latency.ts";
import { sendLoad, type SentRecord } from "./load.ts";
import { lakeClient, removeRuns } from "./rows.ts";
import { type BenchResult, type BenchSettings, shown } from "./settings.ts";

/** The stream commits every 3 s; looking oftener than this takes CPU from what is measured. */
const pollPauseMs = 500;
const targets = { p50Ms: 5000, p99Ms: 15_000 };

export interface LakeSettings extends BenchSettings {
  readonly topic: string;
  /** Of the table `samples`. */
  readonly namespace: string;
}

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
  const bench = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  await removeRuns(settings, presto, ["samples"], [run]);
  return {
    document: { bench, run, rate, seconds, ...figures, targets, verdicts } as BenchResult["document"],
    text: textOf(figures),
  };
}

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
    `failed; wanted p50 <= 5 s, p99 <= 15 s)`
  );
}
