/** Bad luck and bad input of the data path, one at a time, on a platform that is up. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { makeRecord, toMessage } from "../../../components/telemetry/programs/record.ts";
import type { KafkaMessage } from "../../../components/telemetry/programs/record.ts";
import { kafka, kill, ready, sql } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;

/** What became of records that were sent while something happened. */
export interface Sent {
  readonly acknowledged: number;
  /** Acknowledged, and not there. */
  readonly lost: number;
  /** Batches that were not acknowledged: whether they are there is open. */
  readonly refused: number;
}

const LEAST_BATCHES = 100;
const BATCH = 50;

/**
 * Sends records to a topic of its own, each acknowledged by all copies, until `body` has ended, and at least so many batches.
 * @param pauseMs - between two batches
 * @throws Error as `body` does
 */
export async function acknowledgedDuring(body: () => Promise<void>, pauseMs = 50): Promise<Sent> {
  const topic = `e2e-${randomUUID()}`;
  const admin = kafka().admin();
  const producer = kafka().producer({ allowAutoTopicCreation: false });
  await admin.connect();
  await producer.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
    const acknowledged = new Set<string>();
    let refused = 0;
    const running = { isOver: false };
    const done = body().finally(() => (running.isOver = true));
    // It is awaited below, when no batch is under way any more.
    done.catch(() => undefined);
    for (let batch = 0; batch < LEAST_BATCHES || !running.isOver; batch++) {
      const ids = Array.from({ length: BATCH }, (_, i) => `${batch}-${i}`);
      try {
        await producer.send({ topic, acks: -1, messages: ids.map((value) => ({ value })) });
        for (const id of ids) acknowledged.add(id);
      } catch {
        refused++;
      }
      await sleep(pauseMs);
    }
    await done;
    const found = await readAll(topic, acknowledged);
    const lost = [...acknowledged].filter((id) => !found.has(id)).length;
    return { acknowledged: acknowledged.size, lost, refused };
  } finally {
    await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
    await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
  }
}

/** Every acknowledged record is there after the broker was killed in the middle of it. */
export async function brokerKilled(runner: Runner): Promise<void> {
  await runner.step("a killed broker loses no acknowledged record", 6 * MINUTE, async () => {
    const { acknowledged, lost, refused } = await acknowledgedDuring(async () => {
      await sleep(1500);
      await kill("kafka");
      await ready("kafka", 2 * MINUTE);
    });
    must(acknowledged > LEAST_BATCHES * BATCH * 0.5, `only ${acknowledged} records were acknowledged`);
    must(lost === 0, `${lost} of ${acknowledged} acknowledged records are lost`);
    return `${acknowledged} acknowledged, 0 lost, ${refused} batches refused`;
  });
}

async function readAll(topic: string, wanted: ReadonlySet<string>): Promise<Set<string>> {
  const consumer = kafka().consumer({ groupId: topic });
  const found = new Set<string>();
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage({ message }) {
        found.add(message.value?.toString() ?? "");
        return Promise.resolve();
      },
    });
    // What is still missing after this time is lost.
    await until("all records read", MINUTE, () =>
      Promise.resolve([...wanted].every((id) => found.has(id)) ? true : undefined),
    ).catch(() => undefined);
    return found;
  } finally {
    await consumer.disconnect();
  }
}

/** Exactly-once holds when the driver dies in the middle of the stream. */
export async function driverKilled(runner: Runner): Promise<void> {
  await runner.step("a killed Spark driver neither loses nor repeats a record", 8 * MINUTE, async () => {
    const run = `e2e-${randomUUID()}`;
    const producer = kafka().producer({ allowAutoTopicCreation: false });
    await producer.connect();
    let sent = 0;
    try {
      for (let batch = 0; batch < 60; batch++) {
        if (batch === 20) await kill("spark-telemetry-driver");
        const messages = Array.from({ length: 50 }, () => record(run));
        await producer.send({ topic: "telemetry", acks: -1, messages });
        sent += messages.length;
        await sleep(250);
      }
    } finally {
      await producer.disconnect();
    }
    const count = `SELECT count(*) AS total, count(DISTINCT id) AS ids FROM lake.telemetry.samples WHERE run = '${run}'`;
    const rows = await until(`${sent} records in Presto`, 5 * MINUTE, async () => {
      const [row] = await sql(count);
      return Number(row?.["ids"]) >= sent ? row : undefined;
    });
    await sleep(10_000);
    const { total, ids } = (await sql(count))[0] ?? rows;
    await sql(`DELETE FROM lake.telemetry.samples WHERE run = '${run}'`).catch(() => undefined);
    must(Number(ids) === sent, `${Number(ids)} distinct of ${sent} sent`);
    must(Number(total) === sent, `${Number(total) - sent} duplicates`);
    return `${sent} sent, ${Number(ids)} distinct, 0 duplicates`;
  });
}

function record(run: string): KafkaMessage {
  return toMessage(makeRecord({ source: "proof", node: "e2e", at: new Date(), run }, { metric: "e2e", value: 1 }));
}
