/** Hop `kafka`: the broker takes the records and gives back the same bytes. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin, Consumer, Kafka, KafkaMessage as ReceivedMessage } from "kafkajs";
import { idempotentProducer, kafkaClient } from "../programs/kafka-client.ts";
import { runHeader } from "../../telemetry/programs/record.ts";
import { describeError } from "../../../platform/hops/errors.ts";
import { figuresOf, HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop, HopContext, HopFigures } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import { messagesOf } from "../../telemetry/hops/marked-records.ts";
import type { MarkedRun } from "../../telemetry/hops/marked-records.ts";

export interface KafkaHopConfig {
  /** `host:port,host:port` */
  readonly bootstrapServers: string;
  readonly topic: string;
}

/**
 * Sends with acks from all in-sync replicas. The records stay in the topic until its retention removes them: Kafka can't
 * delete single records; readers tell them apart by their `run`.
 */
export function kafkaHop(config: KafkaHopConfig, marked: MarkedRun): Hop {
  return {
    name: "kafka",
    timeoutMs: standstillMs,
    run: async (context) => {
      const reasons: string[] = [];
      const kafka = kafkaClient({
        bootstrapServers: config.bootstrapServers,
        clientId: "proof",
        retries: 3,
        log: (line) => reasons.push(line),
      });
      const abandoned = Promise.withResolvers<never>();
      context.signal.addEventListener("abort", () => {
        abandoned.reject(
          new HopFailure(`no answer from Kafka at ${config.bootstrapServers}; last: ${reasons.at(-1) ?? "nothing"}`),
        );
      });
      return Promise.race([sendAndReadBack(kafka, config, marked, context), abandoned.promise]);
    },
  };
}

async function sendAndReadBack(
  kafka: Kafka,
  { bootstrapServers, topic }: KafkaHopConfig,
  marked: MarkedRun,
  context: HopContext,
): Promise<HopFigures> {
  const admin = kafka.admin();
  const producer = idempotentProducer(kafka);
  const consumer = kafka.consumer({ groupId: marked.run, sessionTimeout: 30_000 });
  const send = async (): Promise<void> => {
    await producer.connect();
    await producer.send({ topic, acks: -1, messages: messagesOf(marked) });
  };
  try {
    await admin.connect();
    context.onCleanup({ what: `consumer group ${marked.run}`, run: () => deleteGroup(admin, marked.run) });
    const start = await offsetsOf(admin, topic);
    const [seen] = await Promise.all([readBack(consumer, topic, start, marked, context), send()]);
    return checkExactly(seen, marked, topic);
  } catch (error) {
    if (error instanceof HopFailure) throw error;
    throw new HopFailure(`Kafka at ${bootstrapServers}: ${describeError(error)}`, { cause: error });
  } finally {
    await Promise.allSettled([producer.disconnect(), consumer.disconnect()]);
  }
}

export async function offsetsOf(admin: Admin, topic: string): Promise<ReadonlyMap<number, string>> {
  try {
    const offsets = await admin.fetchTopicOffsets(topic);
    return new Map(offsets.map(({ partition, high }) => [partition, high]));
  } catch (error) {
    throw new HopFailure(`topic ${topic} can't be read: ${describeError(error)}`, { cause: error });
  }
}

/** Reads on from the offsets before sending, until as many of the run's records as were sent have come. */
export async function readBack(
  consumer: Consumer,
  topic: string,
  start: ReadonlyMap<number, string>,
  marked: { readonly run: string; readonly records: readonly unknown[]; readonly poison: readonly unknown[] },
  { signal, onProgress }: Pick<HopContext, "signal" | "onProgress">,
): Promise<ReceivedMessage[]> {
  const wanted = marked.records.length + marked.poison.length;
  const seen = new Map<string, ReceivedMessage>();
  const failure = Promise.withResolvers<never>();
  consumer.on("consumer.crash", ({ payload }) => {
    if (!payload.restart) failure.reject(payload.error);
  });
  // A broker that has just started has no coordinator yet: the client then starts anew by itself, and joins later.
  consumer.on("consumer.group_join", () => {
    for (const [partition, offset] of start) consumer.seek({ topic, partition, offset });
  });
  await consumer.connect();
  await consumer.subscribe({ topic });
  await consumer.run({
    autoCommit: false,
    eachMessage: ({ message, partition }) => {
      if (message.headers?.[runHeader]?.toString() === marked.run) seen.set(`${partition}:${message.offset}`, message);
      return Promise.resolve();
    },
  });
  const complete = (async (): Promise<void> => {
    let told = 0;
    while (seen.size < wanted && !signal.aborted) {
      if (seen.size > told) onProgress(`${seen.size} of ${wanted} acknowledged records have come back`);
      told = seen.size;
      await sleep(50);
    }
  })();
  await Promise.race([complete, failure.promise]);
  if (seen.size < wanted) {
    throw new HopFailure(`topic ${topic} gave back ${seen.size} of ${wanted} acknowledged records`);
  }
  return [...seen.values()];
}

function checkExactly(seen: readonly ReceivedMessage[], marked: MarkedRun, topic: string): HopFigures {
  const received = seen.map(textOf).sort(byText);
  const sent = messagesOf(marked).map(textOf).sort(byText);
  const firstOther = sent.findIndex((value, index) => value !== received[index]);
  if (received.length !== sent.length || firstOther >= 0) {
    throw new HopFailure(
      `topic ${topic} gave back other bytes than were sent: ${received.length} records for ${sent.length}, ` +
        `for example ${(received[firstOther] ?? "one less").slice(0, 120)}`,
    );
  }
  const figures = figuresOf(marked.records);
  const poison = marked.poison.length === 0 ? "" : `, and ${marked.poison.length} poison ones`;
  return { ...figures, message: `sent to topic ${topic} and read back${poison}` };
}

type Text = string | Buffer | null;

/** A record with its key: in another partition it would be out of its node's order. */
function textOf({ key, value }: { readonly key: Text; readonly value: Text }): string {
  return `${key?.toString() ?? "(no key)"} ${value?.toString() ?? "(null)"}`;
}

function byText(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** The last that is done with this client. */
export async function deleteGroup(admin: Admin, groupId: string): Promise<void> {
  try {
    // Kafka itself removes groups without members and offsets from time to time.
    const { groups } = await admin.listGroups();
    if (groups.some((group) => group.groupId === groupId)) await admin.deleteGroups([groupId]);
  } finally {
    await admin.disconnect();
  }
}
