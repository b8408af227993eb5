/** Bad luck of the stream that makes windows: its driver dies again and again in the middle of the numbers. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { NumberRecord } from "../../../components/random-numbers/hops/marked-numbers.ts";
import type { Profile } from "../../../config/profiles.ts";
import { figures, sameFigures } from "../figures.ts";
import type { Options } from "../options.ts";
import {
  forget,
  idsInCassandra,
  partsInCassandra,
  type Part,
  type Pump,
  RANDOM_NUMBERS,
  STREAMS_DRIVER,
  withCassandra,
  withPump,
} from "../pipeline.ts";
import { kafka, kill, pods, ready, sql } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Numbers of one request, and the pause between two. */
const BURST = 20;
const PAUSE_MS = 400;
/** Most time until the last of them is in a sink, after the last kill. */
const COMPLETE_MS = 5 * MINUTE;
/** A batch that was repeated would show within this time. */
const LATER_MS = 15 * SECOND;
const GROUP = "spark-windows-cassandra";

export async function driverKilledOften(runner: Runner, _profile: Profile, { kills }: Options): Promise<void> {
  const title = `a driver killed ${kills} times neither loses nor repeats a number, in the lake or in Cassandra`;
  await runner.step(title, (6 + kills) * MINUTE, async () => {
    const [run, from] = [`e2e-${randomUUID()}`, new Date()];
    try {
      const { sent, pauses } = await withPump((pump) => pumpWhileKilling(pump, run, kills));
      const words = await complete(run, from, sent);
      return `${words}; killed after ${pauses.map((ms) => Math.round(ms / SECOND)).join(", ")} s`;
    } finally {
      await ready(STREAMS_DRIVER, 3 * MINUTE);
      await forget([run], from);
    }
  });
}

interface Pumped {
  readonly sent: readonly NumberRecord[];
  /** Time before each kill, in ms. */
  readonly pauses: readonly number[];
}

async function pumpWhileKilling(pump: Pump, run: string, kills: number): Promise<Pumped> {
  const sent: NumberRecord[] = [];
  const stop = new AbortController();
  const pumping = (async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const values = Array.from({ length: BURST }, (_, index) => (sent.length + index) % 1009);
      sent.push(...(await pump({ run, values })));
      await sleep(PAUSE_MS);
    }
  })();
  const killing = killOften(kills).finally(() => {
    stop.abort();
  });
  const [pauses] = await Promise.all([killing, pumping]);
  return { sent, pauses };
}

/** Of so many kills one waits until the driver writes. */
const AT_WORK = 3;

/**
 * At any moment of its life, from its very start on, and each third time just after it has written again. One alone would
 * either never let it get so far, or always meet it at its work.
 */
async function killOften(kills: number): Promise<number[]> {
  const pauses: number[] = [];
  for (let turn = 0; turn < kills; turn++) {
    const started = Date.now();
    if (turn % AT_WORK === 0) {
      const before = await committed();
      await until("the driver to write again", 4 * MINUTE, async () =>
        (await committed()) > before ? true : undefined,
      );
      await sleep(2 * SECOND * Math.random());
    } else await sleep((3 + 12 * Math.random()) * SECOND);
    await until("a driver to kill", MINUTE, async () => ((await pods(STREAMS_DRIVER)).length > 0 ? true : undefined));
    await kill(STREAMS_DRIVER);
    pauses.push(Date.now() - started);
  }
  return pauses;
}

/** Records that the query of Cassandra has behind it, by the offsets that it tells Kafka. */
async function committed(): Promise<bigint> {
  const admin = kafka().admin();
  await admin.connect();
  try {
    const topics = await admin.fetchOffsets({ groupId: GROUP, topics: [RANDOM_NUMBERS] });
    return topics.flatMap(({ partitions }) => partitions).reduce((sum, { offset }) => sum + BigInt(offset), 0n);
  } finally {
    await admin.disconnect();
  }
}

/** Waits until both sinks have all numbers, then a little longer, and compares ids and windows with what was sent. */
async function complete(run: string, from: Date, sent: readonly NumberRecord[]): Promise<string> {
  const wanted = new Set(sent.map(({ id }) => id));
  const exact = figures(sent.map(({ value }) => ({ count: 1, mean: value, deviation: null })));
  return await withCassandra(async (cassandra) => {
    await until(`${wanted.size} numbers in both sinks`, COMPLETE_MS, async () => {
      const [inLake, inCassandra] = [await lakeIds(run), await idsInCassandra(cassandra, "random-numbers", run, from)];
      const least = Math.min(new Set(inLake).size, new Set(inCassandra).size);
      must(least >= wanted.size, `${new Set(inLake).size} in the lake, ${new Set(inCassandra).size} in Cassandra`);
      return true;
    });
    await sleep(LATER_MS);
    mustBeThose("the lake", await lakeIds(run), wanted);
    mustBeThose("Cassandra", await idsInCassandra(cassandra, "random-numbers", run, from), wanted);
    const inLake = figures(await lakeParts(run));
    must(sameFigures(inLake, exact), `the lake's windows say ${JSON.stringify(inLake)}, sent ${JSON.stringify(exact)}`);
    const there = figures(await partsInCassandra(cassandra, "random-numbers", run, from));
    must(sameFigures(there, exact), `Cassandra's windows say ${JSON.stringify(there)}, sent ${JSON.stringify(exact)}`);
    return `${wanted.size} sent, the same in the lake and in Cassandra, 0 duplicates, windows exact`;
  });
}

function mustBeThose(where: string, found: readonly string[], wanted: ReadonlySet<string>): void {
  const distinct = new Set(found);
  must(found.length === distinct.size, `${found.length - distinct.size} duplicates in ${where}`);
  const missing = [...wanted].filter((id) => !distinct.has(id)).length;
  const foreign = [...distinct].filter((id) => !wanted.has(id)).length;
  must(missing === 0 && foreign === 0, `${where} lacks ${missing} of ${wanted.size} and has ${foreign} others`);
}

const lakeIds = async (run: string): Promise<string[]> =>
  (await sql(`SELECT id FROM lake.random_numbers.samples WHERE run = '${run}'`)).map(({ id }) => String(id));

async function lakeParts(run: string): Promise<Part[]> {
  const rows = await sql(`SELECT count, mean, deviation FROM lake.streaming.windows WHERE run = '${run}'`);
  return rows.map(({ count, mean, deviation }) => ({
    count: Number(count),
    mean: Number(mean),
    deviation: deviation === null ? null : Number(deviation),
  }));
}
