/**
 * Records that nobody expects: the table of cases that every reader is held to, sent through the platform by all ways of
 * compressing, and records that Kafka drops before a stream has read them.
 */
import { randomUUID } from "node:crypto";
import kafkajs from "kafkajs";

import { readLags } from "../../../components/kafka/lag.ts";
import { makeRecord } from "../../../components/telemetry/programs/record.ts";
import { type RecordCase, recordCases } from "../../support/record-cases.ts";
import {
  forget,
  idsInCassandra,
  METRIC,
  MONITORING,
  RANDOM_NUMBERS,
  send,
  STREAMS_DRIVER,
  withCassandra,
} from "../pipeline.ts";
import { addressOf, fingerprints, gone, kafka, ready, scale, sql } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

type Offsets = ReadonlyMap<number, number>;

const MINUTE = 60_000;
/** Topic and namespace of the lake. */
const STREAMS = [
  [RANDOM_NUMBERS, "random_numbers"],
  [MONITORING, "telemetry"],
] as const;
const { None, GZIP, Snappy, LZ4, ZSTD } = kafkajs.CompressionTypes;
const WAYS = [None, GZIP, Snappy, LZ4, ZSTD];
/** Readers that each must notice what Kafka has dropped. */
const LAKE = "spark-telemetry-lake";
const READERS = ["spark-windows-cassandra", LAKE];

export async function oddRecords(runner: Runner): Promise<void> {
  await runner.step(
    "odd records are valid or dead letters as their table says, and the driver goes on",
    4 * MINUTE,
    table,
  );
  await runner.step("two metrics of one id and time are two rows in Cassandra", 2 * MINUTE, twoMetrics);
  await runner.step("records that Kafka drops unread are counted, and the stream goes on", 5 * MINUTE, dropped);
}

async function table(): Promise<string> {
  const [run, now] = [`e2e-${randomUUID()}`, new Date()];
  const cases = recordCases(run, now, (index) => `${run}-${index}`).map((one) => named(run, one));
  try {
    const before = await fingerprints(STREAMS_DRIVER);
    for (const [topic] of STREAMS) await sendAll(topic, cases, now);
    const counts = await Promise.all(STREAMS.map(([, namespace]) => mustBeAsExpected(namespace, run, cases)));
    await mustBeFinite(run, 2 * cases.filter(({ expected }) => "value" in expected && expected.run === run).length);
    const after = await fingerprints(STREAMS_DRIVER);
    must(after.join() === before.join(), `the driver was started anew: ${before.join()}; now ${after.join()}`);
    return `of each stream ${counts[0] ?? ""}, sent by ${WAYS.length} ways of compressing`;
  } finally {
    await forget([run], now);
    for (const [, namespace] of STREAMS) {
      await sql(`DELETE FROM lake.${namespace}.samples WHERE id LIKE '${run}-%'`).catch(() => undefined);
      await sql(`DELETE FROM lake.${namespace}.dead_letter WHERE key LIKE '${run} %'`).catch(() => undefined);
    }
  }
}

/** With a key that only this test has, unless the key is what is odd. */
function named(run: string, one: RecordCase): RecordCase {
  return one.key.toString() === one.name ? { ...one, key: Buffer.from(`${run} ${one.name}`) } : one;
}

async function sendAll(topic: string, cases: readonly RecordCase[], at: Date): Promise<void> {
  const producer = kafka().producer({ allowAutoTopicCreation: false });
  await producer.connect();
  try {
    for (const [way, compression] of WAYS.entries()) {
      const messages = cases
        .filter((_, index) => index % WAYS.length === way)
        .map(({ key, value, headers }) => ({ key, value, headers, timestamp: String(at.getTime()) }));
      await producer.send({ topic, acks: -1, compression, messages });
    }
  } finally {
    await producer.disconnect();
  }
}

