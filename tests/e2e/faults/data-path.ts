/** Bad luck and bad input of the data path, one at a time, on a platform that is up. */
import { randomUUID } from "node:crypto";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { projectDir } from "../../../cli/paths.ts";
import { makeRecord, toMessage } from "../../../components/telemetry/programs/record.ts";
import type { KafkaMessage } from "../../../components/telemetry/programs/record.ts";
import { kafka, kill, ready, sql } from "../platform.ts";
import { millrace, must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;

/** A misspelt key is refused in seconds, with the key, the file and a suggestion, before anything happens. */
export async function refusesBadConfig(runner: Runner): Promise<void> {
  await runner.step("a misspelt key is refused in less than 5 s with key, file and suggestion", 30_000, async () => {
    const file = join(projectDir, "Pulumi.e2e-misspelt.yaml");
    copyFileSync(join(projectDir, "Pulumi.dev.yaml"), file);
    const text = readFileSync(file, "utf8");
    must(text.includes("millrace:cluster:"), "Pulumi.dev.yaml has no millrace:cluster");
    writeFileSync(file, text.replace("millrace:cluster:", "millrace:cluster:\n    tarqet: embedded"));
    try {
      const ran = await millrace(["up", "--stack", "e2e-misspelt"], 20_000);
      must(ran.code !== 0, "it was accepted");
      must(ran.ms < 5000, `it took ${Math.round(ran.ms)} ms`);
      for (const word of ["tarqet", "Pulumi.e2e-misspelt.yaml", "target"]) {
        must(ran.stderr.includes(word), `the message lacks "${word}"`);
      }
      return `${Math.round(ran.ms)} ms`;
    } finally {
      rmSync(file, { force: true });
    }
  });
}

/** Every acknowledged record is there after the broker was killed in the middle of it. */
export async function brokerKilled(runner: Runner): Promise<void> {
  await runner.step("a killed broker loses no acknowledged record", 6 * MINUTE, async () => {
    const topic = `e2e-${randomUUID()}`;
    const admin = kafka().admin();
    const producer = kafka().producer({ allowAutoTopicCreation: false });
    await admin.connect();
    await producer.connect();
    try {
      await admin.createTopics({ topics: [{ topic, numPartitions: 3 }], waitForLeaders: true });
      const acknowledged = new Set<string>();
      let refused = 0;
      const send = async (batch: number): Promise<void> => {
        const ids = Array.from({ length: 50 }, (_, i) => `${batch}-${i}`);
        try {
          await producer.send({ topic, acks: -1, messages: ids.map((value) => ({ value })) });
          for (const id of ids) acknowledged.add(id);
        } catch {
          refused++;
        }
      };
      for (let batch = 0; batch < 100; batch++) {
        if (batch === 30) await kill("kafka");
        await send(batch);
        await sleep(50);
      }
      await ready("kafka", 2 * MINUTE);
      const found = await readAll(topic, acknowledged);
      const lost = [...acknowledged].filter((id) => !found.has(id));
      must(acknowledged.size > 2500, `only ${acknowledged.size} records were acknowledged`);
      must(lost.length === 0, `${lost.length} of ${acknowledged.size} acknowledged records are lost`);
      return `${acknowledged.size} acknowledged, 0 lost, ${refused} batches refused`;
    } finally {
      await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
      await Promise.allSettled([producer.disconnect(), admin.disconnect()]);
    }
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
