/**
 * Makes a Kafka cluster hold the declared topics.
 *
 * Environment: `TOPICS_CONFIG` = `{"bootstrapServers": "kafka:9092", "topics": [{"name", "partitions",
 * "replicationFactor", "config": {"retention.ms": "86400000"}}], "brokers": 3, "otherTopicsBytes": 117440512}`, `TOPICS_TIMEOUT_SECONDS` (300).
 * With `brokers`, the cluster is the platform's own: that many are waited for, and Kafka's own topics get as many copies
 * as there are brokers, and three at most. With `otherTopicsBytes`, topics that set no `retention.bytes` of their own are
 * bounded by it, but for those that were there before. Running it again changes nothing. Topics are never deleted and copies never
 * taken away; what Kafka can't do (fewer partitions) is refused before anything is changed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Admin } from "kafkajs";
import { z } from "zod";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { kafkaClient } from "./kafka-client.ts";
import { applyTopics, raiseInternalTopics, topicsSchema } from "./topics.ts";
import { boundOtherTopics } from "./unbounded-topics.ts";

const environment = z.object({
  TOPICS_CONFIG: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(
      z.strictObject({
        bootstrapServers: z.string().min(1),
        topics: topicsSchema,
        brokers: z.int().min(1).optional(),
        otherTopicsBytes: z.int().min(1).optional(),
      }),
    ),
  TOPICS_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

const log = (line: string): void => void process.stdout.write(`${line}\n`);

async function connect(admin: Admin, seconds: number, brokers: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      await admin.connect();
      const found = (await admin.describeCluster()).brokers.length;
      if (found >= brokers) return;
      throw new Error(`${found} of ${brokers} brokers are there`);
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`no Kafka within ${seconds} s: ${String(error)}`, { cause: error });
      await sleep(1000);
    }
  }
}

const settings = environment.parse(process.env);
const { bootstrapServers, topics, brokers, otherTopicsBytes } = settings.TOPICS_CONFIG;
const admin = kafkaClient({ bootstrapServers, clientId: "kafka-topics", log }).admin();
try {
  await connect(admin, settings.TOPICS_TIMEOUT_SECONDS, brokers ?? 1);
  const changes = [
    ...(brokers === undefined ? [] : await raiseInternalTopics(admin, Math.min(3, brokers), { log })),
    ...(await applyTopics(admin, topics, { log })),
    ...(otherTopicsBytes === undefined
      ? []
      : await boundOtherTopics(
          admin,
          otherTopicsBytes,
          topics.map(({ name }) => name),
        )),
  ];
  changes.forEach(log);
  log(changes.length === 0 ? "nothing to change" : `${changes.length} changes`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await admin.disconnect();
}