async function mustBeAsExpected(namespace: string, run: string, cases: readonly RecordCase[]): Promise<string> {
  const [valid, dead] = [new Map<string, string>(), new Map<string, string>()];
  for (const { key, expected } of cases) {
    if ("error" in expected) dead.set(key.toString(), JSON.stringify([expected.error, expected.run]));
    else valid.set(expected.id, fieldsOf({ ...expected }));
  }
  await until(`${namespace}: ${valid.size} valid records and ${dead.size} dead letters`, 2 * MINUTE, async () => {
    const samples = await sql(
      "SELECT id, run, source, node, CAST(ts AS varchar) AS ts, metric, value " +
        `FROM lake.${namespace}.samples WHERE id LIKE '${run}-%'`,
    );
    mustEqual(
      valid,
      samples.map((row) => [String(row["id"]), fieldsOf(row)]),
    );
    const letters = await sql(
      `SELECT key, error, run FROM lake.${namespace}.dead_letter WHERE key LIKE '${run} %' OR run = '${run}'`,
    );
    mustEqual(
      dead,
      letters.map(({ key, error, run: of }) => [String(key), JSON.stringify([error, of])]),
    );
    return true;
  });
  return `${valid.size} are valid and ${dead.size} dead letters`;
}

/** A row's fields in one text; Presto knows times to the millisecond. */
function fieldsOf(row: Readonly<Record<string, unknown>>): string {
  const ts = `${String(row["ts"]).replace("T", " ")}.000`.slice(0, 23);
  return JSON.stringify([row["run"], row["source"], row["node"], ts, row["metric"], Number(row["value"])]);
}

function mustEqual(expected: ReadonlyMap<string, string>, rows: readonly (readonly [string, string])[]): void {
  for (const [name, found] of rows) {
    const wanted = expected.get(name);
    must(wanted === found, `of "${name}" there is ${found}, not ${wanted ?? "nothing"}`);
  }
  const missing = [...expected.keys()].filter((name) => !rows.some(([found]) => found === name));
  must(missing.length === 0, `not there: ${missing.slice(0, 3).join(", ")}, of ${missing.length}`);
  must(rows.length === expected.size, `${rows.length} rows for ${expected.size} records`);
}

async function mustBeFinite(run: string, records: number): Promise<void> {
  await until(`windows of ${records} records`, MINUTE, async () => {
    const [row] = await sql(
      "SELECT sum(count) AS records, count_if(NOT is_finite(mean) OR NOT is_finite(deviation)) AS infinite " +
        `FROM lake.streaming.windows WHERE run = '${run}'`,
    );
    must(Number(row?.["infinite"]) === 0, `${String(row?.["infinite"])} windows are not finite`);
    must(Number(row?.["records"]) === records, `${String(row?.["records"])} records are in windows`);
    return true;
  });
}

async function twoMetrics(): Promise<string> {
  const [run, from] = [`e2e-${randomUUID()}`, new Date()];
  const record = makeRecord({ source: "proof", node: "e2e", at: from, run }, { metric: METRIC, value: 1 });
  try {
    await send(MONITORING, [record, { ...record, metric: `${METRIC}.other`, value: 2 }]);
    return await withCassandra((client) =>
      until("both in Cassandra", MINUTE, async () => {
        const ids = await idsInCassandra(client, "monitoring", run, from);
        must(ids.length === 2, `${ids.length} rows of 2`);
        return "both are there";
      }),
    );
  } finally {
    await forget([run], from);
  }
}

