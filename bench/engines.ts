/** Both engines that sum up the race, under one load: how late their windows are, what they take, and how long a kill holds them up. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "cassandra-driver";
import { UserError } from "../cli/errors.ts";
import { chooseEngine } from "../cli/choose-engine.ts";
import { type OptionSpecs, type OptionValues, stackArgs } from "../cli/options.ts";
import { readStackAsBefore } from "../cli/stack.ts";
import { duration, table } from "../cli/table.ts";
import { IngestClient } from "../components/race-car/programs/ingest-client.ts";
import { Race } from "../components/race-car/programs/race.ts";
import { asCar, sampleText } from "../components/race-car/programs/sample.ts";
import type { Engine } from "../components/race-windows/programs/names.ts";
import {
  type RaceWindow,
  type WindowLength,
  windowsOf,
  type WindowSample,
} from "../components/race-windows/programs/reference.ts";
import { asWindowSample, partitionsOf } from "../components/race-windows/hops/race-windows.ts";
import { keepPace } from "../components/telemetry/programs/pace.ts";
import type { Bench } from "./bench.ts";
import { readNumbers } from "./options.ts";
import { percentile } from "./percentile.ts";
import { type BenchResult, type Figure, shown } from "./settings.ts";
import { siteOf } from "./site.ts";
import { takeSnapshot, type Usage, usageBetween } from "./usage.ts";

/** Most time from when a window can be closed to its row in Cassandra, p99. */
const P99_MS = 10_000;
const SECOND = 1000;
/** Between two looks for the last windows. */
const LOOK_MS = 5 * SECOND;
const COUNTED = ["flink", "spark-telemetry-driver", "kafka", "cassandra", "race-car"];

const options = {
  cars: { type: "string", value: "count", help: "cars (default: 20)" },
  rate: { type: "string", value: "samples/s", help: "samples of each car in a second (default: 50)" },
  seconds: { type: "string", value: "s", help: "how long they drive before the kill (default: 300)" },
  after: {
    type: "string",
    value: "s",
    help: "how long they drive after each engine's workers were killed; 0: nothing is killed (default: 90)",
  },
  settle: { type: "string", value: "s", help: "most seconds to wait for the last windows (default: 180)" },
} as const satisfies OptionSpecs;

export const engines: Bench = {
  name: "engines",
  summary: "windows of the race by Flink and by Spark: time to Cassandra, CPU, losses, and the time that a kill takes",
  options,
  run: async (values, log) => await benchEngines(values, log),
};

/** A window as an engine has written it. */
export interface WrittenWindow {
  readonly car: string;
  /** Begin, in ms since 1970. */
  readonly start: number;
  readonly count: number;
  /** When the row was written, in ms since 1970. */
  readonly writtenAt: number;
}

export interface EngineFigures {
  readonly engine: Engine;
  readonly windows: number;
  /** Samples that are in no window. */
  readonly lost: number;
  /** Samples that a window has more than were sent. */
  readonly twice: number;
  /** From when a window could be closed to its row, in ms, before the kill. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** The same at most from the kill on; `null`: nothing was killed. */
  readonly afterKill: number | null;
}

/** When the engines were killed, in ms since 1970, and what each of them had written by then: it may write that once more. */
export interface Kill {
  readonly at: number;
  readonly written: readonly WrittenWindow[];
}

/**
 * @param right The windows of what was sent.
 * @param kill - `undefined`: nothing was killed
 */
export function figuresOf(
  engine: Engine,
  {
    written,
    right,
    length,
    kill,
  }: {
    readonly written: readonly WrittenWindow[];
    readonly right: readonly RaceWindow[];
    readonly length: WindowLength;
    readonly kill?: Kill | undefined;
  },
): EngineFigures {
  const keyOf = ({ car, start }: Pick<WrittenWindow, "car" | "start">): string => `${car} ${start}`;
  const byKey = (windows: readonly WrittenWindow[]) => new Map(windows.map((window) => [keyOf(window), window]));
  const [found, early] = [byKey(written), byKey(kill?.written ?? [])];
  let [lost, twice] = [0, 0];
  const [before, after]: [number[], number[]] = [[], []];
  for (const window of right) {
    const row = found.get(keyOf(window));
    lost += Math.max(0, window.count - (row?.count ?? 0));
    twice += Math.max(0, (row?.count ?? 0) - window.count);
    if (row === undefined) continue;
    const closableAt = window.start + (length.windowSeconds + length.latenessSeconds) * SECOND;
    const first = early.get(keyOf(window));
    // What was not written yet at the kill, but still in time, is late by the kill.
    const isAfter = kill !== undefined && first === undefined && closableAt >= kill.at - P99_MS;
    (isAfter ? after : before).push(Math.max(0, (first ?? row).writtenAt - closableAt));
  }
  before.sort((one, other) => one - other);
  return {
    engine,
    windows: right.length,
    lost,
    twice,
    p50: percentile(before, 50) ?? null,
    p99: percentile(before, 99) ?? null,
    afterKill: kill === undefined ? null : after.reduce((most, one) => Math.max(most, one), 0),
  };
}

