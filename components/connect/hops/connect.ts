/**
 * Hop `connect`: marked records go from a topic into objects of S3 and into a table of the lake, and from the objects into another
 * topic. Connectors, topics, objects and table are the run's own and go with it.
 */
import type { Admin, Consumer, Kafka } from "kafkajs";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import { poll } from "../../../platform/hops/errors.ts";
import { type CleanupStep, type Hop, type HopContext, HopFailure } from "../../../platform/hops/hop.ts";
import { runningStandstillMs } from "../../../platform/hops/limits.ts";
import type { ProofRun } from "../../../platform/hops/run.ts";
import { idempotentProducer, kafkaClient } from "../../kafka/programs/kafka-client.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";
import { isMissingTable, msOf } from "../../presto/hops/presto.ts";
import type { PrestoClient } from "../../presto/programs/presto-client.ts";
import { connectorConfigs, type ConnectorWiring } from "../programs/connector-configs.ts";
import type { Connectors } from "../connector-settings.ts";
import { type ConnectApi, connectApi, failureIn } from "../programs/connect-api.ts";
import { DEAD_LETTER_TOPIC } from "../programs/topics.ts";
import { type MarkedSample, markedSamples, type MarkedSamples, samplesDifference } from "./marked-samples.ts";

export interface ConnectHopOptions extends Omit<ConnectorWiring, "bucket"> {
  readonly url: string;
  readonly bootstrapServers: string;
  readonly bucket: string;
  readonly store: ObjectStore;
  readonly presto: PrestoClient;
  /** Where the tables' files are, which Presto leaves when it drops a table. */
  readonly tables: { readonly store: ObjectStore; readonly folder: string };
  readonly run: ProofRun;
  /** Records to send. */
  readonly records: number;
}

const PARTITIONS = 2;
const NAMESPACE = "connect_proof";
/** Of the connectors of a proof, so that others tell them from the platform's. */
const PREFIX = "proof";

/** What belongs to one run. */
interface Names {
  readonly topic: string;
  readonly replayed: string;
  readonly prefix: string;
  readonly table: string;
  readonly json: string;
  readonly lake: string;
  readonly replay: string;
}

function namesOf(run: string): Names {
  return {
    topic: `connect-${run}`,
    replayed: `connect-${run}-replayed`,
    prefix: `${PREFIX}/${run}`,
    table: `${NAMESPACE}.${run.replaceAll("-", "_")}`,
    json: `${run}-json`,
    lake: `${run}-lake`,
    replay: `${run}-replay`,
  };
}

/** The connectors of a run. */
export function proofConnectors(names: Names): Connectors {
  const sink = { topics: [names.topic], tasks: 1 };
  return {
    [names.json]: {
      kind: "jsonSink",
      ...sink,
      bucket: undefined,
      prefix: names.prefix,
      maxRecords: 10_000,
      flushSeconds: 2,
    },
    [names.lake]: {
      kind: "icebergSink",
      ...sink,
      table: names.table,
      columns: { id: "string", run: "string", series: "string", ts: "timestamp", value: "long" },
      required: ["id"],
      partitionBy: [],
      commitSeconds: 3,
    },
    [names.replay]: {
      kind: "replay",
      bucket: undefined,
      prefix: names.prefix,
      topic: names.replayed,
      recordsPerSecond: undefined,
      keyField: "series",
    },
  };
}

export function connectHop(options: ConnectHopOptions): Hop {
  return {
    name: "connect",
    timeoutMs: runningStandstillMs,
    run: async (context) => {
      const { run, startedAt } = options.run;
      const names = namesOf(run);
      const marked = markedSamples(run, options.records, startedAt);
      const api = connectApi(options.url, context.signal);
      const kafka = kafkaClient({ bootstrapServers: options.bootstrapServers, clientId: "proof-connect", retries: 3 });
      const admin = kafka.admin();
      const configs = connectorConfigs(proofConnectors(names), options);
      await answering(api, options.url, context);
      await admin.connect();
      context.onCleanup(...cleanups(options, names, admin));
      await send(kafka, admin, names, marked, options.copies);
      for (const name of [names.json, names.lake]) await create(api, name, configs[name] ?? {});
      await Promise.all([
        poll(() => inObjects(options, names, marked, api), context),
        poll(() => inLake(options, names, marked, api, context.signal), context),
        poll(() => inDeadLetters(kafka, run, marked, context), context),
      ]);
      await create(api, names.replay, configs[names.replay] ?? {});
      const seen = await replayed(kafka, names, marked, api, context);
      return {
        ...marked.expected,
        message: `into S3 as JSON and back into a topic, ${seen}; into a table of the lake; ${marked.bad.length} bad ones each with its reason`,
      };
    },
  };
}

