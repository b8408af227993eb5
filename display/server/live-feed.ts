/** Reads the topics from their end, for ever, and tells whether Kafka answers. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Consumer, Kafka, KafkaMessage } from "kafkajs";
import { describeError } from "../../platform/describe-error.ts";
import type { LiveState, Stream } from "../protocol.ts";
import { timeOfDay } from "./backend.ts";

/** Time after which Kafka counts as gone, in ms: an idle topic answers twice a second. */
const SILENCE_MS = 6000;
const WAIT_MS = 500;
const STATE_MS = 500;
const RETRY_MS = 2000;
const STOP_MS = 5000;

/** What is read. */
export type Fed = Stream | "race";

export interface FeedOptions {
  readonly kafka: Kafka;
  /** One of this process: each server shows all records. */
  readonly groupId: string;
  readonly topics: Readonly<Partial<Record<Fed, string>>>;
  readonly onRecord: (stream: Fed, message: KafkaMessage) => void;
  readonly onState: (state: LiveState) => void;
  /** What Kafka's client last complained about. */
  readonly lastReason: () => string | undefined;
  /** Time after which a client that has given up is made anew, in ms. @default 2000 */
  readonly retryMs?: number;
  /** @default Date.now */
  readonly now?: () => number;
}

export class LiveFeed {
  readonly #options: FeedOptions;
  readonly #now: () => number;
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #reason: string | undefined;
  #lastAnswer: number | undefined;
  #downSince: Date;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#downSince = new Date(this.#now());
    this.#timer = setInterval(() => {
      this.tellState();
    }, STATE_MS).unref();
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Leaves the group and removes it; Kafka itself removes it later where that fails. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearInterval(this.#timer);
    await Promise.race([this.#leave(), sleep(STOP_MS, undefined, { ref: false })]);
  }

  /** Tells whether Kafka answers; the timer calls it. */
  tellState(): void {
    const isConnected = this.#lastAnswer !== undefined && this.#now() - this.#lastAnswer < SILENCE_MS;
    if (isConnected) {
      this.#downSince = new Date(this.#lastAnswer ?? 0);
      this.#reason = undefined;
      this.#options.onState({ kafka: "connected", problem: null });
      return;
    }
    const reason = this.#reason ?? this.#options.lastReason();
    const why = reason === undefined ? "" : `: ${reason.slice(0, 200)}`;
    const problem = `Kafka does not answer the server since ${timeOfDay(this.#downSince)}${why}`;
    this.#options.onState({ kafka: "unreachable", problem });
  }

  async #leave(): Promise<void> {
    await this.#running;
    const admin = this.#options.kafka.admin();
    try {
      await admin.connect();
      await admin.deleteGroups([this.#options.groupId]);
    } catch {
      // Nobody is hurt: Kafka removes a group without members by itself.
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const consumer = this.#options.kafka.consumer({
        groupId: this.#options.groupId,
        allowAutoTopicCreation: false,
        sessionTimeout: 10_000,
        rebalanceTimeout: 10_000,
        minBytes: 1,
        maxWaitTimeInMs: WAIT_MS,
        maxBytesPerPartition: 1_048_576,
        maxBytes: 4_194_304,
      });
      try {
        await this.#consume(consumer);
      } catch (error) {
        this.#reason = wordsOf(error, this.#options.topics);
      } finally {
        await consumer.disconnect().catch(() => undefined);
      }
      await sleep(this.#options.retryMs ?? RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Ends when the client gives up; what it can mend itself, it mends. Without commits each start is from the end. */
  async #consume(consumer: Consumer): Promise<void> {
    const { topics, onRecord } = this.#options;
    const streamOf = new Map(Object.entries(topics).map(([stream, topic]) => [topic, stream as Fed]));
    const ended = Promise.withResolvers<undefined>();
    this.#stop.signal.addEventListener(
      "abort",
      () => {
        ended.resolve(undefined);
      },
      { once: true },
    );
    consumer.on("consumer.fetch", () => {
      this.#lastAnswer = this.#now();
    });
    consumer.on("consumer.crash", ({ payload }) => {
      this.#reason = wordsOf(payload.error, topics);
      // It begins at the end of the topics again, and misses what comes until then.
      this.#lastAnswer = undefined;
      if (!payload.restart) ended.resolve(undefined);
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...streamOf.keys()] });
    await consumer.run({
      autoCommit: false,
      eachBatch: async ({ batch, ...consuming }) => {
        const stream = streamOf.get(batch.topic);
        if (stream !== undefined) for (const message of batch.messages) onRecord(stream, message);
        await consuming.heartbeat();
      },
    });
    await ended.promise;
  }
}

/** What the client says, but for topics that are still to be made: there it says "this server does not host". */
function wordsOf(error: unknown, topics: Readonly<Partial<Record<Fed, string>>>): string {
  if (!(error instanceof Error)) return describeError(error);
  const isMissing = Reflect.get(error, "type") === "UNKNOWN_TOPIC_OR_PARTITION";
  return isMissing ? `not all topics are there yet: ${Object.values(topics).join(", ")}` : error.message;
}
