/** The display under load: from a record's making to many Socket.IO clients, and through Cassandra to an HTTP answer. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../cli/kube.ts";
import { type OptionSpecs, type OptionValues, stackOptions, text } from "../cli/options.ts";
import { readPlatform } from "../cli/platform.ts";
import { readStack } from "../cli/stack.ts";
import type { WindowsAnswer } from "../display/protocol.ts";
import { kafkaClient } from "../components/kafka/programs/kafka-client.ts";
import type { PrestoClient } from "../components/presto/programs/presto-client.ts";
import type { Bench } from "./bench.ts";
import { CountedVisibility } from "./counted.ts";
import { DirectWatch, LiveWatch } from "./live-watch.ts";
import { sendLoad, type SentRecord } from "./load.ts";
import { MemorySamples } from "./memory.ts";
import { loadOptions, loadTargets, readNumbers } from "./options.ts";
import { lakeClient, removeRuns } from "./rows.ts";
import { type BenchResult, type BenchSettings, shown } from "./settings.ts";
import { namespacesOf } from "../config/namespaces.ts";

const TOPIC = "random-numbers";
const METRIC = "load.sequence";
const pollPauseMs = 500;
/** `memoryRise`: share of the mean by which memory may rise over the run. */
const targets = { liveP99Ms: 500, httpP99Ms: 10_000, memoryRise: 0.1 };

export interface DisplaySettings extends BenchSettings {
  /** `http://host:port` */
  readonly display: string;
  /** Seconds of the same load before the measurement; 0: none. */
  readonly warmUp: number;
  /** Socket.IO clients. */
  readonly clients: number;
  /** Bytes that the display's pods use now; `null`: not known. */
  readonly podMemory: () => Promise<number | null>;
}

const options = {
  ...loadOptions,
  seconds: { type: "string", value: "s", help: "how long to send (default: 600)" },
  "warm-up": {
    type: "string",
    value: "s",
    help: "seconds of the same load before, because Java compiles while it works (default: 120)",
  },
  display: { type: "string", value: "url", help: "address of the display (default: http://127.0.0.1:30300)" },
  clients: { type: "string", value: "count", help: "Socket.IO clients (default: 50)" },
  stack: { ...stackOptions.stack, help: "stack whose cluster tells the display's memory (default: dev)" },
} as const satisfies OptionSpecs;

const addressOf = (values: OptionValues): string => text(values, "display") ?? "http://127.0.0.1:30300";

export const display: Bench = {
  name: "display",
  summary: "time from a record's making to browsers and to Cassandra, and whether the display's memory stays flat",
  options,
  absent: async (values) => {
    const url = addressOf(values);
    const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    return answer?.ok === true ? undefined : `no display answers at ${url}`;
  },
  run: async (values, log) => {
    const { "warm-up": warmUp, ...numbers } = readNumbers(values, {
      rate: { byDefault: 1000, least: 1 },
      seconds: { byDefault: 600, least: 1 },
      settle: { byDefault: 60, least: 0 },
      "warm-up": { byDefault: 120, least: 0 },
      clients: { byDefault: 50, least: 1, whole: true },
    });
    const podMemory = (): Promise<number | null> => memoryOfPods(text(values, "stack") ?? "dev");
    return await benchDisplay({
      ...numbers,
      ...loadTargets(values),
      warmUp,
      display: addressOf(values),
      podMemory,
      log,
    });
  },
};

/** What the kubelet says of the display's pods; `null` where the stack's cluster can't be asked. */
async function memoryOfPods(name: string): Promise<number | null> {
  try {
    const stack = readStack({ stack: name, target: undefined });
    const { services } = await readPlatform(connect(stack.profile), namespacesOf(stack.config.cluster));
    return services.find((service) => service.name === "display")?.memory ?? null;
  } catch {
    return null;
  }
}

