/** Hop `race`: the ingest takes samples by WebSocket, and Kafka has exactly them; what is no sample is a dead letter. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Kafka, KafkaMessage } from "kafkajs";
import { poll } from "../../../platform/hops/errors.ts";
import { type Hop, type HopContext, type HopFigures, HopFailure } from "../../../platform/hops/hop.ts";
import { answerMs, standstillMs } from "../../../platform/hops/limits.ts";
import { deleteGroup, offsetsOf, readBack } from "../../kafka/hops/kafka.ts";
import { kafkaClient } from "../../kafka/programs/kafka-client.ts";
import { IngestClient } from "../programs/ingest-client.ts";
import type { Told } from "../programs/protocol.ts";
import { isSample, readSample, type Sample, sampleText } from "../programs/sample.ts";
import { figuresOfSamples, type MarkedSamples } from "./marked-samples.ts";

export interface RaceHopOptions {
  /** The ingest: `ws://host:port`. */
  readonly url: string;
  readonly token: string;
  readonly bootstrapServers: string;
  readonly topics: { readonly samples: string; readonly deadLetters: string };
  readonly marked: MarkedSamples;
  /** @default - of `poll` */
  readonly pauseMs?: number;
}

export function raceHop(options: RaceHopOptions): Hop {
  const where = `ingest at ${options.url}`;
  return {
    name: "race",
    timeoutMs: standstillMs,
    run: async (context) => {
      const reasons: string[] = [];
      const { bootstrapServers } = options;
      const kafka = kafkaClient({ bootstrapServers, clientId: "proof", retries: 3, log: (line) => reasons.push(line) });
      const abandoned = Promise.withResolvers<never>();
      context.signal.addEventListener("abort", () => {
        const last = reasons.at(-1) ?? "nothing";
        abandoned.reject(new HopFailure(`no end of the samples sent to the ${where}; Kafka's client said: ${last}`));
      });
      let hasTried = false;
      const once = async (): Promise<HopFigures> => {
        if (hasTried) options.marked.startAnew();
        hasTried = true;
        return await sendAndReadBack(kafka, options, where, context);
      };
      const { signal, onProgress } = context;
      return await Promise.race([poll(once, { signal, onProgress, pauseMs: options.pauseMs }), abandoned.promise]);
    },
  };
}

/** Reads both topics from where they are before the samples are sent. */
async function sendAndReadBack(
  kafka: Kafka,
  { topics, marked, ...options }: RaceHopOptions,
  where: string,
  context: HopContext,
): Promise<HopFigures> {
  const { run } = marked;
  const samples = marked.make(Date.now());
  const { poison } = marked;
  const from = await offsetsBefore(kafka, [topics.samples, topics.deadLetters]);
  await sendMarked({ ...options, marked }, where, context);
  const [good, refused] = await Promise.all([
    read(kafka, { topic: topics.samples, start: from[0], run, records: samples, poison: [] }, context),
    read(kafka, { topic: topics.deadLetters, start: from[1], run, records: [], poison }, context),
  ]);
  const seen = good.map(sampleIn);
  const problem = marked.differenceOf(seen) ?? deadLetterProblem(marked, refused);
  if (problem !== undefined) throw new HopFailure(`topic ${topics.samples} has ${problem}`);
  const words = `sent to the ${where}, read from topic ${topics.samples}, and ${poison.length} refused ones as dead letters`;
  return { ...figuresOfSamples(seen), message: words };
}