async function answering(api: ConnectApi, url: string, { signal, onProgress }: HopContext): Promise<void> {
  await poll(
    async () => {
      try {
        return await api.list();
      } catch (error) {
        if (error instanceof ApiRefusal) return `Kafka Connect at ${url}: ${error.message}`;
        throw new Error(`Kafka Connect at ${url} does not answer`, { cause: error });
      }
    },
    { signal, onProgress },
  );
}

async function send(kafka: Kafka, admin: Admin, names: Names, marked: MarkedSamples, copies: number): Promise<void> {
  const topics = [names.topic, names.replayed].map((topic) => ({
    topic,
    numPartitions: PARTITIONS,
    replicationFactor: copies,
  }));
  await admin.createTopics({ waitForLeaders: true, topics });
  const producer = idempotentProducer(kafka);
  try {
    await producer.connect();
    const good = marked.samples.map((sample) => ({ key: sample.series, value: JSON.stringify(sample) }));
    const bad = marked.bad.map(({ value }) => ({ key: "bad", value }));
    await producer.send({ topic: names.topic, acks: -1, messages: [...good, ...bad] });
  } finally {
    await producer.disconnect();
  }
}

async function create(api: ConnectApi, name: string, config: Readonly<Record<string, string>>): Promise<void> {
  try {
    await api.put(name, config);
  } catch (error) {
    if (!(error instanceof ApiRefusal) || error.status >= 500) throw error;
    throw new HopFailure(`Kafka Connect refuses a connector: ${error.message}`, { cause: error });
  }
}

/** Words of a connector that has failed; else what is missing of its records. */
async function orFailure(api: ConnectApi, name: string, missing: string): Promise<string> {
  const words = failureIn((await api.list())[name]);
  return words === undefined ? missing : `${missing}: connector ${name} has failed: ${words}`;
}

async function inObjects({ store }: ConnectHopOptions, names: Names, marked: MarkedSamples, api: ConnectApi) {
  const objects = await store.list(`${names.prefix}/`);
  const texts = await Promise.all(objects.map(async (key) => (await store.get(key)).toString()));
  const lines = texts.flatMap((text) => text.split("\n").filter((line) => line !== ""));
  const problem = samplesDifference(
    lines.map((line) => JSON.parse(line) as MarkedSample),
    marked,
  );
  return problem === undefined ? {} : await orFailure(api, names.json, `S3 has ${problem} in JSON`);
}

async function inLake(
  { presto }: ConnectHopOptions,
  names: Names,
  marked: MarkedSamples,
  api: ConnectApi,
  signal: AbortSignal,
) {
  let rows: Awaited<ReturnType<PrestoClient["query"]>>;
  try {
    rows = await presto.query(`SELECT id, run, series, CAST(ts AS varchar) AS ts, value FROM ${names.table}`, signal);
  } catch (error) {
    if (!isMissingTable(error)) throw error;
    return await orFailure(api, names.lake, `the lake has no table ${names.table}`);
  }
  const seen = rows.map((row) => ({
    id: String(row["id"]),
    run: String(row["run"]),
    series: String(row["series"]),
    ts: new Date(msOf(row["ts"])).toISOString(),
    value: Number(row["value"]),
  }));
  const problem = samplesDifference(seen, marked);
  return problem === undefined ? {} : await orFailure(api, names.lake, `the lake has ${problem} in ${names.table}`);
}

/** Both sinks put each bad record there. */
async function inDeadLetters(kafka: Kafka, run: string, { bad }: MarkedSamples, context: HopContext) {
  const found = new Map<string, Set<string>>();
  const consumer = kafka.consumer({ groupId: `${run}-dead-letters` });
  context.onCleanup(groupCleanup(kafka, `${run}-dead-letters`));
  try {
    await readUntil(consumer, DEAD_LETTER_TOPIC, context.signal, (value, headers) => {
      const isOurs = bad.some((one) => one.value === value);
      const connector = headers["__connect.errors.connector.name"]?.toString() ?? "";
      const reason = headers["__connect.errors.exception.message"]?.toString() ?? "";
      if (isOurs) found.set(value, (found.get(value) ?? new Set()).add(`${connector}: ${reason}`));
      return [...found.values()].reduce((sum, seen) => sum + seen.size, 0) >= 2 * bad.length;
    });
  } finally {
    await consumer.disconnect();
  }
  const wrong = bad.find(({ value, reason }) =>
    [...(found.get(value) ?? [])].some((one) => !one.endsWith(`: ${reason}`)),
  );
  if (wrong !== undefined) {
    throw new HopFailure(
      `a dead letter has the reasons ${[...(found.get(wrong.value) ?? [])].join(", ")}, expected "${wrong.reason}"`,
    );
  }
  return {};
}