export async function benchDisplay(settings: DisplaySettings): Promise<BenchResult> {
  const { rate, seconds, clients, log } = settings;
  const warm = await warmedUp(settings);
  const run = `bench-${Date.now()}`;
  log(`display, run ${run}: ${rate} records/s for ${seconds} s, ${clients} clients`);
  const live = new LiveWatch(run);
  const kafka = kafkaClient({ bootstrapServers: settings.kafka, clientId: "bench-direct", log });
  const direct = new DirectWatch(kafka, TOPIC, run);
  const memory = new MemorySamples(settings);
  const http = new CountedVisibility();
  const sent: SentRecord[] = [];
  const stop = new AbortController();
  try {
    await live.connect(settings.display, clients);
    await direct.connect();
    const watching = Promise.all([memory.run(stop.signal), watchHttp(settings, run, sent, http, stop.signal)]);
    const seen = (): number => Math.min(http.seen, live.leastSeen);
    await sendLoad(settings, { run, topic: TOPIC, sent, watch: { seen, seenWord: "at all clients and in Cassandra" } });
    stop.abort();
    await watching;
  } finally {
    stop.abort();
    live.close();
    await direct.close();
  }
  const presto = lakeClient(settings, "random_numbers");
  const lake = await lakeFigures(presto, settings, run, sent.length);
  await removeRuns(settings, presto, ["random_numbers.samples", "streaming.windows"], [...warm, run]);
  const document = documentOf({ run, settings, sent: sent.length, live, direct, http, memory, lake });
  return { document, text: textOf(document) };
}

/** The run of the warm-up, which ends when Cassandra has all of it; none when there is no warm-up. */
async function warmedUp(settings: DisplaySettings): Promise<string[]> {
  const { warmUp: seconds, log } = settings;
  if (seconds === 0) return [];
  const run = `bench-${Date.now()}-warm-up`;
  log(`display, warm-up for ${seconds} s`);
  const warming = { ...settings, seconds };
  const http = new CountedVisibility();
  const sent: SentRecord[] = [];
  const stop = new AbortController();
  const watching = watchHttp(warming, run, sent, http, stop.signal);
  try {
    const watch = { seen: (): number => http.seen, seenWord: "in Cassandra" };
    await sendLoad(warming, { run, topic: TOPIC, sent, watch });
  } finally {
    stop.abort();
    await watching;
  }
  return [run];
}

async function watchHttp(
  { display, seconds }: DisplaySettings,
  run: string,
  sent: readonly SentRecord[],
  visibility: CountedVisibility,
  signal: AbortSignal,
): Promise<void> {
  const minutes = String(Math.min(360, Math.ceil(seconds / 60) + 5));
  const query = new URLSearchParams({ series: run, metric: METRIC, minutes });
  const url = `${display}/api/spark-streaming/cassandra/random-numbers?${query.toString()}`;
  const madeAt: number[] = [];
  while (!signal.aborted) {
    const started = Date.now();
    try {
      const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]) });
      if (answer.ok) {
        const { windows } = (await answer.json()) as WindowsAnswer;
        const count = windows.reduce((sum, window) => sum + window.count, 0);
        for (const record of sent.slice(madeAt.length)) madeAt.push(record.madeAt);
        visibility.look(count, madeAt, Date.now());
      }
    } catch {
      // A look that failed saw nothing; the next one makes its records later.
    }
    await sleep(Math.max(0, pollPauseMs - (Date.now() - started)), undefined, { signal }).catch(() => undefined);
  }
}

interface LakeFigures {
  readonly rows: number;
  readonly distinct: number;
}

/** What the lake has of a run, as soon as that is all that was sent, or at the end of `settle`. */
async function lakeFigures(
  presto: PrestoClient,
  { settle }: DisplaySettings,
  run: string,
  sent: number,
): Promise<LakeFigures> {
  const sql = `SELECT count(*) AS n, count(DISTINCT id) AS ids FROM samples WHERE run = '${run}'`;
  const end = Date.now() + settle * 1000;
  for (;;) {
    const [row] = await presto.query(sql);
    const found = { rows: Number(row?.["n"]), distinct: Number(row?.["ids"]) };
    if (found.distinct >= sent || Date.now() >= end) return found;
    await sleep(2000);
  }
}