interface Outcome {
  readonly sent: number;
  readonly settled: number;
  readonly cars: number;
  readonly rate: number;
  readonly seconds: number;
  readonly engines: readonly EngineFigures[];
  readonly pods: readonly Usage[];
  readonly cores: number;
}

export function resultOf({ sent, settled, cars, rate, seconds, engines: all, pods, cores }: Outcome): BenchResult {
  const verdicts = {
    allTaken: settled === sent,
    noneLost: all.every(({ lost }) => lost === 0),
    noneTwice: all.every(({ twice }) => twice === 0),
    ...Object.fromEntries(all.map(({ engine, p99 }) => [`${engine}P99`, p99 !== null && p99 <= P99_MS])),
  };
  const rows = all.map(({ engine, windows, lost, twice, p50, p99, afterKill }) => [
    engine,
    String(windows),
    String(lost),
    String(twice),
    shown(p50),
    shown(p99),
    shown(afterKill),
  ]);
  const counted = pods.filter(({ name }) => COUNTED.some((one) => name.startsWith(one)));
  const usage = counted.map(({ name, cores: own, memoryBytes }) => [
    name,
    own.toFixed(3),
    `${Math.round(memoryBytes / 2 ** 20)} MiB`,
  ]);
  const seenFrom = "from when a window could be closed to its row in Cassandra";
  const document = {
    bench: Object.values(verdicts).every(Boolean) ? ("ok" as const) : ("failed" as const),
    sent,
    settled,
    cars,
    rate,
    seconds,
    engines: all,
    cores,
    pods: counted,
    p99Bar: P99_MS,
    verdicts,
  };
  return {
    document,
    text: [
      table(["engine", "windows", "samples lost", "twice", "p50", "p99", "after a kill"], rows),
      "",
      table(["pod", "cores", "memory"], usage),
      "",
      `${cars} cars x ${rate} samples/s for ${duration(seconds * SECOND)}: ${sent} sent, ${settled} taken; the cluster used ${cores.toFixed(2)} cores`,
      `p50, p99 and after a kill: ${seenFrom}; wanted p99 <= ${shown(P99_MS)}, none lost, none twice`,
    ].join("\n"),
    figures: all.flatMap(({ engine, p50, p99, afterKill }): Figure[] => [
      { measure: `windows by ${engine}, p50`, value: inSeconds(p50), unit: "s" },
      { measure: `windows by ${engine}, p99`, value: inSeconds(p99), unit: "s" },
      { measure: `windows by ${engine}, after a kill`, value: inSeconds(afterKill), unit: "s" },
    ]),
  };
}

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / SECOND);

