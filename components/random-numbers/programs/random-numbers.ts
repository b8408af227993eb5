/**
 * A pump: makes random numbers at a steady rate and sends each as a record to Kafka, for ever.
 *
 * Environment: `KAFKA_BOOTSTRAP`, `TOPIC` (random-numbers), `RATE` (numbers a second, 10), `NODE_NAME` (host name),
 * `PUMP_TOKEN` (at least 16 characters), `HEALTH_PORT` (8080).
 *
 * `GET /healthz` is 503 while the newest acknowledged number is older than 60 s. `POST /marked` with `Authorization: Bearer <PUMP_TOKEN>` and
 * `{"run": "test-1", "values": [1, 2.5], "metric": "uniform", "poison": ["no record"]}` sends the values as records that
 * carry the run, and the poison texts as they are under the run's header; it answers when Kafka has acknowledged all of it:
 * `{"run", "sent", "poison", "records": [{"id", "ts", "value"}], "ids"}`. Errors are `{"error": "in words"}`.
 *
 * SIGTERM ends it when what waits is sent, after 10 s at the latest.
 */
import { once } from "node:events";
import { hostname } from "node:os";
import { z } from "zod";
import { idempotentProducer, kafkaClient } from "../../kafka/programs/kafka-client.ts";
import { MarkedSender } from "./marked.ts";
import { makeNumber, numberMessage } from "./numbers.ts";
import { pumpServer } from "./server.ts";
import { Freshness } from "../../telemetry/programs/freshness.ts";
import { keepPace } from "../../telemetry/programs/pace.ts";
import { makeRecord } from "../../telemetry/programs/record.ts";
import type { KafkaMessage } from "../../telemetry/programs/record.ts";
import { Sender } from "../../telemetry/programs/sender.ts";
import { TopicWriter } from "../../telemetry/programs/topic-writer.ts";

const healthLimitMs = 60_000;
const goodbyeMs = 10_000;
/** Numbers of this time go in one request. */
const lingerMs = 250;
/** Of a process that stood still, such as on a laptop that slept, only so much is made up for. */
const mostLateMs = 10_000;
/** Numbers kept while the broker is away: with their texts about 40 MB. */
const capacity = 60_000;

const environment = z.object({
  KAFKA_BOOTSTRAP: z.string().min(1),
  TOPIC: z.string().min(1).default("random-numbers"),
  RATE: z.coerce.number().positive().max(100_000).default(10),
  NODE_NAME: z.string().min(1).default(hostname()),
  PUMP_TOKEN: z.string().min(16),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
});

const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const node = settings.NODE_NAME;
  const kafka = kafkaClient({ bootstrapServers: settings.KAFKA_BOOTSTRAP, clientId: "random-numbers", log });
  const writer = (): TopicWriter => new TopicWriter(settings.TOPIC, () => idempotentProducer(kafka));

  // Two producers: a marked order whose fate is unknown is given up, an ordinary batch is tried for ever.
  const ordinary = writer();
  const limitMs = Math.max(healthLimitMs, 3000 / settings.RATE);
  const freshness = new Freshness({ limitMs, required: ["random-numbers"] });
  const sender = new Sender({
    log,
    capacity,
    lingerMs,
    deliver: async (batch) => {
      await ordinary.write(batch);
      freshness.acknowledged(batch);
    },
  });
  const orders = writer();
  const marked = new MarkedSender({ node, write: orders.write, renew: () => orders.close() });

  const server = pumpServer({
    token: settings.PUMP_TOKEN,
    log,
    send: (order) => marked.send(order),
    health: () => ({
      isHealthy: freshness.stale().length === 0,
      figures: { sent: sender.sent, dropped: sender.dropped, waiting: sender.waiting, marked: marked.sent },
    }),
  });
  server.listen(settings.HEALTH_PORT);
  await once(server, "listening");

  const stopMaking = new AbortController();
  const stopSending = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log(`${name}: sending what is left`);
      stopMaking.abort();
      server.close();
      setTimeout(() => {
        stopSending.abort();
      }, goodbyeMs).unref();
    });
  }
  const sending = sender.run(stopSending.signal);
  log(`${settings.RATE} numbers a second from ${node} to ${settings.TOPIC}`);
  await keepPace({ rate: settings.RATE, mostLateMs }, stopMaking.signal, (from, to) => {
    const messages = numbersOf(node, from, to);
    const origin = { source: "random-numbers", measuredAt: Date.now() } as const;
    for (const message of messages) freshness.measured(message, origin);
    sender.push(messages);
  });
  sender.close();
  await Promise.all([sending, Promise.race([marked.finish(), once(stopSending.signal, "abort")])]);
  await Promise.all([ordinary.close(), orders.close()]);
  const { sent, dropped, waiting } = sender;
  log(`ended: ${JSON.stringify({ made: sent + dropped + waiting, sent, dropped, waiting, marked: marked.sent })}`);
  process.exit(waiting === 0 ? 0 : 1);
}

function numbersOf(node: string, from: number, to: number): KafkaMessage[] {
  const origin = { source: "random-numbers", node, at: new Date() } as const;
  return Array.from({ length: to - from }, (_, index) => numberMessage(makeRecord(origin, makeNumber(from + index))));
}

await main();