async function replayed(
  kafka: Kafka,
  names: Names,
  marked: MarkedSamples,
  api: ConnectApi,
  context: HopContext,
): Promise<string> {
  const samples: MarkedSample[] = [];
  const keys = new Map<string, string>();
  const consumer = kafka.consumer({ groupId: names.replayed });
  context.onCleanup(groupCleanup(kafka, names.replayed));
  const failed = (async () => {
    for (;;) {
      const words = failureIn((await api.list())[names.replay]);
      if (words !== undefined) throw new HopFailure(`connector ${names.replay} has failed: ${words}`);
      if (samples.length >= marked.samples.length || context.signal.aborted) return;
      context.onProgress(`${samples.length} of ${marked.samples.length} records are replayed`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  })();
  try {
    await Promise.race([
      readUntil(consumer, names.replayed, context.signal, (value, _, key) => {
        const sample = JSON.parse(value) as MarkedSample;
        samples.push(sample);
        keys.set(sample.id, key);
        return samples.length >= marked.samples.length;
      }),
      failed.then(() => new Promise<never>(() => undefined)),
    ]);
  } finally {
    await consumer.disconnect();
  }
  const problem = samplesDifference(samples, marked);
  if (problem !== undefined) throw new HopFailure(`topic ${names.replayed} has ${problem}`);
  const other = marked.samples.find(({ id, series }) => keys.get(id) !== series);
  if (other !== undefined)
    throw new HopFailure(`record ${other.id} has the key ${keys.get(other.id)}, sent was ${other.series}`);
  return "equal";
}

/** Reads a topic from its begin until `isEnough` says so. */
async function readUntil(
  consumer: Consumer,
  topic: string,
  signal: AbortSignal,
  isEnough: (value: string, headers: Readonly<Record<string, unknown>>, key: string) => boolean,
): Promise<void> {
  const enough = Promise.withResolvers<undefined>();
  enough.promise.catch(() => undefined);
  signal.addEventListener("abort", () => {
    enough.reject(new HopFailure(`topic ${topic} did not give all that it must`));
  });
  consumer.on("consumer.crash", ({ payload }) => {
    if (!payload.restart) enough.reject(payload.error);
  });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message }) => {
      const headers = (message.headers ?? {}) as Readonly<Record<string, unknown>>;
      if (isEnough(message.value?.toString() ?? "", headers, message.key?.toString() ?? "")) enough.resolve(undefined);
      return Promise.resolve();
    },
  });
  await enough.promise;
}

function groupCleanup(kafka: Kafka, groupId: string): CleanupStep {
  return {
    what: `consumer group ${groupId}`,
    run: async () => {
      const admin = kafka.admin();
      try {
        await admin.connect();
        await removeGroups(admin, [groupId]);
      } finally {
        await admin.disconnect();
      }
    },
  };
}

async function removeGroups(admin: Admin, groupIds: readonly string[]): Promise<void> {
  const { groups } = await admin.listGroups();
  const there = groups.map(({ groupId }) => groupId).filter((groupId) => groupIds.includes(groupId));
  if (there.length > 0) await admin.deleteGroups(there);
}

/** The connectors go first, for they would make topics and objects anew; all in one step, since it has an order. */
function cleanups({ url, store, presto, tables }: ConnectHopOptions, names: Names, admin: Admin): CleanupStep[] {
  return [
    {
      what: `connectors, topics, objects and table of ${names.topic}`,
      run: async (signal) => {
        try {
          await removeConnectors(connectApi(url, signal), names);
          const topics = (await admin.listTopics()).filter((topic) => [names.topic, names.replayed].includes(topic));
          if (topics.length > 0) await admin.deleteTopics({ topics });
          await removeGroups(admin, [`connect-${names.json}`, `connect-${names.lake}`, `connect-${names.lake}-coord`]);
          await removeBelow(store, names.prefix);
          await dropTable(presto, names.table, signal);
          await removeBelow(tables.store, `${tables.folder}/${names.table.replace(".", ".db/")}`);
        } finally {
          await admin.disconnect();
        }
      },
    },
  ];
}

async function removeBelow(store: ObjectStore, folder: string): Promise<void> {
  for (const key of await store.list(`${folder}/`)) await store.remove(key);
}

async function dropTable(presto: PrestoClient, table: string, signal: AbortSignal): Promise<void> {
  try {
    await presto.query(`DROP TABLE ${table}`, signal);
  } catch (error) {
    if (!isMissingTable(error)) throw error;
  }
}

async function removeConnectors(api: ConnectApi, names: Names): Promise<void> {
  const there = await api.list();
  for (const name of [names.json, names.lake, names.replay].filter((one) => one in there)) {
    if (name === names.replay) {
      await api.stop(name);
      await poll(
        async () => {
          const state = (await api.list())[name]?.status.connector.state;
          return state === "STOPPED" ? {} : `connector ${name} is ${state ?? "gone"}`;
        },
        { signal: AbortSignal.timeout(20_000) },
      );
      await api.forget(name);
    }
    await api.remove(name);
  }
}
