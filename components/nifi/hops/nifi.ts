/**
 * Hop `nifi`: marked records of a dropped file and of a post come out of Kafka, S3 and the lake, equal and once, and what is bad is told.
 * Objects and rows are the run's own and go with it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import { describeError, poll } from "../../../platform/hops/errors.ts";
import { difference, figuresOf, type Hop, type HopContext, HopFailure } from "../../../platform/hops/hop.ts";
import { runningStandstillMs } from "../../../platform/hops/limits.ts";
import { isLeftover, type ProofRun } from "../../../platform/hops/run.ts";
import { offsetsOf } from "../../kafka/hops/kafka.ts";
import { kafkaClient } from "../../kafka/programs/kafka-client.ts";
import type { ObjectStore } from "../../object-store/hops/store-client.ts";
import { runsCleanup } from "../../presto/hops/presto.ts";
import { type PrestoClient, sqlText } from "../../presto/programs/presto-client.ts";
import { makeRecord, type TelemetryRecord } from "../../telemetry/programs/record.ts";

export interface NifiHopOptions {
  /** `http://host:port` */
  readonly posts: string;
  readonly bootstrapServers: string;
  readonly topic: string;
  /** Topic of what was rejected. */
  readonly rejected: string;
  readonly store: ObjectStore;
  /** Prefixes of dropped files, and of what was taken. */
  readonly drop: string;
  readonly kept: string;
  readonly presto: PrestoClient;
  readonly run: ProofRun;
  /** Records to send, a half of them in a file. */
  readonly records: number;
  /** @default - a client of `bootstrapServers` */
  readonly kafka?: Pick<Kafka, "admin" | "consumer">;
  /** Time after the last record in which another one would be one too many, in ms. @default 2000 */
  readonly quietMs?: number;
}

const METRIC = "proof.nifi";
const SUFFIX = "-nifi";
const POST_MS = 60_000;

/** What is sent: good records in two halves, and a bad line of each way. */
export interface MarkedFlow {
  readonly run: string;
  readonly inFile: readonly TelemetryRecord[];
  readonly inPost: readonly TelemetryRecord[];
  readonly badLine: string;
}

export function markedFlow({ run, startedAt }: ProofRun, count: number): MarkedFlow {
  const own = `${run}${SUFFIX}`;
  const records = Array.from({ length: count }, (_, index) =>
    makeRecord(
      { source: "proof", node: `nifi-${index % 5}`, at: new Date(startedAt.getTime() - index), run: own },
      { metric: METRIC, value: 1000 + index * 3 },
    ),
  );
  const half = Math.ceil(count / 2);
  return {
    run: own,
    inFile: records.slice(0, half),
    inPost: records.slice(half),
    badLine: `{"run":"${own}"`,
  };
}

const linesOf = (records: readonly TelemetryRecord[]): string[] => records.map((record) => JSON.stringify(record));

/** Whether a text names this run, or one so long ago that it can't be under way any more. */
function isOursBy({ run, startedAt }: ProofRun): (text: string) => boolean {
  return (text) => {
    const named = /proof-\d{13}-[0-9a-f]{8}/.exec(text)?.[0] ?? "";
    return named === run || isLeftover(named, startedAt);
  };
}