interface Measured {
  readonly run: string;
  readonly settings: DisplaySettings;
  readonly sent: number;
  readonly live: LiveWatch;
  readonly direct: DirectWatch;
  readonly http: CountedVisibility;
  readonly memory: MemorySamples;
  readonly lake: LakeFigures;
}

function documentOf({ run, settings, sent, live, direct, http, memory, lake }: Measured) {
  const { rate, seconds, clients } = settings;
  const wanted = sent * clients;
  const figures = {
    live: { ...live.figures, ...percentilesOf(live.latencies, wanted) },
    direct: { received: direct.latencies.count, ...percentilesOf(direct.latencies, sent) },
    http: { received: http.latencies.count, ...percentilesOf(http.latencies, sent) },
    memory: memory.figures,
    lake: { ...lake, lost: sent - lake.distinct, duplicates: lake.rows - lake.distinct },
  };
  const verdicts = {
    noLoss: figures.lake.lost === 0 && figures.http.received === sent,
    noDuplicates: figures.lake.duplicates === 0,
    live: (figures.live.p99Ms ?? Infinity) <= targets.liveP99Ms,
    http: (figures.http.p99Ms ?? Infinity) <= targets.httpP99Ms,
    memory: (figures.memory.rise ?? Infinity) <= targets.memoryRise,
  };
  const bench: "ok" | "failed" = Object.values(verdicts).every(Boolean) ? "ok" : "failed";
  const ratio = (of: "p50Ms" | "p99Ms"): number | null =>
    figures.live[of] === null || figures.direct[of] === null
      ? null
      : figures.live[of] / Math.max(1, figures.direct[of]);
  /** How many times as long as a consumer of Kafka itself a client of the display waits. */
  const ratios = { p50: ratio("p50Ms"), p99: ratio("p99Ms") };
  return { bench, run, rate, seconds, clients, sent, ...figures, ratios, targets, verdicts };
}

/** What never came counts as later than all others. */
function percentilesOf(
  latencies: LiveWatch["latencies"],
  wanted: number,
): { p50Ms: number | null; p99Ms: number | null; maxMs: number } {
  const missing = Math.max(0, wanted - latencies.count);
  return { p50Ms: latencies.percentile(50, missing), p99Ms: latencies.percentile(99, missing), maxMs: latencies.max };
}

function textOf(document: ReturnType<typeof documentOf>): string {
  const { live, direct, http, memory, lake, ratios, sent, clients } = document;
  const times = (value: number | null): string => (value === null ? "none" : `${value.toFixed(1)} times`);
  const mebibytes = (bytes: number | null): string =>
    bytes === null ? "unknown" : `${Math.round(bytes / 2 ** 20)} MiB`;
  return [
    `sent ${sent}; lake: rows ${lake.rows}, lost ${lake.lost}, duplicates ${lake.duplicates}`,
    `record made -> ${clients} Socket.IO clients: p50 ${shown(live.p50Ms)}, p99 ${shown(live.p99Ms)}, max ` +
      `${shown(live.maxMs)} (${live.received} of ${sent * clients} points; wanted p99 <= 0.5 s)`,
    `record made -> a consumer of Kafka in the same process: p50 ${shown(direct.p50Ms)}, p99 ${shown(direct.p99Ms)}; ` +
      `the display takes ${times(ratios.p50)} and ${times(ratios.p99)} as long`,
    `record made -> HTTP answer from Cassandra: p50 ${shown(http.p50Ms)}, p99 ${shown(http.p99Ms)}, max ` +
      `${shown(http.maxMs)} (${http.received} of ${sent}; wanted p99 <= 10 s)`,
    `the display's memory: mean ${mebibytes(memory.meanBytes)}, rises by ${mebibytes(memory.riseBytes)} in ` +
      `${memory.minutes} minutes (${memory.samples} samples of its ${memory.source})`,
  ].join("\n");
}