async function benchEngines(values: OptionValues, log: (line: string) => void): Promise<BenchResult> {
  const { cars, rate, seconds, after, settle } = readNumbers(values, {
    cars: { byDefault: 20, least: 1, whole: true },
    rate: { byDefault: 50, least: 1, whole: true },
    seconds: { byDefault: 300, least: 60 },
    after: { byDefault: 90, least: 0 },
    settle: { byDefault: 180, least: 0 },
  });
  const site = await siteOf(values);
  // What reads the platform does so when it is loaded. It is that of stack dev, so there is no option for another one.
  const { addressOf, secret, kill, sql } = await import("../tests/e2e/platform.ts");
  const { STREAMS_DRIVER, withCassandra } = await import("../tests/e2e/pipeline.ts");
  const { stack } = await readStackAsBefore(stackArgs(values), await chooseEngine(undefined));
  const { raceWindows, raceCar } = stack.config.services;
  if (!raceWindows.enabled || !raceCar.enabled) {
    throw new UserError("bench engines: nothing sums up a race here; npm run up -- --profile streams");
  }
  const length: WindowLength = raceWindows;
  const run = `bench-${Date.now()}`;
  const race = new Race({ cars, rate, seed: 1, track: "mill", session: Math.floor(Date.now() / SECOND) });
  const ended = new AbortController();
  const token = await secret("race-car-token", "token");
  const clients = race.cars.map(
    () => new IngestClient({ url: `ws://${addressOf("raceCar")}`, token, log, capacity: rate * (seconds + after) }),
  );
  const connections = clients.map((client) => client.run(ended.signal));
  const sent: WindowSample[] = [];
  const drive = async (forSeconds: number, what: string): Promise<void> => {
    log(`engines, run ${run}: ${cars} cars x ${rate} samples/s for ${duration(forSeconds * SECOND)} ${what}`);
    await keepPace({ rate, total: rate * forSeconds, tickMs: 10 }, ended.signal, (from, to) => {
      for (let step = from; step < to; step++) {
        // Stamped when it is sent: where this program stood still, samples of the time before would come too late for their windows.
        for (const [index, sample] of race.next(Date.now()).entries()) {
          // One of a run is nobody's car on the pages.
          const ours = asCar(sample, sample.car.replace("car", run), run);
          sent.push(asWindowSample(ours));
          clients[index]?.push(sampleText(ours));
        }
      }
    });
  };
  try {
    const begin = await takeSnapshot(site);
    await drive(seconds, "before a kill");
    const usage = usageBetween(begin, await takeSnapshot(site));
    const kills = new Map<Engine, Kill>();
    if (after > 0) {
      const soFar = partitionsOf(sent, length.windowSeconds);
      await withCassandra(async (client) => {
        for (const engine of raceWindows.engines) {
          const written = await writtenBy(engine, client, { places: soFar, length });
          kills.set(engine, { at: Date.now(), written });
        }
      });
      await Promise.all(
        raceWindows.engines.map((engine) => kill(engine === "flink" ? "flink/taskmanager" : STREAMS_DRIVER)),
      );
      await drive(after, "after the kill of Flink's TaskManager and of the driver of Spark's streams");
    }
    const right = windowsOf(sent, length).windows;
    const places = partitionsOf(sent, length.windowSeconds);
    log(`engines: at most ${duration(settle * SECOND)} for the last windows`);
    const figures = await withCassandra(async (client) => {
      const until = Date.now() + settle * SECOND;
      for (;;) {
        const seen = await Promise.all(
          raceWindows.engines.map(async (engine) =>
            figuresOf(engine, {
              written: await writtenBy(engine, client, { places, length }),
              right,
              length,
              kill: kills.get(engine),
            }),
          ),
        );
        if (seen.every(({ lost }) => lost === 0) || Date.now() >= until) {
          await Promise.all(raceWindows.engines.map((engine) => forget(engine, client, places)));
          return seen;
        }
        await sleep(LOOK_MS);
      }
    });
    const settled = clients.reduce((sum, client) => sum + client.figures.settled, 0);
    const { pods, cores } = usage;
    return resultOf({ sent: sent.length, settled, cars, rate, seconds, engines: figures, pods, cores });
  } finally {
    ended.abort();
    await Promise.all(connections);
    await sql(`DELETE FROM lake.race.windows_flink WHERE run = '${run}'`).catch((error: unknown) => {
      log(`warning: rows of run ${run} stay in the lake's race.windows_flink: ${String(error)}`);
    });
  }
}

/** A partition of Cassandra's table. */
type Place = ReturnType<typeof partitionsOf>[number];
const PLACE = "engine = ? AND car = ? AND hour = ?";

async function forget(engine: Engine, client: Client, places: readonly Place[]): Promise<void> {
  for (const { car, hour } of places) {
    await client.execute(`DELETE FROM race.windows WHERE ${PLACE}`, [engine, car, hour]);
  }
}

/** What an engine has written of the cars. */
async function writtenBy(
  engine: Engine,
  client: Client,
  { places, length }: { readonly places: readonly Place[]; readonly length: WindowLength },
): Promise<WrittenWindow[]> {
  const select = `SELECT window_start, window_seconds, "count", WRITETIME("count") AS written FROM race.windows WHERE ${PLACE}`;
  const found: WrittenWindow[] = [];
  for (const { car, hour } of places) {
    for (const row of (await client.execute(select, [engine, car, hour])).rows) {
      if (row.get("window_seconds") !== length.windowSeconds) continue;
      const start = (row.get("window_start") as Date).getTime();
      // Cassandra has it in microseconds.
      found.push({ car, start, count: Number(row.get("count")), writtenAt: Number(row.get("written")) / 1000 });
    }
  }
  return found;
}