export function nifiHop(options: NifiHopOptions): Hop {
  return {
    name: "nifi",
    timeoutMs: runningStandstillMs,
    run: async (context) => {
      const marked = markedFlow(options.run, options.records);
      const { run } = marked;
      const file = `${options.drop}${run}.jsonl`;
      const isOurs = isOursBy(options.run);
      context.onCleanup(
        runsCleanup(options.presto, "samples", run, (one) => one.endsWith(SUFFIX) && isOurs(one)),
        {
          what: `objects of run ${run} and of older proofs in ${options.store.where}`,
          run: () => removeObjects(options, isOurs),
        },
      );
      const { bootstrapServers } = options;
      const kafka = options.kafka ?? kafkaClient({ bootstrapServers, clientId: "proof-nifi", retries: 3 });
      const send = async (): Promise<void> => {
        await refusesBad(options, marked, context);
        await options.store.put(file, [...linesOf(marked.inFile), marked.badLine].join("\n"));
        await post(options, `${run}-post`, linesOf(marked.inPost).join("\n"), 202, context.signal);
        // Whoever gets no answer posts again.
        await post(options, `${run}-post`, linesOf(marked.inPost).join("\n"), 202, context.signal);
      };
      const [values, rejected] = await readWhile(kafka, options, marked, context, send);
      checkKafka(values, marked, options.topic);
      checkRejected(rejected, file, options);
      await Promise.all([
        poll(() => inStore(options, marked, file), context),
        poll(() => inLake(options, marked, context.signal), context),
      ]);
      return {
        ...figuresOf([...marked.inFile, ...marked.inPost]),
        message: `a file of S3 and a post, twice sent, by topic ${options.topic} into the lake; a bad line of each told with its reason`,
      };
    },
  };
}

async function post(
  { posts }: NifiHopOptions,
  key: string,
  body: string,
  expected: number,
  signal: AbortSignal,
): Promise<string> {
  let response: Response;
  try {
    response = await fetch(posts, {
      method: "POST",
      body,
      headers: { "idempotency-key": key, "content-type": "application/x-ndjson" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(POST_MS)]),
    });
  } catch (error) {
    throw new Error(`NiFi at ${posts} takes no post: ${describeError(error)}`, { cause: error });
  }
  const text = (await response.text()).trim();
  if (response.status !== expected) {
    throw new HopFailure(
      `NiFi at ${posts} answers a post with HTTP ${response.status}, expected ${expected}: ${text.slice(0, 200)}`,
    );
  }
  return text;
}

/** A post with a bad line is taken in no part. Also where NiFi is still starting, this is what is asked until it answers. */
async function refusesBad(options: NifiHopOptions, marked: MarkedFlow, context: HopContext): Promise<void> {
  const body = [...linesOf(marked.inPost.slice(0, 1)), marked.badLine].join("\n");
  const answer = await poll(
    async () => ({ text: await post(options, `${marked.run}-bad`, body, 422, context.signal) }),
    context,
  );
  if (!answer.text.includes('"error":"not JSON"') || !answer.text.includes('"line":2')) {
    throw new HopFailure(`NiFi answers a post whose second line is no JSON with ${answer.text.slice(0, 200)}`);
  }
}

/** Reads two topics on from their ends, while something is sent, until as much has come as must. */
async function readWhile(
  kafka: Pick<Kafka, "admin" | "consumer">,
  { topic, rejected, records, quietMs = 2000 }: NifiHopOptions,
  { run }: MarkedFlow,
  { signal, onProgress, onCleanup }: HopContext,
  send: () => Promise<void>,
): Promise<[values: string[], rejected: string[]]> {
  // A consumer that joins its group again reads from the start again.
  const seen = { [topic]: new Map<string, string>(), [rejected]: new Map<string, string>() };
  const countOf = (one: string): number => seen[one]?.size ?? 0;
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: run, sessionTimeout: 30_000 });
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  consumer.on("consumer.crash", ({ payload }) => {
    if (!payload.restart) failure.reject(payload.error);
  });
  onCleanup({
    what: `consumer group ${run}`,
    run: async () => {
      await admin.deleteGroups([run]).catch(() => undefined);
      await admin.disconnect();
    },
  });
  try {
    await admin.connect();
    const starts = await Promise.all([topic, rejected].map(async (one) => [one, await offsetsOf(admin, one)] as const));
    consumer.on("consumer.group_join", () => {
      for (const [one, offsets] of starts)
        for (const [partition, offset] of offsets) consumer.seek({ topic: one, partition, offset });
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic, rejected] });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ topic: one, partition, message }) => {
        const text = message.value?.toString() ?? "";
        if (text.includes(run)) seen[one]?.set(`${partition} ${message.offset}`, text);
        return Promise.resolve();
      },
    });
    await Promise.race([send(), failure.promise]);
    // One of the post that was refused, one of the file.
    while (countOf(topic) < records || countOf(rejected) < 2) {
      if (signal.aborted) {
        throw new HopFailure(
          `topic ${topic} has ${countOf(topic)} of ${records} records of a file and a post, topic ${rejected} ${countOf(rejected)} of 2 bad lines`,
        );
      }
      onProgress(`${countOf(topic)} of ${records} records have come`);
      await Promise.race([sleep(100), failure.promise]);
    }
    await sleep(quietMs);
    return [[...(seen[topic]?.values() ?? [])], [...(seen[rejected]?.values() ?? [])]];
  } finally {
    await consumer.disconnect();
  }
}

