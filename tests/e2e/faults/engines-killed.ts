/** Bad luck of what sums up the race: each engine is killed while a car drives, and its windows must be as if nothing had been. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Client } from "cassandra-driver";

import { describeError } from "../../../platform/describe-error.ts";
import type { CleanupStep } from "../../../platform/hops/hop.ts";
import type { Cassandra } from "../../../components/cassandra/hops/cassandra-client.ts";
import { IngestClient } from "../../../components/race-car/programs/ingest-client.ts";
import { Race } from "../../../components/race-car/programs/race.ts";
import { asCar, type Sample, sampleText } from "../../../components/race-car/programs/sample.ts";
import { windowsHop } from "../../../components/race-windows/hops/race-windows.ts";
import type { Engine } from "../../../components/race-windows/programs/names.ts";
import { serviceNames } from "../../support/service-names.ts";
import { STREAMS_DRIVER, withCassandra } from "../pipeline.ts";
import { addressOf, kill, ready, secret, stack, type Workload } from "../platform.ts";
import { greenAgain, timed } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const SECOND = 1000;
/** Samples of the car in a second, and for how long it drives before and after the fault. */
const [RATE, BEFORE_MS, AFTER_MS] = [20, 8 * SECOND, 12 * SECOND];
/** Time after which all must be right again. */
const BAR_MS = 2 * MINUTE;

const faults: readonly { readonly title: string; readonly engine: Engine; readonly workload: Workload }[] = [
  { title: "Flink's TaskManager", engine: "flink", workload: "flink/taskmanager" },
  { title: "Flink's JobManager", engine: "flink", workload: "flink/jobmanager" },
  { title: "the driver of Spark's streams", engine: "spark", workload: STREAMS_DRIVER },
];

export async function enginesKilled(runner: Runner): Promise<void> {
  const { engines } = stack.config.services.raceWindows;
  for (const { title, workload } of faults.filter(({ engine }) => engines.includes(engine))) {
    await runner.step(`the windows are right although ${title} was killed`, 8 * MINUTE, () =>
      withCassandra(async (client) => outlive(client, () => kill(workload))),
    );
  }
}

/** What takes samples in, and what carries them on. */
export async function waysKilled(runner: Runner): Promise<void> {
  for (const workload of [`${serviceNames.raceCar}/ingest`, "connect/worker", "connect-supervisor/supervisor"]) {
    await runner.step(`the proof is green again after ${workload} was killed`, 8 * MINUTE, async () => {
      const since = Date.now();
      await kill(workload);
      await ready(workload, 4 * MINUTE);
      return await greenAgain(since, BAR_MS);
    });
  }
}

/** Drives a car before and after the fault, and then looks for its windows by each engine. */
async function outlive(client: Client, fault: () => Promise<void>): Promise<string> {
  const run = `e2e-${randomUUID()}`;
  const car = `e2e-${run.slice(-8)}`;
  const race = new Race({ cars: 1, rate: RATE, seed: 1, track: "mill", session: Math.floor(Date.now() / SECOND) });
  const sent: Sample[] = [];
  const ended = new AbortController();
  const ingest = new IngestClient({
    url: `ws://${addressOf("raceCar")}`,
    token: await secret("race-car-token", "token"),
    log: () => undefined,
  });
  const connection = ingest.run(ended.signal);
  const drive = async (ms: number): Promise<void> => {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      await sleep(SECOND / RATE);
      for (const sample of race.next(Date.now())) {
        const ours = asCar(sample, car, run);
        sent.push(ours);
        ingest.push(sampleText(ours));
      }
    }
  };
  try {
    await drive(BEFORE_MS);
    const since = Date.now();
    const driven = drive(AFTER_MS);
    await fault();
    await driven;
    await until("all samples to be settled", MINUTE, () =>
      Promise.resolve(ingest.figures.unsettled === 0 ? true : undefined),
    );
    must(ingest.figures.settled === sent.length, `${ingest.figures.settled} of ${sent.length} samples are settled`);
    const { engines } = stack.config.services.raceWindows;
    const asked = engines.map((engine) => windowsBy(engine, client, { run, samples: sent }));
    const seen = await Promise.allSettled(asked);
    const wrong = seen.flatMap((one) => (one.status === "rejected" ? [describeError(one.reason)] : []));
    must(wrong.length === 0, wrong.join("; "));
    const right = seen.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    return `${timed("windows right after", Date.now() - since, BAR_MS)}; ${right.join("; ")}`;
  } finally {
    ended.abort();
    await connection;
  }
}

/** Asks as the proof does, and removes the rows. */
async function windowsBy(
  engine: Engine,
  client: Client,
  marked: { readonly run: string; readonly samples: readonly Sample[] },
): Promise<string> {
  const cleanups: CleanupStep[] = [];
  const { windowSeconds, latenessSeconds } = stack.config.services.raceWindows;
  const hop = windowsHop({
    name: `race-${engine}`,
    engine,
    cassandra: asked(client),
    marked,
    length: { windowSeconds, latenessSeconds },
    fault: () => Promise.resolve("see the engine's log"),
  });
  const signal = AbortSignal.timeout(5 * MINUTE);
  try {
    const { message } = await hop.run({
      signal,
      needed: Promise.resolve(),
      onCleanup: (...steps) => {
        cleanups.push(...steps);
      },
      onProgress: () => undefined,
    });
    return message;
  } finally {
    for (const step of cleanups) await step.run(AbortSignal.timeout(MINUTE));
  }
}

function asked(client: Client): Cassandra {
  return {
    where: "Cassandra",
    query: async (cql, parameters) => (await client.execute(cql, [...parameters])).rows,
    close: () => Promise.resolve(),
  };
}