async function offsetsBefore(kafka: Kafka, [samples, deadLetters]: readonly [string, string]) {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await Promise.all([offsetsOf(admin, samples), offsetsOf(admin, deadLetters)]);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function read(
  kafka: Kafka,
  wanted: {
    readonly topic: string;
    readonly start: ReadonlyMap<number, string>;
    readonly run: string;
    readonly records: readonly unknown[];
    readonly poison: readonly unknown[];
  },
  context: HopContext,
): Promise<KafkaMessage[]> {
  const groupId = `${wanted.run}-${wanted.topic}`;
  const admin = kafka.admin();
  await admin.connect();
  const consumer = kafka.consumer({ groupId, sessionTimeout: 30_000 });
  context.onCleanup({ what: `consumer group ${groupId}`, run: () => deleteGroup(admin, groupId) });
  try {
    return await readBack(consumer, wanted.topic, wanted.start, wanted, context);
  } finally {
    await consumer.disconnect().catch(() => undefined);
  }
}

/** Settles when the ingest says that all of it is in Kafka. @throws an error whose cause the connection is: nothing is sent yet */
export async function sendMarked(
  {
    url,
    token,
    marked,
    limitMs = answerMs,
  }: Pick<RaceHopOptions, "url" | "token" | "marked"> & { readonly limitMs?: number },
  where: string,
  { signal, onProgress }: Pick<HopContext, "signal" | "onProgress">,
): Promise<void> {
  const { samples, poison } = marked;
  const total = samples.length + poison.length;
  const lost = Promise.withResolvers<never>();
  const done = new AbortController();
  let settled: Extract<Told, { type: "settled" }> | undefined;
  const client = new IngestClient({
    url,
    token,
    log: (line) => {
      if (!done.signal.aborted) lost.reject(failureOf(line, where));
    },
    onTold: (told) => {
      if (told.type === "settled") settled = told;
    },
  });
  for (const message of [...samples.map(sampleText), ...poison.map(({ text }) => text)]) client.push(message);
  const running = client.run(AbortSignal.any([done.signal, signal]));
  try {
    const limit = AbortSignal.timeout(limitMs);
    const wait = async (): Promise<void> => {
      while ((settled?.settled ?? 0) < total) {
        if (limit.aborted) throw new Error(`the ${where} has settled ${settled?.settled ?? 0} of ${total} messages`);
        if (settled !== undefined) onProgress(`${settled.settled} of ${total} messages are settled`);
        await sleep(50);
      }
    };
    await Promise.race([wait(), lost.promise]);
  } finally {
    done.abort();
    await running;
  }
  if (settled?.stored === samples.length && settled.refused === poison.length) return;
  throw new HopFailure(
    `the ${where} says that it has stored ${settled?.stored ?? 0}, refused ${settled?.refused ?? 0} and dropped ` +
      `${settled?.dropped ?? 0} messages; sent were ${samples.length} samples and ${poison.length} that are none`,
  );
}

/** Another try helps where nobody answered, and not where the token is wrong. */
function failureOf(line: string, where: string): Error {
  const words = `the ${where} took no samples: ${line}`;
  if (/\b40[134]\b/.test(line)) return new HopFailure(words);
  const isRefused = line.includes("ECONNREFUSED");
  return new Error(words, isRefused ? { cause: Object.assign(new Error(line), { code: "ECONNREFUSED" }) } : {});
}

function sampleIn({ value, timestamp }: KafkaMessage): Sample {
  const read = readSample(value, Number(timestamp));
  if (isSample(read)) return read;
  throw new HopFailure(
    `the topic of samples has what is none: ${read.reason}: ${(value ?? "").toString().slice(0, 200)}`,
  );
}

function deadLetterProblem({ poison }: MarkedSamples, letters: readonly KafkaMessage[]): string | undefined {
  const told = letters.map(({ value }) => {
    const { reason, base64 } = JSON.parse((value ?? "").toString()) as { reason: string; base64: string };
    return { reason, text: Buffer.from(base64, "base64").toString() };
  });
  for (const { text, reason } of poison) {
    const found = told.find((letter) => letter.text === text);
    if (found === undefined) return `no dead letter of what must be refused for "${reason}"`;
    if (!found.reason.startsWith(reason))
      return `a dead letter with the reason "${found.reason}", right is "${reason}"`;
  }
  return undefined;
}