function checkKafka(values: readonly string[], { inFile, inPost }: MarkedFlow, topic: string): void {
  const sent = linesOf([...inFile, ...inPost]).sort();
  const received = [...values].sort();
  if (received.length > sent.length) {
    throw new HopFailure(`topic ${topic} has ${received.length} records where ${sent.length} were sent: duplicates`);
  }
  const other = received.find((value, index) => value !== sent[index]);
  if (other !== undefined)
    throw new HopFailure(`topic ${topic} has another record than was sent: ${other.slice(0, 120)}`);
}

function checkRejected(rejected: readonly string[], file: string, { rejected: topic }: NifiHopOptions): void {
  const told = rejected.map((text) => JSON.parse(text) as { error?: string; source?: string; line?: number });
  const ofFile = told.find(({ source = "" }) => source.endsWith(`/${file}`));
  if (told.length !== 2 || ofFile?.error !== "not JSON") {
    throw new HopFailure(
      `topic ${topic} has ${JSON.stringify(rejected).slice(0, 300)} of a bad line in a file and one in a post`,
    );
  }
}

/** Texts of a run's objects in what was taken, by their names. */
async function keptOf({ store, kept }: NifiHopOptions, { run }: MarkedFlow): Promise<Record<string, string>> {
  const lists = await Promise.all(
    [`${kept}files/${run}.jsonl.`, `${kept}posts/post-${run}-`].map((name) => store.list(name)),
  );
  const texts = lists.flat().map(async (key): Promise<[string, string]> => [key, (await store.get(key)).toString()]);
  return Object.fromEntries(await Promise.all(texts));
}

async function inStore(options: NifiHopOptions, marked: MarkedFlow, file: string): Promise<string | object> {
  const found = Object.values(await keptOf(options, marked));
  const records = found.flatMap((text) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as TelemetryRecord),
  );
  const problem = difference(figuresOf(records), figuresOf([...marked.inFile, ...marked.inPost]));
  if (problem !== undefined) return `${options.store.where} has ${problem} below ${options.kept}`;
  if ((await options.store.list(file)).length > 0) return `${options.store.where} still has ${file}`;
  return {};
}

async function inLake({ presto }: NifiHopOptions, marked: MarkedFlow, signal: AbortSignal): Promise<string | object> {
  const rows = await presto.query(`SELECT id, value FROM samples WHERE run = ${sqlText(marked.run)}`, signal);
  const seen = rows.map((row) => ({ id: String(row["id"]), value: Number(row["value"]) }));
  const problem = difference(figuresOf(seen), figuresOf([...marked.inFile, ...marked.inPost]));
  return problem === undefined ? {} : `the lake has ${problem} of a file and a post`;
}

async function removeObjects({ store, drop, kept }: NifiHopOptions, isOurs: (key: string) => boolean): Promise<void> {
  const prefixes = [`${drop}proof-`, `${kept}files/proof-`, `${kept}posts/post-proof-`];
  const keys = (await Promise.all(prefixes.map((prefix) => store.list(prefix)))).flat();
  for (const key of keys.filter(isOurs)) await store.remove(key);
}