/** While the driver is away, everything that it has not read is deleted. */
async function dropped(): Promise<string> {
  const [run, from] = [`e2e-${randomUUID()}`, new Date()];
  const records = Array.from({ length: 20 }, (_, value) =>
    makeRecord({ source: "proof", node: `e2e-${value}`, at: from, run }, { metric: METRIC, value }),
  );
  try {
    let [ends, read]: [Offsets, ReadonlyMap<string, Offsets>] = [new Map(), new Map()];
    try {
      await scale(STREAMS_DRIVER, 0);
      await gone(STREAMS_DRIVER, MINUTE);
      await send(RANDOM_NUMBERS, records);
      read = await readSoFar();
      ends = await deleteAll(RANDOM_NUMBERS);
    } finally {
      await scale(STREAMS_DRIVER, 1);
    }
    await ready(STREAMS_DRIVER, 3 * MINUTE);
    const missed = await until("the gaps in the lake", 2 * MINUTE, () => gapsTo(ends, read));
    await until("the gaps in the status", MINUTE, () => toldTo(ends));
    return `${missed} records missed by both queries, all before offsets ${[...ends.values()].join(", ")}`;
  } finally {
    await forget([run], from);
  }
}

/** The offset before which all records of each partition are deleted. */
async function deleteAll(topic: string): Promise<Offsets> {
  return await withAdmin(async (admin) => {
    const partitions = await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({
      topic,
      partitions: partitions.map(({ partition, high }) => ({ partition, offset: high })),
    });
    return new Map(partitions.map(({ partition, high }) => [partition, Number(high)]));
  });
}

/** By reader, how far it has told Kafka that it is; it may be a batch further. */
async function readSoFar(): Promise<ReadonlyMap<string, Offsets>> {
  return await withAdmin(async (admin) => {
    const found = new Map<string, Offsets>();
    for (const groupId of READERS) {
      const [topic] = await admin.fetchOffsets({ groupId, topics: [RANDOM_NUMBERS] });
      found.set(groupId, new Map(topic?.partitions.map(({ partition, offset }) => [partition, Number(offset)])));
    }
    return found;
  });
}

async function withAdmin<T>(body: (admin: kafkajs.Admin) => Promise<T>): Promise<T> {
  const admin = kafka().admin();
  await admin.connect();
  try {
    return await body(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Each reader's gaps must begin where it was and end where Kafka's records begin. */
async function gapsTo(ends: Offsets, read: ReadonlyMap<string, Offsets>): Promise<number> {
  let missed = 0;
  for (const reader of READERS) {
    for (const [partition, to] of ends) {
      const from = read.get(reader)?.get(partition) ?? 0;
      const [gap] = await sql(
        "SELECT min(from_offset) AS first, sum(records) AS records FROM lake.streaming.gaps " +
          `WHERE query = '${reader}' AND topic = '${RANDOM_NUMBERS}' AND kafka_partition = ${partition} ` +
          `AND from_offset >= ${from} AND to_offset <= ${to}`,
      );
      const [first, records] = [Number(gap?.["first"]), Number(gap?.["records"])];
      must(
        records > 0 && first + records === to,
        `${reader}: ${records} records from ${first} are not all up to ${to}`,
      );
      missed += records;
      if (reader !== LAKE) continue;
      const tables = ["samples", "dead_letter"].map(
        (name) => `SELECT kafka_offset FROM lake.random_numbers.${name} WHERE kafka_partition = ${partition}`,
      );
      const [last] = await sql(
        `SELECT max(kafka_offset) AS last FROM (${tables.join(" UNION ALL ")}) WHERE kafka_offset < ${to}`,
      );
      must(
        Number(last?.["last"]) === first - 1,
        `offset ${String(last?.["last"])} was read, and the gap is from ${first}`,
      );
    }
  }
  return missed;
}

async function toldTo(ends: Offsets): Promise<true> {
  const lags = await readLags(addressOf("kafka"), { protocol: "PLAINTEXT" });
  for (const reader of READERS) {
    const told = lags.find(({ group, topic }) => group === reader && topic === RANDOM_NUMBERS)?.missed?.last ?? [];
    for (const [partition, to] of ends) {
      const last = told.find((gap) => gap.partition === partition);
      must(last?.to === to, `of ${reader}, partition ${partition}: ${JSON.stringify(last)}, not up to ${to}`);
    }
  }
  return true;
}
