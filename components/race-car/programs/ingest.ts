/**
 * The ingest of race cars' samples: from clients by WebSocket and UDP to Kafka. `protocol.ts` has the words, docs/race-car.md
 * the page.
 *
 * Environment: `KAFKA_BOOTSTRAP`, `TOPIC` (race), `DEAD_LETTER_TOPIC` (race-dead-letter), `INGEST_TOKEN` (32 characters),
 * `MESSAGES_PER_SECOND` of a client (1000), `PORT` (8080, TCP and UDP).
 *
 * `GET /healthz` has the figures of what came; it is 503 while messages wait for Kafka for more than 30 s.
 * SIGTERM ends it when what waits is sent, after 10 s at the latest.
 */
import { z } from "zod";
import { idempotentProducer, kafkaClient } from "../../kafka/programs/kafka-client.ts";
import type { KafkaMessage } from "../../telemetry/programs/record.ts";
import { Sender } from "../../telemetry/programs/sender.ts";
import { TopicWriter } from "../../telemetry/programs/topic-writer.ts";
import { startIngest } from "./ingest-server.ts";
import { tokenLength } from "./protocol.ts";

/** Messages of this time go in one request: pages are to show them at once. */
const LINGER_MS = 30;
/** With their texts about 20 MB. */
const MOST_WAITING = 20_000;
const UNHEALTHY_MS = 30_000;
const GOODBYE_MS = 10_000;

const environment = z.object({
  KAFKA_BOOTSTRAP: z.string().min(1),
  TOPIC: z.string().min(1).default("race"),
  DEAD_LETTER_TOPIC: z.string().min(1).default("race-dead-letter"),
  INGEST_TOKEN: z.string().length(tokenLength),
  MESSAGES_PER_SECOND: z.coerce.number().int().min(1).max(100_000).default(1000),
  PORT: z.coerce.number().int().min(0).max(65535).default(8080),
});

const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const kafka = kafkaClient({ bootstrapServers: settings.KAFKA_BOOTSTRAP, clientId: "race-car-ingest", log });
  const stored = new WeakMap<KafkaMessage, () => void>();
  let lastStoredAt = Date.now();
  const senderTo = (topic: string): { readonly sender: Sender; readonly writer: TopicWriter } => {
    const writer = new TopicWriter(topic, () => idempotentProducer(kafka));
    const sender = new Sender({
      log: (line) => {
        log(`${topic}: ${line}`);
      },
      lingerMs: LINGER_MS,
      capacity: Infinity,
      deliver: async (batch) => {
        await writer.write(batch);
        lastStoredAt = Date.now();
        for (const message of batch) stored.get(message)?.();
      },
    });
    return { sender, writer };
  };
  const ways = { sample: senderTo(settings.TOPIC), deadLetter: senderTo(settings.DEAD_LETTER_TOPIC) };
  const all = Object.values(ways);
  let waiting = 0;

  const stopSending = new AbortController();
  const sending = Promise.all(all.map(({ sender }) => sender.run(stopSending.signal)));
  const ingest = await startIngest({
    port: settings.PORT,
    token: settings.INGEST_TOKEN,
    messagesPerSecond: settings.MESSAGES_PER_SECOND,
    mostWaiting: MOST_WAITING,
    log,
    send: ({ kind, message }, isStored) => {
      stored.set(message, () => {
        waiting--;
        isStored();
      });
      if (waiting++ === 0) lastStoredAt = Date.now();
      ways[kind].sender.push([message]);
    },
    health: () => ({
      isHealthy: waiting === 0 || Date.now() - lastStoredAt < UNHEALTHY_MS,
      figures: { stored: ways.sample.sender.sent, deadLetters: ways.deadLetter.sender.sent },
    }),
  });
  log(`samples of clients at port ${ingest.port}, TCP and UDP, to ${settings.TOPIC}`);

  let isEnding = false;
  const end = async (name: string): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    log(`${name}: sending what is left`);
    setTimeout(() => {
      stopSending.abort();
    }, GOODBYE_MS).unref();
    ingest.pause();
    for (const { sender } of all) sender.close();
    await sending;
    await ingest.stop();
    await Promise.all(all.map(({ writer }) => writer.close()));
    process.exit(waiting === 0 ? 0 : 1);
  };
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => void end(name));
}

await main();
